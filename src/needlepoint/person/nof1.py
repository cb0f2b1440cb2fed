"""N-of-1 analysis of a diary around the start of a treatment.

``y_t = mu + kappa g(t) + delta r_s(t) + b'x_t + u_t + e_t``, t in days from the first session: ``g`` the course
expected without the treatment, ``r_s`` the treatment's ramp, averaged over its shape, ``x`` medicines and other
treatments, ``u`` autoregressive and ``e`` white noise. Missing days drop out exactly. Three numbers come out: how much
the person changed, how much of it is beyond the expected course, and how far the diary moved what was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np

from needlepoint.errors import InputError
from needlepoint.person._ar1_noise import contrast_variance
from needlepoint.person.days_needed import days_needed
from needlepoint.person.diary_answer import DiaryAnswer, Sensitivity, Window
from needlepoint.person.diary_data import as_entries, numbered_day
from needlepoint.person.diary_model import (
    Series,
    enough,
    fit_diary,
    fit_noise,
    series_of,
    with_trend,
    without_covariates,
)
from needlepoint.person.entries import as_day
from needlepoint.person.posterior import Mixture, Posterior
from needlepoint.person.priors import Course, EffectPrior, Priors, as_course, as_prior, load_priors
from needlepoint.person.randomised_start import DrawTest, draw_test
from needlepoint.person.side_measures import side_measures
from needlepoint.person.verdict import (
    DURATION_NOT_TOLD,
    LITTLE_ROOM,
    OR_A_TREND,
    Verdict,
    advice,
    course_words,
    decide_verdict,
    diary_cannot,
    gaps_words,
    mixed_words,
    review_due,
    too_few_words,
    words,
)
from needlepoint.result import digest, record

__all__ = ["analyse_diary"]

TREND = "a steady trend of its own, up or down"


@record
class _Changed:
    """The first number: how much the person changed."""

    baseline: Window
    recent: Window
    change: float
    change_low: float
    change_high: float
    change_share: float | None


@record
class _Effect:
    """The effect beyond the expected course, and how far the diary moved what was known; None without a fit."""

    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    effect_sd: float | None = None
    p_helps: float | None = None
    p_worse: float | None = None
    expected: float | None = None
    prior_mean: float | None = None
    prior_sd: float | None = None
    moved: float | None = None
    bits: float | None = None
    phi: float | None = None
    sigma: float | None = None
    effect_source: tuple[str, str] = ("", "")
    course_source: tuple[str, str] = ("", "")
    sensitivity: tuple[Sensitivity, ...] = ()


def analyse_diary(
    data: Any,
    *,
    first_session: date | str | int | None = None,
    duration: str | None = None,
    prior: EffectPrior | tuple[float, float] | None = None,
    course: tuple[float, float] | None = None,
    priors: Priors | None = None,
    sensitivity: bool = True,
    start_days: Sequence[date] = (),
) -> DiaryAnswer:
    """N-of-1 analysis of a diary around the start of a treatment.

    Parameters
    ----------
    data
        One row a day, in any order, with ``day`` and ``pain`` (0-10), and ``session`` on the days of one: entries,
        mappings, a data frame, a mapping of columns, or the path of a CSV, JSON or FHIR file. Days without pain are
        gaps. Days may be plain numbers.
    first_session
        Day of the first session, where the data have no column of sessions.
    duration
        How long the pain had lasted at the start, as the screen asks it; sets the expected course. The smallest
        course unless told.
    prior
        What is known of the effect, as (mean, SD for one person) in points, negative is better: the pack's own answer
        unless given.
    course
        Change expected over months without the treatment, as (mean, SD); by ``duration`` unless given.
    priors
        All that the analysis takes from outside the diary; from the default pack unless given.
    sensitivity
        Also under other priors, with a trend of its own, and without medicines and other treatments.
    start_days
        The days from which the first session was drawn by lot: adds a test that rests on no prior.

    Raises
    ------
    InputError
        Too few days to show a change, an unknown duration, a day that stands twice, a value off its scale.

    References
    ----------
    Schmid and Yang (2022), Bayesian models for N-of-1 trials, Harvard Data Science Review 4(SI3).

    >>> answer = analyse_diary({"day": range(-14, 28), "pain": [6, 5, 7] * 5 + [3, 2, 4] * 9}, first_session=0)
    >>> answer.verdict, round(answer.change, 1)
    ('likely helping you', -2.8)
    """
    entries, read_notes = as_entries(data)
    priors = priors or load_priors()
    if prior is not None:
        priors = priors.with_effect(as_prior(prior))
    expected = priors.course(duration) if course is None else as_course(course)
    days = [each for each in entries if each.pain is not None]
    if len(days) < 2:
        raise InputError("the diary needs at least two days with pain", field="pain", got=len(days))
    first = None if first_session is None else _as_session(first_session)
    sessions = sorted({each.day for each in entries if each.session} | ({first} if first else set()))
    series = series_of(days, sessions, entries)
    posterior = fit_diary(series, priors, expected) if enough(series, priors) else None
    mixture = posterior.coefficient(-1) if posterior is not None else None
    changed = _changed(series, priors, posterior)
    effect = _effect(series, priors, expected, posterior, mixture, sensitivity=sensitivity)
    since = (days[-1].day - sessions[0]).days if sessions else None
    due = review_due(sessions=len(sessions), days_since=since, limits=priors.limits)
    verdict = decide_verdict(
        below=effect.p_helps,
        worse=effect.p_worse,
        change=changed.change,
        baseline=changed.baseline.mean,
        mixed=bool(series.mixed),
        due=due,
        limits=priors.limits,
    )
    needed = None
    if verdict == "cannot tell yet" and posterior is not None and mixture is not None and not series.mixed:
        needed = days_needed(series.t, posterior, mixture, priors)
    return DiaryAnswer(
        first_day=days[0].day,
        last_day=days[-1].day,
        n=len(days),
        sessions=len(sessions),
        verdict=verdict,
        words=words(verdict, mixed=bool(series.mixed), days_needed=needed),
        advice=advice(verdict, due=due, limits=priors.limits),
        cannot=diary_cannot(priors.words.apart),
        days_needed=needed,
        p_needed=None if posterior is None else (priors.limits.sure if due else priors.limits.sure_early),
        mixed=series.mixed,
        draw=_draw(series, start_days, sessions, priors) if posterior is not None else None,
        priors=f"{priors.pack} {priors.version}",
        digest=digest(series.t, series.y, series.x),
        mixture=mixture,
        days=series.t,
        pain=series.y,
        notes=(
            *read_notes,
            *_notes(series, priors, expected, posterior, told=duration is not None or course is not None),
            *_trend_note(verdict, effect.sensitivity, priors),
        ),
        **_values(changed, effect, side_measures(entries, sessions)),
    )


def _as_session(day: date | str | int) -> date:
    return numbered_day(day) if isinstance(day, int) else as_day(day)


def _windows(series: Series, priors: Priors) -> tuple[Window, Window, tuple[Any, Any]]:
    """Baseline and last weeks; without days before and after a first session, the first week and what follows it.

    Raises
    ------
    InputError
        Nothing follows the first week.
    """
    t, design = series.t, priors.design
    if series.started is not None and series.before.any() and not series.before.all():
        first, label, begin = series.before, "before the first session", 0.0
    else:
        first, label, begin = t < t[0] + 7, "your first week", t[0] + 7
        if first.all():
            raise InputError(
                "the diary is too short to show a change: there must be days after its first week",
                field="pain", got=f"{len(t)} days", mend="go on with the diary",
            )  # fmt: skip
    recent = (t > t[-1] - design.recent_days) & ~first
    last = f"last {round(min(design.recent_days, t[-1] - begin + 1))} days"
    windows = [
        Window(label=name, n=int(chosen.sum()), mean=float(series.y[chosen].mean()))
        for name, chosen in ((label, first), (last, recent))
    ]
    return windows[0], windows[1], (first, recent)


def _changed(series: Series, priors: Priors, posterior: Posterior | None) -> _Changed:
    baseline, recent, chosen = _windows(series, priors)
    change = recent.mean - baseline.mean
    low, high = _change_interval(series, chosen, change, posterior, priors)
    return _Changed(
        baseline=baseline,
        recent=recent,
        change=change,
        change_low=low,
        change_high=high,
        change_share=change / baseline.mean if baseline.mean > 0 else None,
    )


def _change_interval(
    series: Series, chosen: tuple[Any, Any], change: float, posterior: Posterior | None, priors: Priors
) -> tuple[float, float]:
    """Interval of the difference of two means, with the diary's own serial correlation."""
    first, recent = chosen
    weights = recent / recent.sum() - first / first.sum()
    if posterior is None:
        posterior = fit_noise(series, priors)
    at = np.linspace(0, posterior.model.noise.phi_max, 20)
    variance = np.interp(posterior.phi, at, contrast_variance(series.t, weights, at))
    return posterior.difference(change, variance, float(weights @ weights)).interval()


