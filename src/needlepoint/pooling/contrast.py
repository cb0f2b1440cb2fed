"""Linear combinations of coefficients: single contrasts, joint tests, variance inflation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.options import chosen_level
from needlepoint.pooling.coefficients.inference import Omnibus, coefficients
from needlepoint.pooling.counts.glmm.glmm import Glmm
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.result import Coefficient, Pooled
from needlepoint.result import Result, p_text, record
from needlepoint.stats.distributions import chi2_sf, f_sf

__all__ = ["ContrastTest", "contrast", "variance_inflation"]


@record
class ContrastTest(Result):
    """Each contrast with its interval, and all of them tested together (chi-square, or F with ``df2``)."""

    contrasts: tuple[Coefficient, ...]
    statistic: float
    df: int
    df2: float | None
    p_value: float

    def tidy(self) -> list[dict[str, Any]]:
        """One row a contrast."""
        return [row.to_dict() for row in self.contrasts]

    def summary(self) -> str:
        """Text for people."""
        lines = [f"{c.term}: {c.estimate:.4g} [{c.ci_low:.4g}, {c.ci_high:.4g}]" for c in self.contrasts]
        name = f"chi-square({self.df})" if self.df2 is None else f"F({self.df}, {self.df2:.4g})"
        return "\n".join(
            [*lines, f"together: {name} = {self.statistic:.3f}, {p_text(self.p_value)}", *self.notes]
        )


def _matrix(
    pooled: Pooled | Multilevel | Glmm, L: Any, terms: str | Sequence[str] | None
) -> tuple[Matrix, tuple[str, ...]]:
    names = [c.term for c in pooled.coefficients]
    if (L is None) == (terms is None):
        raise InputError("give L= or terms=", field="L")
    if L is not None:
        made = _contrasts(L)
        if made.shape[1] != pooled.p:
            raise InputError(
                "a contrast needs one number a coefficient", field="L", got=made.shape[1], allowed=pooled.p
            )
        return made, tuple(_spelled(row, names) for row in made)
    wanted = [terms] if isinstance(terms, str) else list(terms or ())
    which = [j for j, name in enumerate(names) if any(name == t or name.startswith(f"{t}[") for t in wanted)]
    if not which:
        raise InputError("no coefficient of that name", field="terms", got=terms, allowed=", ".join(names))
    return np.eye(pooled.p)[which], tuple(names[j] for j in which)


def _contrasts(L: Any) -> Matrix:
    try:
        made = np.atleast_2d(np.asarray(L, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError("a contrast is a row of numbers", field="L", got=L) from error
    if not np.isfinite(made).all() or not made.any(axis=1).all():
        raise InputError(
            "a contrast needs finite numbers, not all of them zero", field="L", got=made.tolist()
        )
    return made


def _spelled(row: Matrix, names: list[str]) -> str:
    parts = [f"{value:+g}*{name}" for value, name in zip(row, names, strict=True) if value != 0.0]
    return " ".join(parts) or "0"


def contrast(
    fit: Pooled | Multilevel | Glmm,
    L: Any = None,
    *,
    terms: str | Sequence[str] | None = None,
    level: float | None = None,
) -> ContrastTest:
    """Contrasts of the coefficients, one by one and together.

    Parameters
    ----------
    L
        One row a contrast, one number a coefficient.
    terms
        Coefficients to test together instead, by name; a factor's name stands for all its levels.

    Raises
    ------
    InputError
        The wrong number of columns, or a name that the model does not have.

    Examples
    --------
    >>> from needlepoint import pool
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2], "vi": [0.02, 0.05, 0.03, 0.04, 0.06], "weeks": [4, 8, 6, 12, 4]}
    >>> at_8_weeks = contrast(pool(trials, mods="~ weeks"), [[1, 8]]).contrasts[0]
    >>> round(at_8_weeks.estimate, 2)
    0.45
    """
    choose({Pooled: None, Multilevel: None, Glmm: None}, fit, verb="contrast")
    rows, names = _matrix(fit, L, terms)
    beta, vb = rows @ fit.beta, rows @ fit.vb @ rows.T
    df: list[float | None] = [fit.df] * len(rows)
    if isinstance(fit, Pooled) and fit.test == "KR":
        from needlepoint.pooling.coefficients.kenward_roger import kenward_roger

        kr = kenward_roger(fit.vi, fit.X, fit.tau2)
        df = [kr.df(row) for row in rows]
        joint = kr.omnibus(fit.beta, rows)
    else:
        joint = _wald(beta, vb, fit.df)
    return ContrastTest(
        contrasts=coefficients(beta, vb, df, names, chosen_level(level, fit.level)),
        statistic=joint.statistic,
        df=joint.df,
        df2=joint.df2,
        p_value=joint.p_value,
    )


def _wald(beta: Matrix, vb: Matrix, df2: float | None) -> Omnibus:
    rank = int(np.linalg.matrix_rank(vb))
    statistic = float(beta @ np.linalg.pinv(vb) @ beta)
    if df2 is None:
        return Omnibus(statistic, rank, None, chi2_sf(statistic, rank))
    return Omnibus(statistic / rank, rank, df2, f_sf(statistic / rank, rank, df2))


def variance_inflation(fit: Pooled, *, terms: Sequence[str] | None = None) -> dict[str, float]:
    """Variance inflation factors of the moderators, generalised ones for factors (Fox & Monette 1992).

    ``terms`` names coefficients, or factors for all their levels together; without it every coefficient alone.
    doi:10.1080/01621459.1992.10475190

    >>> from needlepoint import pool
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2], "vi": [0.1] * 5, "a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4, 6]}
    >>> round(variance_inflation(pool(trials, mods="~ a + b"))["a"], 1)
    37.0
    """
    choose({Pooled: None}, fit, verb="variance_inflation")
    names = [c.term for c in fit.coefficients]
    moderators = [j for j, name in enumerate(names) if name != "intercept"]
    if not moderators:
        raise InputError("variance inflation needs moderators", field="mods")
    vb = fit.vb[np.ix_(moderators, moderators)]
    scale = np.sqrt(vb.diagonal())
    correlation = vb / np.outer(scale, scale)
    found: dict[str, float] = {}
    for term in terms or [names[j] for j in moderators]:
        inside = [i for i, j in enumerate(moderators) if names[j] == term or names[j].startswith(f"{term}[")]
        if not inside:
            raise InputError("no coefficient of that name", field="terms", got=term, allowed=", ".join(names))
        outside = [i for i in range(len(moderators)) if i not in inside]
        ratio = np.linalg.det(correlation[np.ix_(inside, inside)]) * np.linalg.det(
            correlation[np.ix_(outside, outside)]
        )
        found[term] = float(ratio / np.linalg.det(correlation))
    return found
