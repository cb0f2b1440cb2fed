"""Influence of single studies: outliers, leverage and what changes when each is left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Bools, Ints, Matrix
from needlepoint.pooling.diagnostics.residuals import deleted_residual, hat_matrix, inseparable, without_each
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, jsonable, record, rows_of
from needlepoint.stats.distributions import chi2_quantile

__all__ = ["Influence", "case_influence", "covariance_at", "influence_line"]

_CASES = (
    "study",
    "studentized",
    "dffits",
    "cook",
    "covariance_ratio",
    "tau2",
    "q",
    "hat",
    "weight",
    "estimate",
)


@record
class Influence(Result):
    """Case diagnostics, one value a study (``dfbetas``: studies x coefficients).

    ``studentized`` residuals, ``dffits``, ``cook`` distances, ``covariance_ratio``, ``tau2`` and ``q`` without the
    study, ``hat`` values, ``weight`` in percent, ``estimate`` without the study, and ``influential``: beyond the
    cut-offs of Viechtbauer & Cheung. NaN where the model cannot be fitted without the study (``notes`` name them).
    """

    k: int
    terms: tuple[str, ...]
    study: tuple[str, ...]
    studentized: Matrix
    dffits: Matrix
    cook: Matrix
    covariance_ratio: Matrix
    tau2: Matrix
    q: Matrix
    hat: Matrix
    weight: Matrix
    estimate: Matrix
    dfbetas: Matrix
    influential: Bools

    def tidy(self) -> list[dict[str, Any]]:
        """One row a study."""
        dfbetas = [f"dfbetas_{term}" for term in self.terms]
        changes = [dict(zip(dfbetas, values, strict=True)) for values in jsonable(self.dfbetas)]
        rows = zip(rows_of(self, _CASES), changes, self.influential.tolist(), strict=True)
        return [row | change | {"influential": flag} for row, change, flag in rows]

    def summary(self) -> str:
        """A table; an asterisk marks influential studies."""
        width = max([5, *(len(s) for s in self.study)])
        lines = [
            f"{'study':<{width}} {'rstud':>8} {'dffits':>8} {'cook':>8} {'cov.r':>7} {'tau2':>8} {'weight':>7}"
        ]
        for i, study in enumerate(self.study):
            mark = " *" if self.influential[i] else ""
            lines.append(
                f"{study:<{width}} {self.studentized[i]:8.3f} {self.dffits[i]:8.3f} {self.cook[i]:8.3f} "
                f"{self.covariance_ratio[i]:7.3f} {self.tau2[i]:8.4f} {self.weight[i]:6.1f}%{mark}"
            )
        return "\n".join([*lines, *self.notes])


def case_influence(pooled: Pooled) -> Influence:
    """Diagnostics of every study of a pooled model, with moderators too."""
    k, p = pooled.k, pooled.p
    columns = {
        name: np.empty(k) for name in ("studentized", "dffits", "cook", "ratio", "tau2", "q", "estimate")
    }
    dfbetas = np.empty((k, p))
    hat = np.diag(hat_matrix(pooled)).copy()
    lost: list[int] = []
    for i, rest in without_each(pooled):
        if rest is None:
            lost.append(i)
            for values in columns.values():
                values[i] = np.nan
            dfbetas[i] = np.nan
            continue
        _fill(columns, dfbetas, pooled, i, rest, float(hat[i]))
    return Influence(
        notes=inseparable(pooled, lost),
        k=k,
        terms=tuple(c.term for c in pooled.coefficients),
        study=pooled.study,
        studentized=columns["studentized"],
        dffits=columns["dffits"],
        cook=columns["cook"],
        covariance_ratio=columns["ratio"],
        tau2=columns["tau2"],
        q=columns["q"],
        hat=hat,
        weight=pooled.weights,
        estimate=columns["estimate"],
        dfbetas=dfbetas,
        influential=_influential(columns["dffits"], columns["cook"], hat, dfbetas),
    )


def _fill(
    columns: dict[str, Matrix], dfbetas: Matrix, pooled: Pooled, i: int, rest: Pooled, hat: float
) -> None:
    """The diagnostics of study ``i`` from the model ``rest`` without it."""
    x, change = pooled.X[i], pooled.beta - rest.beta
    residual, se = deleted_residual(pooled, i, rest)
    columns["studentized"][i] = residual / se
    columns["dffits"][i] = float(x @ change) / np.sqrt(hat * (rest.tau2 + pooled.vi[i]))
    columns["cook"][i] = change @ np.linalg.solve(pooled.vb, change)
    columns["ratio"][i] = np.linalg.det(rest.vb) / np.linalg.det(pooled.vb)
    columns["tau2"][i], columns["q"][i], columns["estimate"][i] = rest.tau2, rest.q, rest.estimate
    dfbetas[i] = change / np.sqrt(np.diag(covariance_at(pooled, rest)))


def covariance_at(pooled: Pooled, rest: Pooled) -> Matrix:
    """Covariance of the coefficients of all studies at the tau2 (and scale factor) found without one of them."""
    total = pooled.vi + rest.tau2
    weights = 1 / total if pooled.user_weights is None else pooled.user_weights
    XW = pooled.X.T * weights
    bread = np.linalg.inv(XW @ pooled.X)
    if pooled.user_weights is None:
        return np.asarray(bread * rest.s2w, dtype=np.float64)
    return np.asarray(bread @ ((XW * total) @ XW.T) @ bread * rest.s2w, dtype=np.float64)


def _influential(dffits: Matrix, cook: Matrix, hat: Matrix, dfbetas: Matrix) -> Bools:
    k, p = dfbetas.shape
    far = np.abs(dffits) > 3 * np.sqrt(p / (k - p))
    far |= cook > chi2_quantile(0.5, p)
    far |= hat > 3 * p / k
    return far | (np.abs(dfbetas) > 1).any(axis=1)


def influence_line(fit: Pooled) -> str:
    """One plain sentence on how much the estimate hangs on single studies.

    >>> from needlepoint import pool
    >>> influence_line(pool(yi=[0.1, 0.2, 0.1, 0.3], vi=[0.04, 0.04, 0.04, 0.04]))
    'Leaving out any one study moves the estimate between 0.133 and 0.2; no study is marked as influential.'
    """
    choose({Pooled: None}, fit, verb="influence_line")
    if fit.k < fit.p + 2:
        return f"With {fit.k} studies the influence of single studies cannot be examined."
    found = case_influence(fit)
    low, high = float(np.nanmin(found.estimate)), float(np.nanmax(found.estimate))
    marked: Ints = np.flatnonzero(found.influential)
    names = ", ".join(found.study[i] for i in marked[:5]) + (" and others" if marked.size > 5 else "")
    verdict = f"marked as influential: {names}" if marked.size else "no study is marked as influential"
    return f"Leaving out any one study moves the estimate between {low:.3g} and {high:.3g}; {verdict}."
