"""Simulation of syntheses: power, coverage and bias of a method, by the kernels that pool real data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bulk.engine import choose_engine
from needlepoint.bulk.numbers import group_numbers
from needlepoint.bulk.plan import KERNEL_METHODS, KERNEL_PREDICTIONS, KERNEL_TESTS, Plan
from needlepoint.bulk.rows import result_columns
from needlepoint.columns import numbers
from needlepoint.errors import InputError
from needlepoint.options import Device, IntervalTest, Prediction, Tau2Method, finite, seeded, whole
from needlepoint.result import Result, record

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Simulation", "simulate_many"]

_ROWS = 4_000_000  # studies held at once


@record
class Simulation(Result):
    """What a method does over many simulated syntheses; ``power`` is the share of intervals without zero.

    ``coverage_se`` is the simulation's own (Monte Carlo) standard error. With ``effect=0``, ``power`` is the
    error of the first kind.
    """

    k: int
    effect: float
    tau2: float
    method: str
    test: str
    level: float
    draws: int
    power: float
    coverage: float
    coverage_se: float
    bias: float
    rmse: float
    width: float
    tau2_mean: float
    tau2_zero: float
    tau2_coverage: float
    prediction_coverage: float | None

    def summary(self) -> str:
        """The properties in lines."""
        lines = [
            f"{self.draws} syntheses of {self.k} studies, effect {self.effect:g}, tau2 {self.tau2:g}: "
            f"{self.method}, {self.test}",
            f"power {self.power:.3f}; coverage {self.coverage:.4f} (se {self.coverage_se:.4f}), nominal {self.level:g}",
            f"bias {self.bias:+.4f}, rmse {self.rmse:.4f}, mean width of intervals {self.width:.4f}",
            f"tau2: mean {self.tau2_mean:.4f}, zero in {self.tau2_zero:.1%}, covered in {self.tau2_coverage:.1%}",
        ]
        if self.prediction_coverage is not None:
            lines.append(f"a new study's effect is predicted in {self.prediction_coverage:.1%}")
        return "\n".join(lines)


def simulate_many(
    vi: Sequence[float] | Any,
    *,
    effect: float = 0.0,
    tau2: float = 0.0,
    method: Tau2Method = "REML",
    test: IntervalTest = "HKSJ-adhoc",
    level: float = 0.95,
    prediction: Prediction | None = "t",
    draws: int = 10_000,
    seed: int = 1,
    device: Device = "cpu",
    compiled: bool | None = None,
) -> Simulation:
    """Simulate syntheses of studies with sampling variances ``vi``: power, coverage and bias of a method.

    Each draw has true effects normal about ``effect`` with variance ``tau2``, and estimates normal about these with
    variances ``vi``, which the analysis takes as known.

    Parameters
    ----------
    vi
        Sampling variances of the k studies, as the field reports them.
    method, test, level, prediction
        As in :func:`needlepoint.pool`; those with a compiled kernel.

    Raises
    ------
    InputError
        A method without a kernel, fewer than two studies, or a variance that is not above zero.

    Examples
    --------
    >>> found = simulate_many([0.05] * 8, effect=0.3, tau2=0.02, draws=500, seed=3)
    >>> round(found.coverage, 2), found.power > 0.5
    (0.9..., True)
    """
    variances = numbers(None, vi, field="vi")
    effect = finite(effect, field="effect")
    _check(variances, tau2, method, test, prediction, draws)
    engine, notes = choose_engine(device, compiled, draws, route="kernel")
    plan = Plan(
        by=(),
        columns=(),
        measure="GEN",
        method=method,
        test=test,
        level=level,
        prediction=prediction,
        engine=engine,
    )
    rng = np.random.default_rng(seeded(seed))
    parts: list[dict[str, Floats]] = []
    k, left = len(variances), draws
    while left > 0:
        n = min(left, max(1, _ROWS // k))
        parts.append(_drawn(rng, variances, effect, tau2, n, plan))
        left -= n
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _properties(found, k, effect, tau2, plan, notes)


def _check(vi: Floats, tau2: float, method: str, test: str, prediction: str | None, draws: int) -> None:
    if vi.ndim != 1 or len(vi) < 2 or not (np.isfinite(vi) & (vi > 0.0)).all():
        raise InputError("two or more sampling variances above zero are needed", field="vi")
    finite(tau2, field="tau2", least=0.0, allowed="a variance, 0 or more")
    whole(draws, field="draws")
    allowed = {"method": KERNEL_METHODS, "test": KERNEL_TESTS, "prediction": KERNEL_PREDICTIONS}
    for field, value in (("method", method), ("test", test), ("prediction", prediction)):
        if value not in allowed[field]:
            choice = ", ".join(sorted(str(v) for v in allowed[field]))
            raise InputError("no compiled kernel has this", field=field, got=value, allowed=choice)


def _drawn(
    rng: np.random.Generator, vi: Floats, effect: float, tau2: float, n: int, plan: Plan
) -> dict[str, Floats]:
    k = len(vi)
    yi = effect + np.sqrt(vi + tau2) * rng.standard_normal((n, k))
    starts = np.arange(0, n * k + 1, k, dtype=np.int64)
    numbers = group_numbers(yi.ravel(), np.tile(vi, n), starts, plan.method, plan.level, engine=plan.engine)
    columns = result_columns(numbers, np.full(n, float(k)), plan)
    columns["new"] = effect + np.sqrt(tau2) * rng.standard_normal(n)  # the true effect of a study to come
    return columns


def _properties(
    found: dict[str, Floats], k: int, effect: float, tau2: float, plan: Plan, notes: tuple[str, ...]
) -> Simulation:
    low, high, draws = found["ci_low"], found["ci_high"], len(found["estimate"])
    coverage = float(np.mean((low <= effect) & (effect <= high)))
    predicted = (found["pi_low"] <= found["new"]) & (found["new"] <= found["pi_high"])
    return Simulation(
        notes=notes,
        k=k,
        effect=effect,
        tau2=tau2,
        method=plan.method,
        test=plan.test,
        level=plan.level,
        draws=draws,
        power=float(np.mean((low > 0.0) | (high < 0.0))),
        coverage=coverage,
        coverage_se=float(np.sqrt(coverage * (1.0 - coverage) / draws)),
        bias=float(np.mean(found["estimate"]) - effect),
        rmse=float(np.sqrt(np.mean((found["estimate"] - effect) ** 2))),
        width=float(np.mean(high - low)),
        tau2_mean=float(np.mean(found["tau2"])),
        tau2_zero=float(np.mean(found["tau2"] == 0.0)),
        tau2_coverage=float(np.mean((found["tau2_low"] <= tau2) & (tau2 <= found["tau2_high"]))),
        prediction_coverage=None if np.isnan(found["pi_low"]).all() else float(np.mean(predicted)),
    )
