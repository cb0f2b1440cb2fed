"""Priors as text: "half-normal(0.5)", "normal(0, 2)", "jeffreys"."""

from __future__ import annotations

import re
from typing import Any

from needlepoint.bayes.prior_effect import EFFECT_PRIORS, EffectPrior, Truncated
from needlepoint.bayes.prior_tau import TAU_PRIORS, TauPrior
from needlepoint.errors import InputError

__all__ = ["effect_prior", "tau_prior"]

_CALL = re.compile(r"\s*([a-z0-9-]+)\s*(?:\((.*)\))?\s*")
_CUT = re.compile(r"(.*)\[([^,\]]*),([^,\]]*)\]\s*")


def effect_prior(prior: EffectPrior | str) -> EffectPrior:
    """A prior of the effect, given as it is or as text.

    >>> effect_prior("normal(0, 2)")
    Normal(mean=0.0, sd=2.0)
    >>> effect_prior("normal(0, 2)[0, inf]")
    Truncated(prior=Normal(mean=0.0, sd=2.0), low=0.0, high=inf)
    """
    if isinstance(prior, EffectPrior):
        return prior
    cut = _CUT.fullmatch(str(prior).lower())
    if cut is None:
        return _parse(prior, EFFECT_PRIORS, "prior_effect")
    try:
        low, high = float(cut[2]), float(cut[3])
    except ValueError as error:
        raise InputError(
            "the ends of a cut prior are numbers",
            field="prior_effect",
            got=prior,
            mend='for example "[0, inf]"',
        ) from error
    return Truncated(_parse(cut[1], EFFECT_PRIORS, "prior_effect"), low, high)


def tau_prior(prior: TauPrior | str) -> TauPrior:
    """A prior of tau, given as it is or as text.

    >>> tau_prior("half-cauchy(0.3)")
    HalfT(scale=0.3, df=1.0)
    """
    return prior if isinstance(prior, TauPrior) else _parse(prior, TAU_PRIORS, "prior_tau")


def _parse(text: Any, known: dict[str, Any], field: str) -> Any:
    match = _CALL.fullmatch(str(text).lower().replace("_", "-"))
    if match is None or match[1] not in known:
        raise InputError(
            "unknown prior",
            field=field,
            got=text,
            allowed=", ".join(known),
            mend='for example "normal(0, 1)"'
            if field == "prior_effect"
            else 'for example "half-normal(0.5)"',
        )
    try:
        numbers = [float(part) for part in (match[2] or "").split(",") if part.strip()]
        return known[match[1]](*numbers)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("the prior's numbers do not fit it", field=field, got=text) from error
