"""A pack's trials as a network: every treatment of one condition, outcome and time, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from math import isfinite
from typing import Any

import numpy as np

from needlepoint.answer.effect import contrast_effect, pool_means
from needlepoint.errors import EvidenceError, NeedlepointError
from needlepoint.evidence.schema import Contrast, Instrument, Measurement, Pack, Use
from needlepoint.networks.api import network
from needlepoint.networks.arms import compare_arms
from needlepoint.networks.contributions import Contributions, contributions
from needlepoint.networks.node_splitting import NodeSplit, node_splitting
from needlepoint.networks.ranking import Ranking, p_scores
from needlepoint.networks.result import Network, relative_effects
from needlepoint.result import Result, record

__all__ = ["PackComparison", "PackNetwork", "compare_treatments", "pack_network"]

_METRICS = {"mean": 0, "change": 1}
_MOSTLY_ONE = 0.5  # share of one trial above which a comparison is said to rest on it


@record
class PackNetwork(Result):
    """The trials of one condition, population, outcome and time, joined; lower is better, in standard deviations.

    ``excluded`` says which trials with such rows are not in it, and why. ``words`` are for people: what is separated
    from what, and what is not.
    """

    condition: str
    population: str
    outcome: str
    window: str
    treatments: tuple[str, ...]
    trials: tuple[str, ...]
    excluded: tuple[str, ...]
    words: tuple[str, ...]
    ranking: Ranking
    fit: Network = field(repr=False)
    shares: Contributions = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a treatment, best first."""
        return self.ranking.tidy()

    def summary(self) -> str:
        """Text for people."""
        return "\n".join(self.words)


@record
class PackComparison(Result):
    """Two treatments in a pack's network: the effect, the evidence it rests on, and what to beware of.

    ``rests_on`` names the trials that carry it, with their shares. ``warning`` is empty where several trials on
    several paths agree.
    """

    treatment: str
    comparator: str
    estimate: float
    ci_low: float
    ci_high: float
    evidence: str  # direct, indirect, both
    split: NodeSplit
    rests_on: dict[str, float]
    warning: str
    words: tuple[str, ...]

    def summary(self) -> str:
        """Text for people."""
        return "\n".join(self.words)


def pack_network(
    pack: Pack,
    *,
    condition: str,
    population: str,
    outcome: str,
    window: str,
    uses: tuple[Use, ...] = ("main",),
) -> PackNetwork:
    """Join the pack's trials of one condition, population, outcome and time.

    One entry a trial: rows of the main analysis (``uses``: "sensitivity" adds those kept for it), the first instrument
    of the pack's list, final values before changes, the time nearest to the end of treatment; arms of one treatment
    are combined; standardised, so that instruments can be joined. The largest connected part is taken.

    Raises
    ------
    EvidenceError
        No three treatments are connected by trials with usable numbers.

    >>> from needlepoint import load_pack
    >>> found = pack_network(
    ...     load_pack(), condition="low back pain", population="chronic", outcome="pain", window="immediate")
    >>> found.ranking.best is None or found.ranking.best in found.treatments
    True
    """
    study: list[str] = []
    one: list[str] = []
    two: list[str] = []
    yi: list[float] = []
    vi: list[float] = []
    excluded: list[str] = []
    arms = {(a.trial, a.id): a.treatment for a in pack.arms}
    for trial in pack.trials:
        if trial.condition != condition or trial.population != population:
            continue
        rows = _contrasts_of(pack, trial.id, outcome, window, arms, uses)
        if isinstance(rows, str):
            excluded.extend([f"{trial.id}: {rows}"] if rows else [])
            continue
        for a, b, y, v in rows:
            study.append(trial.id)
            one.append(a)
            two.append(b)
            yi.append(y)
            vi.append(v)
    fit = _fitted(study, one, two, yi, vi, outcome, window)
    ranking = p_scores(fit, better="lower")
    shares = contributions(fit)
    return PackNetwork(
        notes=fit.notes,
        condition=condition,
        population=population,
        outcome=outcome,
        window=window,
        treatments=fit.treatments,
        trials=tuple(t.study for t in fit.trials.trials),
        excluded=(*excluded, *fit.left_out),
        words=_words(pack, fit, ranking, shares, outcome, window),
        ranking=ranking,
        fit=fit,
        shares=shares,
    )


