"""What is to be done to every group: a frozen, picklable record that travels to threads and workers."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from needlepoint.bulk.engine import Engine
from needlepoint.columns import no_column
from needlepoint.errors import InputError
from needlepoint.options import IntervalTest, Prediction, Tau2Method, check
from needlepoint.result import record

__all__ = ["EXTRAS", "LETTERS", "Plan", "Route", "make_plan"]

# methods, tests and prediction intervals that have a compiled kernel; all others go through pool(), group by group
KERNEL_METHODS = frozenset(
    {"EE", "FE", "DL", "DL2", "DLIT", "HE", "HS", "HSk", "SJ", "SJIT", "ML", "REML", "EB", "PM"}
)
KERNEL_TESTS = frozenset({"z", "t", "HKSJ", "HKSJ-adhoc"})
KERNEL_PREDICTIONS = frozenset({None, "z", "t", "Riley", "HTS", "V", "HK", "HK-PR"})

Route: TypeAlias = Literal["kernel", "regression", "pool"]
"""What serves a plan; decided in :attr:`Plan.route`, once."""

LETTERS = (
    *("yi", "vi", "sei"),
    *("ai", "bi", "ci", "di", "n1i", "n2i"),
    *("m1i", "sd1i", "m2i", "sd2i"),
    *("x1i", "t1i", "x2i", "t2i"),
    *("ri", "ni", "xi", "oi", "estimate", "ci_low", "ci_high"),
)
EXTRAS = (
    "egger",
    "rank",
    "leave_one_out",
    "mantel_haenszel",
    "peto",
    "fragility",
    "bootstrap",
    "permutation",
    "gosh",
)


@record
class Plan:
    """Columns and methods of a run over many groups."""

    by: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]  # letter -> column
    measure: str
    method: str = "REML"
    test: str = "HKSJ-adhoc"
    level: float = 0.95
    prediction: str | None = "t"
    mods: str | None = None
    extras: tuple[str, ...] = ()
    draws: int = 999
    seed: int = 1
    engine: Engine = "interpreted"

    @property
    def route(self) -> Route:
        """What serves this plan: kernels, compiled regressions where the moderators are numbers, or ``pool`` itself."""
        if self.method not in KERNEL_METHODS or self.test not in KERNEL_TESTS:
            return "pool"
        if self.mods is None:
            return "kernel" if self.prediction in KERNEL_PREDICTIONS else "pool"
        return "regression" if self.moderators and self.method != "HE" else "pool"

    @property
    def moderators(self) -> tuple[str, ...]:
        """Names in a formula that only adds up to four columns; nothing for any other."""
        if self.mods is None or re.fullmatch(r"\s*~\s*\w+(\s*\+\s*\w+){0,3}\s*", self.mods) is None:
            return ()
        return tuple(name.strip() for name in self.mods.split("~", 1)[1].split("+"))

    def arguments(self) -> dict[str, Any]:
        """What decides the results: a stopped run goes on only when these are the same."""
        kept = asdict(self)
        if self.mods is None and self.engine != "cuda":
            kept["engine"] = "cpu"  # compiled or not: the same bits
        return kept


def make_plan(names: list[str], *, by: Any, measure: str, columns: dict[str, str], **options: Any) -> Plan:
    """Check the options of a run against the columns there are.

    Raises
    ------
    InputError
        An unknown column, option or extra.
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    if not keys:
        raise InputError("which columns tell groups apart?", field="by", mend="by=['review', 'analysis']")
    for field, name in [("by", key) for key in keys] + list(columns.items()):
        if name not in names:
            raise no_column(name, names, field)
    plan = Plan(by=keys, columns=tuple(sorted(columns.items())), measure=measure, **options)
    check(plan.method, Tau2Method, field="method")
    check(plan.test, IntervalTest, field="test")
    if plan.prediction is not None:
        check(plan.prediction, Prediction, field="prediction")
    if not 0.0 < plan.level < 1.0:
        raise InputError(
            "the confidence level is a fraction", field="level", got=plan.level, allowed="between 0 and 1"
        )
    for extra in plan.extras:
        if extra not in EXTRAS:
            raise InputError("unknown extra", field="extras", got=extra, allowed=", ".join(EXTRAS))
    if plan.extras and plan.route != "kernel":
        raise InputError(
            "extras come with the compiled methods only", field="extras", got=", ".join(plan.extras)
        )
    if plan.method in {"GENQ", "GENQM"}:
        raise InputError(
            "the generalised Q estimator needs weights of the user's own", field="method", got=plan.method
        )
    return plan
