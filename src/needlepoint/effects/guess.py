"""Which columns of a user's table are what: means and spreads, counts, rates, correlations, or effects with errors.

A guess is never silent: it says which column it took for what, and the caller prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from needlepoint.errors import InputError
from needlepoint.tables.words import (
    EFFECT,
    ERROR,
    HIGH,
    LOW,
    RATIO,
    STUDY,
    VARIANCE,
    side,
    squeezed,
    statistic,
    words,
)

__all__ = ["Guess", "guess_columns", "study_column"]

_LETTERS = {
    ("mean", "treated"): "m1i",
    ("sd", "treated"): "sd1i",
    ("n", "treated"): "n1i",
    ("events", "treated"): "ai",
    ("time", "treated"): "t1i",
    ("mean", "control"): "m2i",
    ("sd", "control"): "sd2i",
    ("n", "control"): "n2i",
    ("events", "control"): "ci",
    ("time", "control"): "t2i",
}
_DERIVED = (
    "se",
    "median",
    "q1",
    "q3",
    "percent",
)  # statistics that means, sds and events are worked out from
_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
_COUNTS = ("ai", "n1i", "ci", "n2i")
_TABLE = ("ai", "bi", "ci", "di")
_RATES = ("x1i", "t1i", "x2i", "t2i")
_EXACT = (*_MEANS, "ai", "bi", "ci", "di", "x1i", "t1i", "x2i", "t2i")
_RATIOS = {
    **dict.fromkeys(("or", "oddsratio"), "OR"),
    **dict.fromkeys(("rr", "riskratio", "relativerisk"), "RR"),
    **dict.fromkeys(("hr", "hazardratio"), "HR"),
    **dict.fromkeys(("irr", "rateratio"), "IRR"),
}
_LOG_RATIOS = {"logor": "OR", "lnor": "OR", "logrr": "RR", "lnrr": "RR", "loghr": "HR", "lnhr": "HR"}
_SINGLE = (  # columns without an arm: (statistics, letters, usual measure)
    (("r", "n"), ("ri", "ni"), "ZCOR"),
    (("mean", "sd", "n"), ("mi", "sdi", "ni"), "MN"),
    (("events", "n"), ("xi", "ni"), "PLO"),
    (("events", "time"), ("xi", "ti"), "IRLN"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Columns for ``effect_sizes`` (letter -> column), the measure, and the sentence that says so."""

    columns: dict[str, str]
    measure: str
    study: str | None
    ratio_interval: tuple[str, str, str] | None = None  # ratio, low, high: to be logged
    interval: tuple[str, str, str] | None = None  # estimate, low, high
    derived: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  # (statistic, side) -> column, to work out from

    @property
    def text(self) -> str:
        """What was guessed, for people."""
        taken = dict(self.columns)
        for trio, names in (
            (self.ratio_interval, ("ratio", "low", "high")),
            (self.interval, ("yi", "low", "high")),
        ):
            if trio is not None:
                taken |= dict(zip(names, trio, strict=True))
        taken |= {f"{what} ({arm})": column for (what, arm), column in self.derived.items()}
        pairs = ", ".join(f"{letter} = {name}" for letter, name in taken.items())
        label = f", study = {self.study}" if self.study else ""
        return f"measure {self.measure}; {pairs}{label}"


Side = Callable[[str], "str | None"]


def guess_columns(names: Sequence[str], measure: str | None = None, *, side_of: Side | None = None) -> Guess:
    """Guess what the columns are from their names.

    Letters of the field (``ai``, ``m1i``, ``yi`` ...) are taken as they are; other names by their words
    ("mean_treatment", "sd.c", "events1"). Effects with their errors win over arm summaries, two arms over one.
    ``side_of`` tells the arm ("treated", "control") of a column where the usual words do not.

    Raises
    ------
    InputError
        Nothing that can be pooled is there; says what names would be understood.

    >>> guess_columns(["trial", "mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]).text
    'measure MD; m1i = mean_t, sd1i = sd_t, n1i = n_t, m2i = mean_c, sd2i = sd_c, n2i = n_c, study = trial'
    >>> guess_columns(["study", "r", "n"]).text
    'measure ZCOR; ri = r, ni = n, study = study'
    """
    study = study_column(names)
    others = [n for n in names if n != study]
    found, derived = _arm_columns(others, side_of or (lambda name: side(words(name))))
    effects = _effect_columns(names, measure)
    arms = _arm_measure(found, derived, measure)
    if effects is not None and (measure in {None, "GEN", effects.measure} or arms is None):
        return Guess(
            columns=effects.columns,
            measure=measure or effects.measure,
            study=study,
            ratio_interval=effects.ratio,
            interval=effects.interval,
        )
    if arms is None:
        single = _single(others, measure)
        if single is not None:
            columns, chosen, percent = single
            return Guess(columns=columns, measure=chosen, study=study, derived=percent)
        raise InputError(
            "cannot tell which columns hold the results",
            field="columns",
            got=", ".join(names),
            allowed="yi with vi or sei; m1i sd1i n1i m2i sd2i n2i; ai n1i ci n2i; or mean_t, sd_c, events_c ...; "
            "OR with its interval; r and n; events and n",
            mend="name the columns so, or say which is which: --col m1i=NAME",
        )
    letters, chosen = arms
    used = {letter: found[letter] for letter in letters if letter in found}
    return Guess(
        columns=used,
        measure=chosen,
        study=study,
        derived={
            key: column
            for key, column in derived.items()
            if _LETTERS_FROM[key[0]] & (set(letters) - set(used))
        },
    )