def _fitted(
    study: list[str],
    one: list[str],
    two: list[str],
    yi: list[float],
    vi: list[float],
    outcome: str,
    window: str,
) -> Network:
    few = EvidenceError(
        f"no three treatments are connected by trials of {outcome} ({window}) with usable numbers"
    )
    if len(set(study)) < 2:
        raise few
    try:
        fit = network(study=study, treat1=one, treat2=two, yi=yi, vi=vi, measure="SMD", part="largest")
    except NeedlepointError as error:
        raise few from error
    if len(fit.treatments) < 3:
        raise few
    return fit


Rows = list[tuple[str, str, float, float]]


def _contrasts_of(
    pack: Pack, trial: str, outcome: str, window: str, arms: dict[tuple[str, str], str], uses: tuple[Use, ...]
) -> Rows | str:
    """Effects of every pair of a trial's treatments, or why it has none ("" where it says nothing of the cell)."""
    mine = [m for m in pack.measurements if (m.trial, m.outcome, m.window) == (trial, outcome, window)]
    reported = [c for c in pack.contrasts if (c.trial, c.outcome, c.window) == (trial, outcome, window)]
    instruments = {i.id: (at, i) for at, i in enumerate(pack.instruments)}
    groups: dict[tuple[int, int, float], list[Measurement]] = {}
    for m in mine:
        if m.use in uses and m.metric in _METRICS and _usable(m):
            weeks = float("inf") if m.weeks is None else m.weeks
            groups.setdefault((instruments[m.instrument][0], _METRICS[m.metric], weeks), []).append(m)
    for place in sorted(groups):
        rows = groups[place]
        if len({arms[trial, m.arm] for m in rows}) > 1:
            return _from_arms(trial, rows, arms, instruments[rows[0].instrument][1])
    usable = [c for c in reported if c.use in uses and arms[trial, c.arm] != arms[trial, c.comparator]]
    for c in sorted(usable, key=lambda c: instruments[c.instrument][0]):
        found = contrast_effect(c, "SMD", instruments[c.instrument][1])
        if found is not None and found[1] > 0.0:
            return [(*_sides(c, trial, arms), found[0], found[1])]
    return "no two treatments with means, spread and numbers of people" if mine or reported else ""


def _sides(c: Contrast, trial: str, arms: dict[tuple[str, str], str]) -> tuple[str, str]:
    return arms[trial, c.arm], arms[trial, c.comparator]


def _usable(m: Measurement) -> bool:
    spread = (m.sd is not None and m.sd > 0.0) or (m.se is not None and m.se > 0.0)
    return m.n is not None and m.n > 1 and m.mean is not None and spread


def _from_arms(
    trial: str, rows: Sequence[Measurement], arms: dict[tuple[str, str], str], instrument: Instrument
) -> Rows | str:
    by: dict[str, list[Measurement]] = {}
    for m in rows:
        by.setdefault(arms[trial, m.arm], []).append(m)
    combined = {name: pool_means(of)[0] for name, of in by.items()}
    sign = -1.0 if instrument.better == "higher" else 1.0
    columns = {
        "mi": np.array([sign * (a.mean or 0.0) for a in combined.values()]),
        "sdi": np.array([a.sd or 0.0 for a in combined.values()]),
        "ni": np.array([float(a.n) for a in combined.values()]),
    }
    found, _ = compare_arms((trial,) * len(combined), tuple(combined), columns, "SMD", {})
    pairs = zip(found.treat1, found.treat2, found.yi.tolist(), found.vi.tolist(), strict=True)
    kept = [(a, b, y, v) for a, b, y, v in pairs if isfinite(y) and v > 0.0]
    return kept or "no effect can be computed"


def _plain(pack: Pack, name: str) -> str:
    return next((t.plain or t.label for t in pack.terms if t.id == name), name)


def _trials(k: int) -> str:
    return "one trial" if k == 1 else f"{k} trials"


def _first(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]


def _words(
    pack: Pack, fit: Network, ranking: Ranking, shares: Contributions, outcome: str, window: str
) -> tuple[str, ...]:
    when = next((w.plain for w in pack.windows if w.id == window), window)
    lines = [
        f"{fit.k} trials connect {len(fit.treatments)} treatments for {_plain(pack, outcome)}, {when}.",
    ]
    lines.append(_best(pack, fit, ranking, shares))
    for better, worse in ranking.separated:
        thin = _thin(fit, shares, better, worse)
        caution = f" ({thin})" if thin else ""
        lines.append(f"{_first(_plain(pack, better))} did better than {_plain(pack, worse)}{caution}.")
    lines.extend(
        f"Cannot be told apart: {', '.join(_plain(pack, t) for t in group)}."
        for group in ranking.cannot_be_told_apart
    )
    if fit.q_inconsistency_df and fit.q_inconsistency_p < 0.1:
        lines.append("Different routes through the network disagree; treat all of this with caution.")
    return tuple(lines)