def _effect(
    series: Series,
    priors: Priors,
    course: Course,
    posterior: Posterior | None,
    mixture: Mixture | None,
    *,
    sensitivity: bool,
) -> _Effect:
    if posterior is None or mixture is None:
        return _Effect()
    low, high = mixture.interval()
    prior = priors.effect
    ratio = mixture.sd / prior.sd
    shift = (mixture.mean - prior.mean) / prior.sd
    natural = posterior.coefficient(1).mean * (
        1 - np.exp(-(series.t[-1] - series.t[0]) / priors.design.course_days)
    )
    return _Effect(
        effect=mixture.mean,
        effect_low=low,
        effect_high=high,
        effect_sd=mixture.sd,
        p_helps=mixture.below(-priors.limits.worthwhile),
        p_worse=1 - mixture.below(0.0),
        expected=float(natural),
        prior_mean=prior.mean,
        prior_sd=prior.sd,
        moved=max(0.0, 1 - ratio),
        bits=float((ratio**2 + shift**2 - 1 - 2 * np.log(ratio)) / 2 / np.log(2)),
        phi=posterior.mean_of(posterior.phi),
        sigma=posterior.mean_of(posterior.sigma),
        effect_source=(prior.source, prior.url),
        course_source=(course.source, course.url),
        sensitivity=_sensitivity(series, priors, course, posterior) if sensitivity else (),
    )


