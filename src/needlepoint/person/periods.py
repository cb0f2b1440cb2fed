"""Randomised N-of-1 trial: treatment on and off in periods drawn by lot (ABAB and longer), for what washes out.

``y_t = mu + tau t + period_k + delta x_h(t) + u_t + e_t``: ``x_h`` is 1 on treated days and decays with half-life ``h``
after them, averaged over ``h``; the periods have effects of their own. Heat and TENS wash out; needles do not, so for
them see :mod:`needlepoint.person.nof1`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import InputError
from needlepoint.person.diary_data import as_entries
from needlepoint.person.entries import Entry
from needlepoint.person.posterior import Mixture, Noise, Posterior, fit
from needlepoint.person.priors import EffectPrior, as_prior, load_priors
from needlepoint.person.verdict import (
    Verdict,
    decide_verdict,
    in_percent,
    period_advice,
    period_words,
    periods_cannot,
)
from needlepoint.result import Result, digest, record

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Periods", "PeriodsAnswer", "analyse_periods", "draw_periods", "period_numbers"]

HALF_LIVES = (0.0, 0.5, 1.0, 3.0)  # days; 0 is no carry-over
PERIOD_SD = 0.5  # points of pain by which one period differs from another for no reason
TREND_SD = 2.0  # points of pain over the whole trial
EFFECT_SD = 2.0  # of the effect where no prior is given: centred at none
MOST_DAYS = 730  # of a whole trial
MOST_ORDERS = 4096  # orders that the test by lot goes through


@record
class Periods:
    """Pairs of periods, one on and one off, their order drawn by lot pair by pair."""

    first_day: date
    days: int  # of each period
    treated: tuple[bool, ...]  # period by period

    @property
    def length(self) -> int:
        """Days of the whole trial."""
        return self.days * len(self.treated)

    def schedule(self) -> list[str]:
        """One line a period: its days, and whether to use the treatment."""
        starts = [self.first_day + timedelta(self.days * i) for i in range(len(self.treated))]
        return [
            f"{start} to {start + timedelta(self.days - 1)}: {'use it' if on else 'leave it out'}"
            for start, on in zip(starts, self.treated, strict=True)
        ]


@record
class PeriodsAnswer(Result):
    """Effect of treated days (0-10, negative is better), with its carry-over and the test by lot."""

    first_day: date
    last_day: date  # of the plan
    days: int  # of each period
    treated: tuple[bool, ...]  # period by period
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
    means: tuple[float | None, ...]  # period by period; None without a day
    orders: int  # orders that the lot could have given
    rank: int  # of them with a difference at least as good
    share: float
    prior_mean: float
    prior_sd: float
    moved: float  # share of the prior's uncertainty that the diary removed
    verdict: Verdict
    words: str
    advice: str
    cannot: tuple[str, ...]  # what such a trial cannot show
    prior_source: tuple[str, str] = ("", "")  # citation and address; empty without trials
    digest: str = ""
    mixture: Mixture = field(repr=False)
    day: Any = field(default=None, repr=False)  # (n,) days from the first of the plan
    pain: Any = field(default=None, repr=False)

    def summary(self) -> str:
        """Text for people."""
        return "\n".join([self.words, "", *period_numbers(self), "", self.advice, *self.notes])


def period_numbers(answer: PeriodsAnswer) -> list[str]:
    """The numbers in words."""
    direction = "less" if answer.estimate <= 0 else "more"
    return [
        f"On treated days you had {abs(answer.estimate):.1f} points {direction} pain "
        f"(95% interval {answer.ci_low:+.1f} to {answer.ci_high:+.1f}). "
        f"Plain means: {answer.mean_treated:.1f} with it, {answer.mean_untreated:.1f} without.",
        f"The chance that it helps by more than half a point is {in_percent(answer.p_helps)}.",
        f"The order was drawn by lot. Of {answer.orders} orders, {answer.rank} show a gain as large as yours.",
    ]


def draw_periods(first_day: date, *, pairs: int = 4, days: int = 7, seed: int | None = None) -> Periods:
    """Draw the order of a trial in pairs of periods, treated and untreated.

    Raises
    ------
    InputError
        No pairs or no days.

    >>> draw_periods(date(2026, 3, 1), pairs=2, days=7, seed=1).treated
    (True, False, False, True)
    """
    if pairs < 1 or days < 1 or 2 * pairs * days > MOST_DAYS:
        raise InputError(
            "a trial needs pairs of periods and days in them",
            field="pairs, days",
            got=(pairs, days),
            allowed=f"1 or more of each, and at most {MOST_DAYS} days in all",
        )
    chooser = random.Random(seed) if seed is not None else random.SystemRandom()
    firsts = [chooser.random() < 0.5 for _ in range(pairs)]
    return Periods(
        first_day=first_day, days=days, treated=tuple(x for first in firsts for x in (first, not first))
    )


def analyse_periods(
    data: Any,
    periods: Periods,
    *,
    prior: EffectPrior | tuple[float, float] | None = None,
    noise: Noise | None = None,
    worthwhile: float | None = None,
) -> PeriodsAnswer:
    """Analyse a randomised trial in one person.

    Parameters
    ----------
    data
        One row a day, in any shape that :func:`needlepoint.analyse_diary` takes; days outside the periods are left
        out and counted in the notes.
    periods
        The order that was drawn.
    prior
        What trials say of the effect, as (mean, SD for one person) too; none unless given.
    noise, worthwhile
        As for a diary, from the pack unless given.

    Raises
    ------
    InputError
        Fewer than two periods on or off have days with pain, the periods are not pairs of one on and one off, a day
        stands twice, or a value is off its scale.
    """
    entries, read_notes = as_entries(data)
    _check_pairs(periods)
    defaults = load_priors()
    prior = None if prior is None else as_prior(prior)
    t, y, outside = _days(entries, periods)
    period = (t // periods.days).astype(int)
    treated = np.array(periods.treated)[period]
    have = [len(set(period[on].tolist())) for on in (treated, ~treated)]
    if min(have) < 2:
        raise InputError(
            "a trial in one person needs days from two periods with the treatment and two without",
            field="pain", got=f"{have[0]} with, {have[1]} without", mend="go on with the diary",
        )  # fmt: skip
    posterior = _fit(t, y, periods, prior, noise or defaults.noise)
    mixture = posterior.coefficient(-1)
    low, high = mixture.interval()
    orders, rank = _by_lot(y, period, periods)
    carried = posterior.weights.sum(axis=(0, 1))
    limits = defaults.limits
    worth = limits.worthwhile if worthwhile is None else worthwhile
    helps, worse = mixture.below(-worth), 1 - mixture.below(0.0)
    over = bool(t[-1] >= periods.length - (periods.days + 1) // 2)  # the last days may be gaps
    without = float(y[~treated].mean())
    verdict = decide_verdict(below=helps, worse=worse, change=mixture.mean, baseline=without, mixed=False,
                             due=over, limits=limits)  # fmt: skip
    before = _prior(prior)
    return PeriodsAnswer(
        first_day=periods.first_day,
        last_day=periods.first_day + timedelta(periods.length - 1),
        days=periods.days,
        treated=periods.treated,
        n=len(t),
        periods=len(periods.treated),
        estimate=mixture.mean,
        ci_low=low,
        ci_high=high,
        p_helps=helps,
        p_worse=worse,
        half_life=float(carried @ np.array(HALF_LIVES)),
        mean_treated=float(y[treated].mean()),
        mean_untreated=without,
        means=_means(y, period, len(periods.treated)),
        orders=orders,
        rank=rank,
        share=rank / orders,
        prior_mean=before[0],
        prior_sd=before[1],
        moved=max(0.0, 1 - mixture.sd / before[1]),
        verdict=verdict,
        words=period_words(verdict),
        advice=period_advice(verdict, over=over),
        cannot=periods_cannot(defaults.words.lasting),
        prior_source=("", "") if prior is None else (prior.source, prior.url),
        digest=digest(t, y, treated),
        mixture=mixture,
        day=t,
        pain=y,
        notes=(*read_notes, *_notes(outside, len(t), periods, over=over)),
    )


def _check_pairs(periods: Periods) -> None:
    """The lot, and so the test by it, is that of pairs."""
    pairs = zip(periods.treated[::2], periods.treated[1::2], strict=False)
    if len(periods.treated) % 2 or any(first == second for first, second in pairs):
        raise InputError(
            "periods come in pairs, one on and one off", field="treated", got=periods.treated,
            mend="draw them with draw_periods",
        )  # fmt: skip


def _notes(outside: int, n: int, periods: Periods, *, over: bool) -> list[str]:
    notes = [f"{outside} days lie outside the periods and are left out."] if outside else []
    if not over:
        notes.append("The last period is not over yet.")
    if missing := periods.length - n:
        notes.append(f"{missing} of {periods.length} days have no entry. Gaps are allowed for.")
    return notes


def _means(y: Floats, period: Any, count: int) -> tuple[float | None, ...]:
    chosen = [y[period == i] for i in range(count)]
    return tuple(float(each.mean()) if len(each) else None for each in chosen)


def _prior(prior: EffectPrior | None) -> tuple[float, float]:
    return (0.0, EFFECT_SD) if prior is None else (prior.mean, prior.sd)


def _days(entries: Sequence[Entry], periods: Periods) -> tuple[Floats, Floats, int]:
    rows = sorted(
        ((each.day - periods.first_day).days, each.pain) for each in entries if each.pain is not None
    )
    inside = [(day, pain) for day, pain in rows if 0 <= day < periods.length]
    t = np.array([day for day, _ in inside], dtype=np.float64)
    y = np.array([pain for _, pain in inside], dtype=np.float64)
    return t, y, len(rows) - len(inside)


def _fit(t: Floats, y: Floats, periods: Periods, prior: EffectPrior | None, noise: Noise) -> Posterior:
    count = len(periods.treated)
    own = np.eye(count)[(t // periods.days).astype(int)]
    every = np.repeat(np.array(periods.treated, dtype=np.float64), periods.days)
    shapes = np.column_stack([_exposure(every, half)[t.astype(int)] for half in HALF_LIVES])
    effect = _prior(prior)
    return fit(
        t,
        y,
        np.column_stack([np.ones_like(t), t / periods.length - 0.5, own]),
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
