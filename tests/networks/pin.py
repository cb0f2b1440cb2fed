"""Pins what the network tests need of a folder of reference files: python tests/networks/pin.py FOLDER."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

PINNED = Path(__file__).parents[1] / "reference" / "networks" / "cases.json.gz"
NUMBERS = [
    "k",
    "tau",
    "Q",
    "df.Q",
    "I2",
    "Q.heterogeneity",
    "Q.inconsistency",
    "df.Q.inconsistency",
    "reference.group",
]
MATRICES = [
    "TE.random",
    "seTE.random",
    "lower.random",
    "pval.random",
    "lower.predict",
    "TE.common",
    "seTE.common",
]
COLUMNS = ("TE", "seTE", "treat1", "treat2", "studlab")


def plain(value):
    return value["value"] if isinstance(value, dict) and "value" in value else value


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.12g}")
    return [rounded(v) for v in value] if isinstance(value, list) else value


def case(whole, method):
    outputs = {c["id"]: c["out"] for c in whole["cases"]}
    fit, split = outputs[f"netmeta.{method}"], outputs[f"netsplit.back.{method}"]
    parts = {
        name: {key: rounded(plain(split[name])[key]) for key in ("TE", "seTE")}
        for name in ("direct.random", "indirect.random", "compare.random")
    }
    rank = outputs[f"netrank.{method}"]["ranking.random"]
    found = {name: plain(fit[name]) for name in NUMBERS}
    found |= {name: rounded(plain(fit[name])) for name in MATRICES}
    found |= {"treatments": fit["TE.random"]["rows"], "small": fit["small.values"]}
    found |= {"comparison": plain(split["comparison"]), "split": parts}
    found |= {"ranking": dict(zip(rank["names"], rounded(rank["value"]), strict=True))}
    if "error" not in outputs["decomp"]:
        inside = outputs["decomp"]["Q.inc.random"]
        found |= {"interaction": plain(inside)["Q"][0], "tau.within": plain(inside)["tau.within"][0]}
    return found


def main(folder):
    pinned = {"source": "netmeta 3.5-0, meta 8.4-0, metafor 5.1-12 on R 4.2.2", "sets": {}}
    for path in sorted(Path(folder).glob("*.nma.json.gz")):
        with gzip.open(path) as stream:
            whole = json.load(stream)
        ids = {c["id"] for c in whole["cases"] if c["out"] and "error" not in c["out"]}
        if "netsplit.back.DL" not in ids or "decomp" not in {c["id"] for c in whole["cases"]}:
            continue
        data = plain(whole["data"])
        pinned["sets"][path.name.split(".")[0]] = {
            "data": {name: data[name] for name in COLUMNS},
            "cases": {method: case(whole, method) for method in ("DL", "REML", "ML")},
        }
    with gzip.GzipFile(PINNED, "wb", mtime=0) as stream:
        stream.write(json.dumps(pinned).encode())


if __name__ == "__main__":
    main(sys.argv[1])