def _best(pack: Pack, fit: Network, ranking: Ranking, shares: Contributions) -> str:
    """A best treatment is named only where several trials separate it from every other one."""
    if ranking.best is None:
        return "They do not single out a best treatment: no one is separated from all the others."
    name = _plain(pack, ranking.best)
    thin = [t for t in fit.treatments if t != ranking.best and _thin(fit, shares, ranking.best, t)]
    if thin or not fit.q_df:
        return (
            f"Too few trials to call any treatment best: {name} came out ahead of the others, but "
            f"on one trial or one thin path for at least {max(1, len(thin))} of them."
        )
    return f"One stands apart from all others in these trials: {name}."


def _thin(fit: Network, shares: Contributions, one: str, two: str) -> str:
    """What makes a comparison's evidence thin; empty where nothing does."""
    if one == two:
        return ""
    carried = shares.of_studies(one, two)
    most = max(carried, key=carried.__getitem__)
    at = next(i for i, p in enumerate(shares.pairs) if set(p) == {one, two})
    if carried[most] > _MOSTLY_ONE:
        return f"this rests mostly on one trial, {most}"
    if shares.direct[at] == 0.0 and shares.parallelism[at] < 1.5:
        return "only one thin path of trials connects the two"
    return ""


def compare_treatments(joined: PackNetwork, pack: Pack, treatment: str, comparator: str) -> PackComparison:
    """What the network says of two treatments, also where no trial compared them.

    Raises
    ------
    EvidenceError
        One of the two is not in the network; says which are.

    >>> from needlepoint import load_pack
    >>> pack = load_pack()
    >>> joined = pack_network(pack, condition="low back pain", population="chronic", outcome="pain", window="immediate")
    >>> compare_treatments(joined, pack, "acupuncture", "sham").evidence in {"direct", "both"}
    True
    """
    for name in (treatment, comparator):
        if name not in joined.treatments:
            raise EvidenceError(
                f"{_plain(pack, name)} is not among the treatments that these trials connect: "
                f"{', '.join(joined.treatments)}"
            )
    effect = relative_effects(joined.fit).between(treatment, comparator)
    split = node_splitting(joined.fit).between(treatment, comparator)
    evidence = "indirect" if split.direct is None else "direct" if split.indirect is None else "both"
    warning = _thin(joined.fit, joined.shares, treatment, comparator)
    return PackComparison(
        notes=joined.notes,
        treatment=treatment,
        comparator=comparator,
        estimate=effect.estimate,
        ci_low=effect.ci_low,
        ci_high=effect.ci_high,
        evidence=evidence,
        split=split,
        rests_on=joined.shares.of_studies(treatment, comparator),
        warning=warning,
        words=_compared(pack, effect.estimate, effect.ci_low, effect.ci_high, split, evidence, warning),
    )


def _compared(
    pack: Pack, estimate: float, low: float, high: float, split: NodeSplit, evidence: str, warning: str
) -> tuple[str, ...]:
    one, two = _plain(pack, split.treatment), _plain(pack, split.comparator)
    numbers = (
        f"{estimate:.2f} standard deviations (95% interval {low:.2f} to {high:.2f}; below zero favours {one})"
    )
    if high < 0.0:
        lines = [f"{_first(one)} did better than {two} in these trials: {numbers}."]
    elif low > 0.0:
        lines = [f"{_first(one)} did worse than {two} in these trials: {numbers}."]
    else:
        lines = [f"These trials do not tell {one} and {two} apart: {numbers}."]
    lines.append(
        {
            "direct": f"The evidence is direct: {_trials(split.k)} compared the two.",
            "indirect": "No trial compared the two; this follows from trials of each against others.",
            "both": f"{_first(_trials(split.k))} compared the two; others add to it by way of other treatments.",
        }[evidence]
    )
    if split.p_value is not None and split.p_value < 0.1:
        lines.append("Direct and indirect evidence disagree.")
    if warning:
        lines.append(f"Caution: {warning}.")
    return tuple(lines)
