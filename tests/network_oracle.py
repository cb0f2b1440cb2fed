"""The oracle's files, and its tables as arrays."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np

import needlepoint as n

FOLDER = Path(__file__).parents[0] / "reference" / "networks"
WHOLE = ("hasselblad1998", "pagliaro1992", "parkinson", "senn2013", "smokingcessation", "woods2010")


@cache
def cases(name):
    with gzip.open(FOLDER / f"{name}.json.gz") as file:
        return {case["id"]: case["out"] for case in json.load(file)["cases"]}


@cache
def data(name):
    with gzip.open(FOLDER / f"{name}.json.gz") as file:
        return json.load(file)["data"]


def matrix(m):
    odd = {None: np.nan, "Inf": np.inf, "-Inf": -np.inf}
    return np.array(
        [[odd.get(x, x) if not isinstance(x, float) else x for x in row] for row in m["value"]], float
    )


@cache
def fitted(name, method, tau2=None):
    out = cases(name)["netmeta.DL"]
    return n.network(
        study=out["studlab"], treat1=out["treat1"], treat2=out["treat2"], yi=out["TE"], sei=out["seTE"],
        method=method, tau2=tau2, test="z", level=out["level"],
    )  # fmt: skip


def at_their_tau2(name, method):
    return fitted(name, method, cases(name)[f"netmeta.{method}"]["tau2"])
