"""Where a network disagrees with itself: Q by design, each design detached, and the design-by-treatment interaction."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Bools, Matrix, Vector
from needlepoint.networks.network import residual_q
from needlepoint.networks.result import Network
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.result import Result, record
from needlepoint.stats.distributions import chi2_sf

__all__ = ["DesignQ", "Inconsistency", "inconsistency"]


@record
class DesignQ(Result):
    """A design: Q of its own trials (``within``), and Q between designs once this one is ``detached``.

    ``detached`` is None where detaching changes nothing: the design carries a treatment of its own.
    """

    design: str
    trials: int
    within: float
    within_df: int
    within_p: float
    detached: float | None
    detached_df: int | None
    detached_p: float | None


@record
class Inconsistency(Result):
    """Q of the whole network, within and between designs, and by design.

    ``interaction`` tests the design-by-treatment interaction with random effects within designs (``tau2_within``).
    """

    q: float
    q_df: int
    within: float
    within_df: int
    within_p: float
    between: float
    between_df: int
    between_p: float
    interaction: float | None
    interaction_df: int
    interaction_p: float | None
    tau2_within: float | None
    designs: tuple[DesignQ, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a design."""
        return [{n: v for n, v in d.to_dict().items() if n != "notes"} for d in self.designs]


def inconsistency(fit: Network, *, tau2: float | None = None) -> Inconsistency:
    """Heterogeneity and inconsistency, design by design.

    Parameters
    ----------
    fit
        What :func:`needlepoint.network` gave.
    tau2
        Heterogeneity for the test of the interaction; by moments (DL) within designs unless told.

    References
    ----------
    Krahn, Binder & König (2013), doi:10.1186/1471-2288-13-35; Higgins et al. (2012), doi:10.1002/jrsm.1044; Jackson et
    al. (2014), doi:10.1002/sim.6188.

    Examples
    --------
    >>> from needlepoint import network
    >>> trials = {"study": ["1", "2", "3", "4"], "treat1": ["A", "A", "B", "B"], "treat2": ["B", "C", "C", "C"],
    ...           "yi": [0.2, 0.5, 0.4, 0.2], "sei": [0.1, 0.2, 0.15, 0.2]}
    >>> found = inconsistency(network(trials))
    >>> found.within_df, found.between_df, round(found.between, 3)
    (1, 1, 0.012)
    """
    rows = fit.trial_rows
    names = np.array([fit.trials[i].design for i in rows.trial], dtype=object)
    designs = list(dict.fromkeys(names.tolist()))
    found = [_design(fit, name, names == name) for name in designs]
    interaction = _interaction(fit, names, designs, tau2)
    return Inconsistency(
        notes=("a design that alone carries a treatment cannot be detached: None",)
        if any(d.detached is None for d in found)
        else (),
        q=fit.q,
        q_df=fit.q_df,
        within=fit.q_heterogeneity,
        within_df=fit.q_heterogeneity_df,
        within_p=fit.q_heterogeneity_p,
        between=fit.q_inconsistency,
        between_df=fit.q_inconsistency_df,
        between_p=fit.q_inconsistency_p,
        **interaction,
        designs=tuple(found),
    )


def _design(fit: Network, name: str, here: Bools) -> DesignQ:
    rows = fit.trial_rows
    within, df = residual_q(rows.yi[here], rows.vi[here], rows.arms[here])
    rest, rest_df = (
        residual_q(rows.yi[~here], rows.vi[~here], rows.arms[~here]) if (~here).any() else (0.0, 0)
    )
    detached_df = within_and_rest = None
    own_df = fit.q_inconsistency_df - (rest_df + df - fit.q_heterogeneity_df)
    if own_df > 0:
        within_and_rest = max(0.0, rest + within - fit.q_heterogeneity)
        detached_df = rest_df + df - fit.q_heterogeneity_df
    return DesignQ(
        design=name,
        trials=len({int(i) for i in rows.trial[here]}),
        within=within,
        within_df=df,
        within_p=chi2_sf(within, df) if df > 0 else 1.0,
        detached=within_and_rest,
        detached_df=detached_df,
        detached_p=None
        if within_and_rest is None or not detached_df
        else chi2_sf(within_and_rest, detached_df),
    )


def _full_design(fit: Network, names: Vector, designs: list[str]) -> Matrix:
    """Every design with effects of its own: the arms' columns, once a design, without what is redundant."""
    rows = fit.trial_rows
    blocks: list[Matrix] = []
    for design in designs:
        here = (names == design)[:, None]
        arms = np.flatnonzero(np.abs(rows.arms[names == design]).sum(axis=0) > 0)
        blocks.append(np.where(here, rows.arms[:, arms[1:]], 0.0))
    return np.hstack(blocks)


def _interaction(fit: Network, names: Any, designs: list[str], tau2: float | None) -> dict[str, Any]:
    """Q between designs with heterogeneity in the weights."""
    nothing = {"interaction": None, "interaction_df": 0, "interaction_p": None, "tau2_within": None}
    if fit.q_inconsistency_df < 1:
        return nothing
    rows = fit.trial_rows
    if tau2 is None and fit.q_heterogeneity_df > 0:
        X = _full_design(fit, names, designs)
        inputs = Inputs(
            yi=rows.yi,
            vi=rows.vi,
            study=tuple(str(i) for i in rows.trial),
            design=Design(X, tuple(str(j) for j in range(X.shape[1])), intercept=False),
            weights=None,
            ni=None,
            rows=np.arange(len(rows.yi)),
            measure="GEN",
            notes=(),
            data=None,
            given=len(rows.yi),
        )
        tau2 = fit_inputs(inputs, method="DL", test="z", level=0.95, tau2=None, prediction=None).tau2
    spread = rows.vi + (tau2 or 0.0)
    whole, _ = residual_q(rows.yi, spread, rows.arms)
    own = sum(residual_q(rows.yi[names == d], spread[names == d], rows.arms[names == d])[0] for d in designs)
    q = max(0.0, whole - own)
    df = fit.q_inconsistency_df
    return {
        "interaction": q,
        "interaction_df": df,
        "interaction_p": chi2_sf(q, df),
        "tau2_within": tau2,
    }
