"""What people call the columns of their tables, in small letters; for the arms, the statistics and the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = [
    "CONTROL",
    "EFFECT",
    "ERROR",
    "GROUP",
    "HIGH",
    "LOW",
    "RATIO",
    "STATISTICS",
    "STUDY",
    "TREATED",
    "VARIANCE",
    "side",
    "squeezed",
    "statistic",
    "words",
]


def _spellings(text: str) -> frozenset[str]:
    return frozenset(text.split())


TREATED = _spellings(
    "1 t e trt treat treated treatment exp experimental intervention int active verum behandlung therapie traitement"
)
CONTROL = _spellings(
    "2 c ctrl control controls ctl placebo pbo comparator comp sham reference ref usual waitlist waiting untreated "
    "kontrolle kontrollgruppe controle control2 scheinbehandlung"
)
STATISTICS = {
    "percent": _spellings("percent pct percentage prozent"),
    "se": _spellings("se sem stderr"),
    "sd": _spellings("sd sds std stdev stddev standardabweichung"),
    "median": _spellings("median medians med mediane"),
    "q1": _spellings("q1 p25 quartile1 lq"),
    "q3": _spellings("q3 p75 quartile3 uq"),
    "time": _spellings("time exposure person py pys persontime personyears persondays patientyears"),
    "events": _spellings(
        "event events cases resp responders response responses deaths died success successes pos ereignisse"
    ),
    "mean": _spellings("m mean means avg average mittelwert mw moyenne media"),
    "n": _spellings(
        "n ns total totals size num count patients people ntot participants randomised randomized anzahl"
    ),
    "r": _spellings("r cor corr correlation correlations rho pearson korrelation"),
}
"""Statistic -> its names; those that say more stand first ("mean sd" is no mean)."""

EFFECT = _spellings(
    "yi y te es effect effectsize estimate est g d smd md diff difference logor logrr loghr lnor lnrr lnhr effekt"
)
VARIANCE = _spellings("vi v var variance varianz")
ERROR = _spellings("sei se sete stderr standarderror seyi standardfehler")
LOW = _spellings("cilow cilb lower low lcl ll cistart lowerci cil lowerlimit untere")
HIGH = _spellings("cihigh ciub upper high ucl ul ciend upperci ciu upperlimit obere")
RATIO = _spellings("or rr hr irr oddsratio riskratio relativerisk hazardratio rateratio odds risk")
STUDY = (
    *(
        "study",
        "studies",
        "studlab",
        "trial",
        "trials",
        "author",
        "authors",
        "studyid",
        "trialid",
        "label",
        "slab",
    ),
    *("studie", "etude", "estudio", "authoryear", "studyauthor", "firstauthor", "reference", "id", "name"),
)
GROUP = _spellings(
    "group groups arm arms treatment treatments intervention condition trt gruppe groupe grupo"
)


def words(name: str) -> list[str]:
    """The words of a column's name: "meanTreat_1" -> mean, treat, 1; quartiles stay whole."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", name)
    spaced = re.sub(r"[\W_]+", " ", spaced.lower())
    return re.sub(r"\b([qp]) (1|3|25|75)\b", r"\1\2", spaced).split()


def squeezed(name: str) -> str:
    """A column's name without capitals, spaces and marks."""
    return re.sub(r"[\W_]", "", name.lower())


def side(named: Iterable[str]) -> str | None:
    """Which arm the words of a name speak of: "treated", "control", or None."""
    found = set(named)
    treated, control = bool(found & TREATED), bool(found & CONTROL)
    if treated == control:
        return None
    return "treated" if treated else "control"


def statistic(named: Sequence[str]) -> str | None:
    """Which statistic the words of a name speak of."""
    found = set(named)
    return next((name for name, known in STATISTICS.items() if found & known), None)
