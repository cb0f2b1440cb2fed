"""GRADE for one cell: what the rules need to know, read off the cell and the pack."""

from __future__ import annotations

from needlepoint.answer.result import Cell, Scale
from needlepoint.certainty.grade import SMALL_STUDY_MIN_K, Evidence, Grade, HumanJudgement, grade
from needlepoint.evidence.schema import Pack

__all__ = ["grade_cell"]

# a quarter more or fewer is what GRADE calls appreciable when nothing better is known:
# Guyatt et al. 2011, doi:10.1016/j.jclinepi.2011.01.012
APPRECIABLE_RATIO = (0.75, 1.25)


def _important(scale: Scale) -> tuple[float, float] | None:
    if scale.log:
        return APPRECIABLE_RATIO
    return None if scale.mid is None else (-scale.mid, scale.mid)


def grade_cell(pack: Pack, cell: Cell) -> Grade:
    """Certainty of the cell's pooled result; human judgements in the pack beat the rules."""
    scale, shown = cell.scale, cell.shown
    assert scale is not None
    assert shown is not None
    weights = {t.trial: t.weight for t in cell.trials}
    low, high = _risk_shares(pack, weights)
    pi = cell.shown_pi or (None, None)
    evidence = Evidence(
        estimate=shown.value,
        ci_low=shown.ci_low,
        ci_high=shown.ci_high,
        k=cell.k,
        n=cell.n,
        null=1.0 if scale.log else 0.0,
        important=_important(scale),
        pi_low=pi[0],
        pi_high=pi[1],
        i2=cell.i2,
        q_p=cell.q_p,
        blinded=1.0 if cell.group == "sham" else 0.0,
        low_risk=low,
        high_risk=high,
        small_study_p=_small_study_p(cell),
    )
    judged = {
        j.domain: HumanJudgement(levels=j.levels, reason=j.reason, judged_by=j.judged_by)
        for j in pack.judgements
        if j.treatment == cell.key.treatment
        and j.comparator == cell.key.comparator
        and j.outcome == cell.key.outcome
        and j.population in {"", cell.key.population}
        and j.window in {"", cell.key.window}
    }
    return grade(evidence, judged)


def _small_study_p(cell: Cell) -> float | None:
    """Egger's test where there are trials enough for it to mean something."""
    if cell.k < SMALL_STUDY_MIN_K:
        return None
    from needlepoint.bias.egger import egger

    return egger([t.yi for t in cell.trials], [t.vi for t in cell.trials]).p_value


def _risk_shares(pack: Pack, weights: dict[str, float]) -> tuple[float, float]:
    """Shares of the weight at low and at high risk of bias, over trials that a review judged as a whole."""
    shares = {"low": 0.0, "high": 0.0}
    for trial, weight in weights.items():
        overall = [r.judgement for r in pack.risk_of_bias if r.trial == trial and r.domain == "overall"]
        if overall and overall[0] in shares:
            shares[overall[0]] += weight
    return shares["low"], shares["high"]