def _sensitivity(
    series: Series, priors: Priors, course: Course, posterior: Posterior
) -> tuple[Sensitivity, ...]:
    """The effect under other priors of the effect and the course, and without the days of other treatments."""
    effect, mean, sd = priors.effect, posterior.prior_mean, posterior.prior_sd

    def under(name: str, *, prior: EffectPrior = effect, natural: float = course.mean) -> Sensitivity:
        new_mean, new_sd = mean.copy(), sd.copy()
        new_mean[1], new_mean[-1], new_sd[-1] = natural, prior.mean, prior.sd
        other = posterior.under(new_mean.tolist(), new_sd.tolist())
        return _row(name, other, priors)

    rows = [_row("as analysed", posterior, priors)]
    for spread in priors.person_sd_other:
        less = "less" if spread < effect.person_sd else "more"
        wide = EffectPrior(mean=effect.mean, se=effect.se, person_sd=spread, source="", url="", certainty="")
        rows.append(under(f"people differ {less} (SD {spread:g})", prior=wide))
    rows += [
        under("no change expected without treatment", natural=0.0),
        under("twice the change expected without treatment", natural=2 * course.mean),
        *(
            under(f"trials against {name} as the starting point", prior=prior)
            for name, prior in priors.others.items()
        ),
    ]
    rows.append(_row(TREND, fit_diary(with_trend(series), priors, course), priors))
    if series.x.shape[1]:
        plain = without_covariates(series)
        rows.append(_row("medicines and other treatments left out", fit_diary(plain, priors, course), priors))
    return tuple(rows)


def _row(name: str, posterior: Posterior, priors: Priors) -> Sensitivity:
    mixture = posterior.coefficient(-1)
    low, high = mixture.interval()
    return Sensitivity(
        assumption=name,
        estimate=mixture.mean,
        ci_low=low,
        ci_high=high,
        p_helps=mixture.below(-priors.limits.worthwhile),
    )


def _draw(
    series: Series, start_days: Sequence[date], sessions: Sequence[date], priors: Priors
) -> DrawTest | None:
    """The test by lot, when the first session was on the day of a draw."""
    starts = [float((day - sessions[0]).days) for day in start_days]
    if 0.0 not in starts or len(starts) < 2:
        return None
    noise = fit_noise(series, priors)  # it must not know the true start
    return draw_test(
        series.t,
        series.y,
        starts,
        phi=noise.mean_of(noise.phi),
        w=float(noise.weights.sum(axis=(0, 2)) @ noise.w),
        ramps=priors.design.ramps,
        course_days=priors.design.course_days,
    )


def _notes(
    series: Series, priors: Priors, course: Course, posterior: Posterior | None, *, told: bool
) -> tuple[str, ...]:
    before = int(series.before.sum())
    notes: list[str] = []
    if series.started is not None and posterior is None:
        notes.append(
            too_few_words(
                before,
                len(series.t) - before,
                least_before=priors.design.least_baseline,
                least_after=priors.design.least_after,
            )
        )
    if before and series.y[series.before].mean() < priors.limits.noticed_points:
        notes.append(LITTLE_ROOM)
    if posterior is not None:
        span = round(float(series.t[-1] - series.t[0])) + 1
        notes += [gaps_words(span - len(series.t), span), course_words(course.label, course.mean)]
        if not told:
            notes.append(DURATION_NOT_TOLD)
    if series.mixed:
        notes.append(mixed_words(series.mixed))
    return tuple(notes)


def _trend_note(verdict: Verdict, rows: Sequence[Sensitivity], priors: Priors) -> tuple[str, ...]:
    """Help that a trend of its own could explain as well."""
    helps = verdict in {"likely helping you", "some help, less than most people call worthwhile"}
    doubt = any(row.assumption == TREND and row.p_helps < priors.limits.sure for row in rows)
    return (OR_A_TREND,) if helps and doubt else ()


def _values(*parts: Any) -> dict[str, Any]:
    """Fields of records whose names are those of the answer."""
    return {each.name: getattr(part, each.name) for part in parts for each in fields(part)}
