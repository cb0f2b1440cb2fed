"""Small-study effects in one plain sentence, for reports."""

from __future__ import annotations

import numpy as np

from needlepoint.bias.egger import egger
from needlepoint.errors import InputError
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.result import Pooled

__all__ = ["small_study_line"]


def small_study_line(fit: Pooled) -> str:
    """One plain sentence on small-study effects: Egger's test with the number of studies it stands on.

    >>> from needlepoint import pool
    >>> small_study_line(pool(yi=[0.1, 0.3, 0.2, 0.6], vi=[0.01, 0.03, 0.02, 0.09]))
    "Egger's test: p = 0.0014; with k = 4 studies (10 are needed) it can neither show nor rule out small-study effects."
    """
    choose({Pooled: None}, fit, verb="small_study_line")
    if fit.k < fit.p + 2:
        return f"With k = {fit.k} studies small-study effects cannot be examined."
    try:
        test = egger(fit)
    except InputError as error:
        return f"Small-study effects cannot be examined: {error.problem}."
    p = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.2g}"
    if test.k < 10:
        verdict = "(10 are needed) it can neither show nor rule out small-study effects"
        return f"Egger's test: {p}; with k = {test.k} studies {verdict}."
    if test.p_value >= 0.10:
        return f"Egger's test shows no small-study effect ({p}, k = {test.k})."
    same = np.sign(test.slope or 0.0) == np.sign(fit.estimate)
    side = "larger" if same else "smaller"
    return f"Small studies report {side} effects than large ones (Egger's test: {p}, k = {test.k})."
