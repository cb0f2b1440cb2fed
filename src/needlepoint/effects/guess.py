"""Which columns of a user's table are what: means and spreads, counts, or effects with their errors.

A guess is never silent: it says which column it took for what, and the caller prints it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from needlepoint.errors import InputError
from needlepoint.result import record

__all__ = ["Guess", "guess_columns"]


def _spellings(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TREATED = _spellings("1 t e trt treat treated treatment exp experimental intervention int active verum")
_CONTROL = _spellings("2 c ctrl control ctl placebo pbo comparator comp sham reference ref usual")
_STATISTICS = {
    "mean": _spellings("m mean means avg average"),
    "sd": _spellings("sd sds std stdev stddev"),
    "n": _spellings("n total totals size num count patients people ntot"),
    "events": _spellings("event events cases case responders deaths r died success successes pos"),
}
_LETTERS = {
    ("mean", "treated"): "m1i",
    ("sd", "treated"): "sd1i",
    ("n", "treated"): "n1i",
    ("events", "treated"): "ai",
    ("mean", "control"): "m2i",
    ("sd", "control"): "sd2i",
    ("n", "control"): "n2i",
    ("events", "control"): "ci",
}
_EFFECT = _spellings("yi y te es effect effectsize estimate est g d smd md diff difference logor logrr loghr")
_VARIANCE = _spellings("vi v var variance")
_ERROR = _spellings("sei se sete stderr standarderror seyi")
_STUDY = (
    "study",
    "studlab",
    "trial",
    "author",
    "authors",
    "studyid",
    "trialid",
    "label",
    "slab",
    "id",
    "name",
)
_LOW = _spellings("cilow cilb lower low lcl ll cistart lowerci cil")
_HIGH = _spellings("cihigh ciub upper high ucl ul ciend upperci ciu")
_RATIO = _spellings("or rr hr irr oddsratio riskratio hazardratio rateratio")

_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
_COUNTS = ("ai", "n1i", "ci", "n2i")
_TABLE = ("ai", "bi", "ci", "di")


@record
class Guess:
    """Columns for ``effect_sizes`` (letter -> column), the measure, and the sentence that says so."""

    columns: dict[str, str]
    measure: str
    study: str | None
    ratio_interval: tuple[str, str, str] | None = None  # ratio, low, high: to be logged
    interval: tuple[str, str, str] | None = None  # estimate, low, high

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
        pairs = ", ".join(f"{letter} = {name}" for letter, name in taken.items())
        label = f", study = {self.study}" if self.study else ""
        return f"measure {self.measure}; {pairs}{label}"


def guess_columns(names: Sequence[str], measure: str | None = None) -> Guess:
    """Guess what the columns are from their names.

    Letters of the field (``ai``, ``m1i``, ``yi`` ...) are taken as they are; other names by their words
    ("mean_treatment", "sd.c", "events1"). Effects with their errors win over arm summaries.

    Raises
    ------
    InputError
        Nothing that can be pooled is there; says what names would be understood.

    >>> guess_columns(["trial", "mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]).text
    'measure MD; m1i = mean_t, sd1i = sd_t, n1i = n_t, m2i = mean_c, sd2i = sd_c, n2i = n_c, study = trial'
    """
    study = _study(names)
    found = _arm_columns([n for n in names if n != study])
    effects = _effect_columns(names)
    arms = _arm_measure(found, measure)
    if effects is not None and (measure in {None, "GEN"} or arms is None):
        columns, ratio, interval = effects
        return Guess(
            columns=columns, measure=measure or "GEN", study=study, ratio_interval=ratio, interval=interval
        )
    if arms is None:
        raise InputError(
            "cannot tell which columns hold the results",
            field="columns",
            got=", ".join(names),
            allowed="yi with vi or sei; m1i sd1i n1i m2i sd2i n2i; ai n1i ci n2i; or mean_t, sd_c, events_c ...",
            mend="name the columns so, or say which is which: --col m1i=NAME",
        )
    letters, chosen = arms
    return Guess(columns={letter: found[letter] for letter in letters}, measure=chosen, study=study)


def _arm_measure(found: dict[str, str], measure: str | None) -> tuple[tuple[str, ...], str] | None:
    for letters, usual in ((_MEANS, "MD"), (_TABLE, "RR"), (_COUNTS, "RR")):
        if all(letter in found for letter in letters):
            return letters, measure or usual
    return None


def _words(name: str) -> list[str]:
    """The words of a column name: "meanTreat_1" -> mean, treat, 1."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", name)
    return [w for w in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if w]


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _arm_columns(names: Sequence[str]) -> dict[str, str]:
    exact = {n.lower(): n for n in names}
    found = {letter: exact[letter] for letter in (*_MEANS, "ai", "bi", "ci", "di") if letter in exact}
    for name in names:
        if name in found.values():
            continue
        words = set(_words(name))
        side = _side(words)
        statistic = next((s for s, known in _STATISTICS.items() if words & known), None)
        if side is not None and statistic is not None:
            found.setdefault(_LETTERS[statistic, side], name)
    return found


def _side(words: set[str]) -> str | None:
    treated, control = bool(words & _TREATED), bool(words & _CONTROL)
    if treated == control:
        return None
    return "treated" if treated else "control"


def _effect_columns(
    names: Sequence[str],
) -> tuple[dict[str, str], tuple[str, str, str] | None, tuple[str, str, str] | None] | None:
    by = {_squeezed(n): n for n in names}
    effect = _first(by, _EFFECT)
    if effect is not None:
        for letter, known in (("vi", _VARIANCE), ("sei", _ERROR)):
            error = _first(by, known)
            if error is not None:
                return {"yi": effect, letter: error}, None, None
    low, high, ratio = _first(by, _LOW), _first(by, _HIGH), _first(by, _RATIO)
    if low is not None and high is not None:
        if ratio is not None:
            return {}, (ratio, low, high), None
        if effect is not None:
            return {}, None, (effect, low, high)
    return None


def _first(by: dict[str, str], known: frozenset[str]) -> str | None:
    return next((name for squeezed, name in by.items() if squeezed in known), None)


def _study(names: Sequence[str]) -> str | None:
    by = {_squeezed(n): n for n in names}
    return next((by[word] for word in _STUDY if word in by), None)