_LETTERS_FROM: dict[str, frozenset[str]] = {
    "se": frozenset({"sd1i", "sd2i"}),
    "percent": frozenset({"ai", "ci"}),
    **dict.fromkeys(("median", "q1", "q3"), frozenset({"m1i", "sd1i", "m2i", "sd2i"})),
}


def _arm_measure(
    found: dict[str, str], derived: dict[tuple[str, str], str], measure: str | None
) -> tuple[tuple[str, ...], str] | None:
    have = set(found)
    for arm, i in (("treated", 1), ("control", 2)):
        if ("se", arm) in derived and f"n{i}i" in have:
            have.add(f"sd{i}i")
        if {("median", arm), ("q1", arm), ("q3", arm)} <= set(derived) and f"n{i}i" in have:
            have |= {f"m{i}i", f"sd{i}i"}
        if ("percent", arm) in derived and f"n{i}i" in have:
            have.add("ai" if i == 1 else "ci")
    rates = {"ai", "t1i", "ci", "t2i"} <= have
    for letters, usual in ((_MEANS, "MD"), (_TABLE, "RR"), (_RATES, "IRR"), (_COUNTS, "RR")):
        if all(letter in have for letter in letters):
            return letters, measure or usual
    if rates:
        found |= {"x1i": found["ai"], "x2i": found["ci"]}
        return _RATES, measure or "IRR"
    return None


def _arm_columns(names: Sequence[str], side_of: Side) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    exact = {n.lower(): n for n in names}
    found = {letter: exact[letter] for letter in _EXACT if letter in exact}
    derived: dict[tuple[str, str], str] = {}
    for name in names:
        if name in found.values():
            continue
        arm = side_of(name)
        what = statistic([w for w in words(name) if w != "r"]) or ("events" if "r" in words(name) else None)
        if arm is None or what is None:
            continue
        if what in _DERIVED:
            derived.setdefault((what, arm), name)
        elif (what, arm) in _LETTERS:
            found.setdefault(_LETTERS[what, arm], name)
    return found, derived


def _single(
    names: Sequence[str], measure: str | None
) -> tuple[dict[str, str], str, dict[tuple[str, str], str]] | None:
    """Columns of studies with one arm: correlations, means, rates, proportions."""
    by: dict[str, str] = {n.lower(): n for n in names if n.lower() in {"ri", "ni", "xi", "mi", "sdi", "ti"}}
    for name in names:
        what = statistic(words(name))
        if what is not None and side(words(name)) is None:
            by.setdefault(what, name)
    for statistics, letters, usual in _SINGLE:
        pairs = {
            letter: by.get(letter) or by.get(what) for what, letter in zip(statistics, letters, strict=True)
        }
        if all(pairs.values()):
            return {letter: column for letter, column in pairs.items() if column}, measure or usual, {}
    if "percent" in by and "n" in by:
        return {"ni": by["n"]}, measure or "PLO", {("percent", "one"): by["percent"]}
    return None


@dataclass(frozen=True, slots=True)
class _Effects:
    columns: dict[str, str]
    measure: str = "GEN"
    ratio: tuple[str, str, str] | None = None
    interval: tuple[str, str, str] | None = None


def _effect_columns(names: Sequence[str], measure: str | None) -> _Effects | None:
    by = {squeezed(n): n for n in names}
    effect = _first(by, EFFECT)
    if effect is not None:
        for letter, known in (("vi", VARIANCE), ("sei", ERROR)):
            error = _first(by, known)
            if error is not None:
                return _Effects({"yi": effect, letter: error}, _LOG_RATIOS.get(squeezed(effect), "GEN"))
    low, high, ratio = _first(by, LOW), _first(by, HIGH), _first(by, RATIO)
    if low is None or high is None:
        return None
    if ratio is not None:
        return _Effects({}, _RATIOS.get(squeezed(ratio), "GEN"), ratio=(ratio, low, high))
    if (
        effect is not None
        and measure in set(_RATIOS.values())
        and squeezed(effect) in {"estimate", "effect", "effekt"}
    ):
        return _Effects({}, str(measure), ratio=(effect, low, high))
    if effect is not None:
        return _Effects({}, _LOG_RATIOS.get(squeezed(effect), "GEN"), interval=(effect, low, high))
    return None


def _first(by: dict[str, str], known: frozenset[str]) -> str | None:
    return next((name for squeezed, name in by.items() if squeezed in known), None)


def study_column(names: Sequence[str]) -> str | None:
    """The column with the studies' names."""
    by = {squeezed(n): n for n in names}
    return next((by[word] for word in STUDY if word in by), None)
