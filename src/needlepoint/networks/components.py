"""Component networks: treatments as sums of their parts, also where the network itself falls apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.networks.connected import parts
from needlepoint.networks.door import read_network
from needlepoint.networks.regress import regress
from needlepoint.networks.result import position
from needlepoint.options import IntervalTest, Tau2Method, check, check_fraction
from needlepoint.pooling.coefficients.inference import coefficients
from needlepoint.pooling.result import Coefficient
from needlepoint.result import Result, record, without_notes
from needlepoint.stats.distributions import chi2_sf

__all__ = ["ComponentNetwork", "network_components"]


@record
class ComponentNetwork(Result):
    """Effects of the components of treatments, each added to whatever else is given.

    ``not_identifiable`` are components whose effect the trials do not determine. ``q`` is Cochran's Q of the component
    model; ``q_difference`` what additivity adds to the Q of the network itself (None where that falls apart).
    """

    measure: str
    method: str
    test: str
    level: float
    k: int
    coefficients: tuple[Coefficient, ...]
    inactive: str | None
    not_identifiable: tuple[str, ...]
    tau2: float
    q: float
    q_df: int
    q_p: float
    i2: float
    q_difference: float | None
    q_difference_df: int | None
    q_difference_p: float | None
    parts: tuple[tuple[str, ...], ...]
    components: tuple[str, ...]
    treatments: tuple[str, ...]
    made_of: Matrix = field(repr=False)  # (T, components): 0 and 1

    def component(self, name: str) -> Coefficient:
        """One component.

        Raises
        ------
        InputError
            No such component, or its effect is not identifiable.
        """
        position(self.components, name)
        for one in self.coefficients:
            if one.term == name:
                return one
        raise InputError("the trials do not determine this component's effect", field="component", got=name)

    def tidy(self) -> list[dict[str, Any]]:
        """One row an identifiable component."""
        return without_notes(self.coefficients)


def network_components(
    data: Any = None,
    *,
    measure: str | None = None,
    study: Any = None,
    treatment: Any = None,
    treat1: Any = None,
    treat2: Any = None,
    separator: str = "+",
    inactive: str | None = None,
    interactions: Sequence[str] = (),
    method: Tau2Method = "REML",
    test: IntervalTest = "HKSJ-adhoc",
    level: float = 0.95,
    tau2: float | None = None,
    **columns: Any,
) -> ComponentNetwork:
    """Additive component network meta-analysis, with chosen interactions.

    Welton et al. (2009), doi:10.1093/aje/kwp014; Rücker, Petropoulou & Schwarzer (2020), doi:10.1002/bimj.201800167.

    Parameters
    ----------
    data, measure, study, treatment, treat1, treat2, columns
        As in :func:`needlepoint.network`; the network may fall into parts.
    separator
        What stands between the components in a treatment's name.
    inactive
        The component without an effect of its own (placebo).
    interactions
        Pairs of components that together do more or less than their sum: ("A+B",).

    Raises
    ------
    InputError
        As :func:`needlepoint.network`; a component or interaction that no treatment has.

    >>> rows = {"study": ["1", "2", "3"], "treat1": ["A", "B", "A+B"], "treat2": ["P", "P", "P"],
    ...         "yi": [1.0, 2.0, 3.2], "sei": [0.5, 0.5, 0.5]}
    >>> found = network_components(rows, inactive="P", method="EE", test="z")
    >>> [(c.term, round(c.estimate, 4)) for c in found.coefficients]
    [('A', 1.0667), ('B', 2.0667)]
    """
    check(method, Tau2Method, field="method")
    check(test, IntervalTest, field="test")
    check_fraction(level, field="level")
    letters = {name: columns.pop(name, None) for name in ("xi", "ni", "ti", "mi", "sdi", "yi", "vi", "sei")}
    given = read_network(
        data,
        measure=measure,
        study=study,
        treatment=treatment,
        treat1=treat1,
        treat2=treat2,
        columns=letters,
        options=columns,
        connected=False,
    )
    trials = given.trials
    names, made_of = _made_of(trials.treatments, separator, inactive, tuple(interactions))
    design = trials.Z @ made_of
    # the rows' space: as many directions as the trials tell apart
    _, sizes, directions = np.linalg.svd(design, full_matrices=False)
    basis = directions[sizes > 1e-9 * max(1.0, float(sizes[0]))].T
    terms = tuple(f"direction {i + 1}" for i in range(basis.shape[1]))
    fit = regress(
        trials, design @ basis, terms, measure=given.measure, method=method, test=test, level=level, tau2=tau2
    )
    determined = np.abs(np.eye(len(names)) - basis @ basis.T).max(axis=1) < 1e-8
    beta, vb = basis @ fit.beta, basis @ fit.vb @ basis.T
    kept = np.flatnonzero(determined)
    shown = tuple(names[i] for i in kept)
    df = fit.coefficients[0].df
    records = coefficients(beta[kept], vb[np.ix_(kept, kept)], [df] * len(kept), shown, level)
    found = parts(trials.treatments, [[trials.treatments[a] for a in t.arms] for t in trials.trials])
    q, q_df = fit.q + trials.incoherence, len(trials.y) - basis.shape[1]
    away = _additivity(trials.Z, trials.y, trials.v, q, q_df) if len(found) == 1 else (None, None)
    lost = tuple(names[i] for i in np.flatnonzero(~determined))
    told = (f"not identifiable from these trials: {', '.join(lost)}",) if lost else ()
    return ComponentNetwork(
        notes=(*given.notes, *fit.notes, *told),
        measure=given.measure,
        method=fit.method,
        test=fit.test,
        level=level,
        k=len(trials.trials),
        coefficients=records,
        inactive=inactive,
        not_identifiable=lost,
        tau2=fit.tau2,
        q=q,
        q_df=q_df,
        q_p=chi2_sf(q, q_df),
        i2=max(0.0, 1.0 - q_df / q) if q > 0.0 else 0.0,
        q_difference=away[0],
        q_difference_df=away[1],
        q_difference_p=chi2_sf(away[0], away[1]) if away[0] is not None and away[1] else None,
        parts=found,
        components=names,
        treatments=trials.treatments,
        made_of=made_of,
    )


def _made_of(
    treatments: tuple[str, ...], separator: str, inactive: str | None, interactions: tuple[str, ...]
) -> tuple[tuple[str, ...], Matrix]:
    """Components and interactions, and which treatment has which."""
    split = [tuple(part.strip() for part in name.split(separator)) for name in treatments]
    every = sorted({part for name in split for part in name}, key=lambda c: (c.casefold(), c))
    if inactive is not None:
        position(tuple(every), inactive)
    names = [c for c in every if c != inactive]
    columns = [[float(c in name) for name in split] for c in names]
    for pair in interactions:
        wanted = tuple(part.strip() for part in pair.split(separator))
        for part in wanted:
            position(tuple(every), part)
        column = [float(all(part in name for part in wanted)) for name in split]
        if not any(column):
            raise InputError(
                "no treatment has these components together",
                field="interactions",
                got=pair,
                mend="leave it out",
            )
        names.append(pair)
        columns.append(column)
    return tuple(names), np.array(columns).T


def _additivity(Z: Matrix, y: Matrix, v: Matrix, q: float, q_df: int) -> tuple[float, int]:
    """By how much the components' Q exceeds the network's, and the difference of degrees of freedom."""
    root = 1.0 / np.sqrt(v)
    A, b = Z[:, 1:] * root[:, None], y * root
    left = b - A @ np.linalg.lstsq(A, b, rcond=None)[0]
    return max(0.0, q - float(left @ left)), q_df - (len(y) - A.shape[1])
