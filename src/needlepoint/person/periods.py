"""Randomised N-of-1 trial: treatment on and off in periods drawn by lot (ABAB and longer), for what washes out.

``y_t = mu + tau t + period_k + delta x_h(t) + u_t + e_t``: ``x_h`` is 1 on treated days and decays with half-life ``h``
after them, averaged over ``h``; the periods have effects of their own. Heat and TENS wash out; needles do not, so for
them see :mod:`needlepoint.person.nof1`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.person.entries import Entry
from needlepoint.person.posterior import Mixture, Noise, Posterior, fit
from needlepoint.person.priors import EffectPrior, load_priors
from needlepoint.result import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Periods", "PeriodsAnswer", "analyse_periods", "draw_periods"]

HALF_LIVES = (0.0, 0.5, 1.0, 3.0)  # days; 0 is no carry-over
PERIOD_SD = 0.5  # points of pain by which one period differs from another for no reason
TREND_SD = 2.0  # points of pain over the whole trial
EFFECT_SD = 2.0  # of the effect where no prior is given: centred at none
MOST_ORDERS = 4096  # orders that the test by lot goes through


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Pairs of periods, one on and one off, their order drawn by lot pair by pair."""

    first_day: date
    days: int  # of each period
    treated: tuple[bool, ...]  # period by period

    def schedule(self) -> list[str]:
        """One line a period: its days, and whether to use the treatment."""
        starts = [self.first_day + timedelta(self.days * i) for i in range(len(self.treated))]
        return [
            f"{start} to {start + timedelta(self.days - 1)}: {'use it' if on else 'leave it out'}"
            for start, on in zip(starts, self.treated, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodsAnswer(Result):
    """Effect of treated days (0-10, negative is better), with its carry-over and the test by lot."""

    n: int
    periods: int
    estimate: float
    ci_low: float
    ci_high: float
    p_helps: float
    p_worse: float
    half_life: float  # posterior mean of the carry-over's half-life, days
    mean_treated: float
    mean_untreated: float
    orders: int  # orders that the lot could have given
    rank: int  # of them with a difference at least as good
    share: float
    mixture: Mixture = field(repr=False)

    def summary(self) -> str:
        """Text for people."""
        direction = "less" if self.estimate <= 0 else "more"
        return "\n".join(
            [
                f"On treated days you had {abs(self.estimate):.1f} points {direction} pain "
                f"(95% interval {self.ci_low:+.1f} to {self.ci_high:+.1f}).",
                f"The chance that it helps by more than half a point is {self.p_helps:.0%}.",
                f"The order was drawn by lot. Of {self.orders} orders, {self.rank} show a gain as large as yours.",
                *self.notes,
            ]
        )


def draw_periods(first_day: date, *, pairs: int = 4, days: int = 7, seed: int | None = None) -> Periods:
    """Draw the order of a trial in pairs of periods, treated and untreated.

    Raises
    ------
    InputError
        No pairs or no days.

    >>> draw_periods(date(2026, 3, 1), pairs=2, days=7, seed=1).treated
    (True, False, False, True)
    """
    if pairs < 1 or days < 1:
        raise InputError(
            "a trial needs pairs of periods and days in them", field="pairs, days", got=(pairs, days)
        )
    chooser = random.Random(seed) if seed is not None else random.SystemRandom()
    firsts = [chooser.random() < 0.5 for _ in range(pairs)]
    return Periods(
        first_day=first_day, days=days, treated=tuple(x for first in firsts for x in (first, not first))
    )


def analyse_periods(
    entries: Sequence[Entry],
    periods: Periods,
    *,
    prior: EffectPrior | None = None,
    noise: Noise | None = None,
    worthwhile: float | None = None,
) -> PeriodsAnswer:
    """Analyse a randomised trial in one person.

    Parameters
    ----------
    entries
        One record a day; days without pain, and days outside the periods, are left out and counted in the notes.
    periods
        The order that was drawn.
    prior
        What trials say of the effect; none unless given.
    noise, worthwhile
        As for a diary, from the pack unless given.

    Raises
    ------
    NotEnoughStudies
        Fewer than two periods on or off have days with pain.
    """
    defaults = load_priors()
    t, y, left_out = _days(entries, periods)
    period = (t // periods.days).astype(int)
    treated = np.array(periods.treated)[period]
    if min(len(set(period[treated].tolist())), len(set(period[~treated].tolist()))) < 2:
        raise NotEnoughStudies("a randomised trial in one person (periods on and off)", needs=2, got=1)
    posterior = _fit(t, y, periods, prior, noise or defaults.noise)
    mixture = posterior.coefficient(-1)
    low, high = mixture.interval()
    orders, rank = _by_lot(y, period, periods)
    carried = posterior.weights.sum(axis=(0, 1))
    return PeriodsAnswer(
        n=len(t),
        periods=len(periods.treated),
        estimate=mixture.mean,
        ci_low=low,
        ci_high=high,
        p_helps=mixture.below(-(defaults.limits.worthwhile if worthwhile is None else worthwhile)),
        p_worse=1 - mixture.below(0.0),
        half_life=float(carried @ np.array(HALF_LIVES)),
        mean_treated=float(y[treated].mean()),
        mean_untreated=float(y[~treated].mean()),
        orders=orders,
        rank=rank,
        share=rank / orders,
        mixture=mixture,
        notes=(f"{left_out} entries have no pain or lie outside the periods.",) if left_out else (),
    )


def _days(entries: Sequence[Entry], periods: Periods) -> tuple[Floats, Floats, int]:
    length = periods.days * len(periods.treated)
    rows = sorted(
        ((each.day - periods.first_day).days, each.pain) for each in entries if each.pain is not None
    )
    inside = [(day, pain) for day, pain in rows if 0 <= day < length]
    t = np.array([day for day, _ in inside], dtype=np.float64)
    y = np.array([pain for _, pain in inside], dtype=np.float64)
    return t, y, len(entries) - len(inside)


def _fit(t: Floats, y: Floats, periods: Periods, prior: EffectPrior | None, noise: Noise) -> Posterior:
    count = len(periods.treated)
    own = np.eye(count)[(t // periods.days).astype(int)]
    length = periods.days * count
    every = np.repeat(np.array(periods.treated, dtype=np.float64), periods.days)
    shapes = np.column_stack([_exposure(every, half)[t.astype(int)] for half in HALF_LIVES])
    effect = (0.0, EFFECT_SD) if prior is None else (prior.mean, prior.sd)
    return fit(
        t,
        y,
        np.column_stack([np.ones_like(t), t / length - 0.5, own]),
        shapes,
        prior_mean=[5.0, 0.0, *[0.0] * count, effect[0]],
        prior_sd=[5.0, TREND_SD, *[PERIOD_SD] * count, effect[1]],
        noise=noise,
    )


def _exposure(treated: Floats, half_life: float) -> Floats:
    """1 on treated days; afterwards what is left, day by day."""
    keep = 0.5 ** (1 / half_life) if half_life > 0 else 0.0
    left, out = 0.0, np.empty_like(treated)
    for i, today in enumerate(treated.tolist()):
        left = max(today, keep * left)
        out[i] = left
    return out


def _by_lot(y: Floats, period: Any, periods: Periods) -> tuple[int, int]:
    """Orders that the lot could have given, and how many show a difference of means at least as good."""
    count = len(periods.treated)
    sums = np.bincount(period, weights=y, minlength=count)
    sizes = np.bincount(period, minlength=count)
    pairs = count // 2
    if 2**pairs <= MOST_ORDERS:
        firsts = np.array(list(itertools.product((True, False), repeat=pairs)))
    else:
        drawn = np.random.default_rng(0).random((MOST_ORDERS - 1, pairs)) < 0.5
        firsts = np.vstack([np.array(periods.treated[::2]), drawn])
    orders = np.repeat(firsts, 2, axis=1)
    orders[:, 1::2] = ~firsts
    with np.errstate(invalid="ignore"):
        gains = orders @ sums / (orders @ sizes) - ~orders @ sums / (~orders @ sizes)
    own = np.array(periods.treated) @ sums / (np.array(periods.treated) @ sizes)
    own -= ~np.array(periods.treated) @ sums / (~np.array(periods.treated) @ sizes)
    return len(orders), int((gains <= own + 1e-12).sum())
