"""Which question can be asked of which kind of fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from needlepoint.errors import InputError

__all__ = ["MADE_BY", "choose"]

T = TypeVar("T")

# kind of fit -> the function that makes it
MADE_BY: dict[str, str] = {
    "Pooled": "pool()",
    "Multilevel": "multilevel()",
    "LocationScale": "location_scale()",
    "Glmm": "glmm()",
    "BetaBinomial": "beta_binomial()",
    "PenalisedLogistic": "penalised_logistic()",
    "ExactConditional": "exact_conditional()",
    "MantelHaenszel": "mantel_haenszel()",
    "Peto": "peto()",
    "Robust": "robust()",
    "Posterior": "posterior()",
    "CountPosterior": "posterior_counts()",
    "MultilevelPosterior": "posterior_multilevel()",
    "ModelAverage": "robma()",
    "Network": "network()",
}


def choose(table: Mapping[type, T], fit: Any, *, verb: str, mend: str | None = None) -> T:
    """What ``table`` holds for the kind of ``fit``.

    Raises
    ------
    InputError
        A kind of fit for which the question has no answer here; says for which it has one.
    """
    for kind, answer in table.items():
        if isinstance(fit, kind):
            return answer
    allowed = ", ".join(MADE_BY.get(kind.__name__, kind.__name__) for kind in table)
    raise InputError(
        f"{verb} is not defined for this kind of fit",
        field="fit",
        got=MADE_BY.get(type(fit).__name__, type(fit).__name__),
        allowed=allowed,
        mend=mend,
    )
