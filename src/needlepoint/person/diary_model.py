"""A diary as arrays, and its model: level, expected course, treatment, medicines and other treatments, noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.person.entries import Entry
from needlepoint.person.posterior import Posterior, fit
from needlepoint.person.priors import Course, Priors

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Series", "enough", "fit_diary", "fit_noise", "series_of", "with_trend", "without_covariates"]

MU_MEAN, MU_SD = 5.0, 5.0  # level of pain: the middle of the scale, and all of it
B_SD = 1.0  # points of pain for a unit of medicine, a day of another treatment, or TREND_DAYS of a trend
TREND_DAYS = 28.0


@dataclass(frozen=True, slots=True)
class Series:
    """The diary as arrays: days from the first session, pain, and the covariates that vary."""

    t: Floats
    y: Floats
    x: Floats  # (n, q)
    started: float | None  # 0 with sessions, None without
    mixed: tuple[str, ...]

    @property
    def before(self) -> Any:
        """Which days come before the first session."""
        return self.t < 0


def series_of(days: Sequence[Entry], sessions: Sequence[date], entries: Sequence[Entry]) -> Series:
    """Arrays of the days with pain; treatments that were not there before the first session are mixed in."""
    origin = sessions[0] if sessions else days[0].day
    t = np.array([(each.day - origin).days for each in days], dtype=np.float64)
    y = np.array([each.pain for each in days], dtype=np.float64)
    before = {each.other for each in entries if each.other and each.day < origin}
    after = {each.other for each in entries if each.other and each.day >= origin}
    columns = [
        np.array([each.medicine or 0.0 for each in days], dtype=np.float64),
        np.array([float(bool(each.other)) for each in days], dtype=np.float64),
    ]
    varying = [column - column.mean() for column in columns if np.ptp(column) > 0]
    x = np.column_stack(varying) if varying else np.empty((len(t), 0))
    mixed = tuple(sorted(str(name) for name in after - before)) if sessions else ()
    return Series(t, y, x, 0.0 if sessions else None, mixed)


def with_trend(series: Series) -> Series:
    """The same diary with a straight line of its own."""
    line = (series.t - series.t.mean()) / TREND_DAYS
    return Series(series.t, series.y, np.column_stack([series.x, line]), series.started, series.mixed)


def without_covariates(series: Series) -> Series:
    """The same diary without medicines and other treatments."""
    return Series(series.t, series.y, series.x[:, :0], series.started, series.mixed)


def enough(series: Series, priors: Priors) -> bool:
    """Sessions, and enough days either side of the first."""
    if series.started is None:
        return False
    before = int(series.before.sum())
    return before >= priors.design.least_baseline and len(series.t) - before >= priors.design.least_after


def fit_diary(series: Series, priors: Priors, course: Course) -> Posterior:
    """Posterior of level, course, covariates and, last, the treatment."""
    t = series.t
    natural = 1 - np.exp(-(t - t[0]) / priors.design.course_days)
    ramps = np.asarray(priors.design.ramps)
    after = t[:, None] >= 0
    shapes = np.where(after, 1 - np.exp(-(np.where(after, t[:, None], 0.0) + 1) / ramps), 0.0)
    q = series.x.shape[1]
    return fit(
        t,
        series.y,
        np.column_stack([np.ones_like(t), natural, series.x]),
        shapes,
        prior_mean=[MU_MEAN, course.mean, *[0.0] * q, priors.effect.mean],
        prior_sd=[MU_SD, course.sd, *[B_SD] * q, priors.effect.sd],
        noise=priors.noise,
    )


def fit_noise(series: Series, priors: Priors) -> Posterior:
    """The noise of a diary without a treatment: a level and a straight line."""
    t = series.t
    return fit(
        t,
        series.y,
        np.ones((len(t), 1)),
        ((t - t[0]) / max(t[-1] - t[0], 1.0))[:, None],
        prior_mean=[MU_MEAN, 0.0],
        prior_sd=[MU_SD, MU_SD],
        noise=priors.noise,
    )
