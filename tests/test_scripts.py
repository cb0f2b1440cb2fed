"""The three scripts of the guides: short, public names only, no table given twice, and they run."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "scripts.md"
SCRIPTS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
STATISTICIAN, CLINICIAN, SERVICE = SCRIPTS


@pytest.fixture
def ran(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(script):
        names = {}
        exec(compile(script, "script", "exec"), names)
        return names, capsys.readouterr().out

    return run


@pytest.mark.parametrize("script", SCRIPTS, ids=["statistician", "clinician", "programmer"])
def test_a_script_is_short_and_uses_public_names_only(script):
    assert len([line for line in script.splitlines() if line.strip()]) <= 25
    assert not re.search(r"needlepoint\.\w|\b_\w|data=", script)


def test_the_statistician_gets_the_figures_of_the_bcg_trials(ran, tmp_path):
    names, text = ran(STATISTICIAN)
    fit, model = names["fit"], names["model"]
    # metafor 5.1-12 on these tables: rma(ai=tpos, ..., measure="RR") and mods = ~ ablat
    assert (fit.estimate, fit.tau2) == pytest.approx((-0.7145, 0.3132), abs=1e-4)
    assert [c.estimate for c in model.coefficients] == pytest.approx([0.2515, -0.0291], abs=1e-4)
    assert "Egger" in text
    assert "<svg" in (tmp_path / "forest.svg").read_text(encoding="utf-8")


def test_the_clinician_gets_an_answer_a_warning_and_two_pages(ran, tmp_path):
    names, text = ran(CLINICIAN)
    assert names["safety"].level == "ask before booking"
    assert "low back pain" in text
    for page in ("answer.html", "decision.html"):
        assert (tmp_path / page).read_text(encoding="utf-8").startswith("<!doctype html>")


def answered(application, body):
    status = []
    environ = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    out = b"".join(application(environ, lambda text, headers: status.append(text)))
    return status[0], json.loads(out)


def test_the_service_answers_good_and_bad_studies(ran):
    application = ran(SERVICE)[0]["application"]
    studies = {"study": ["a", "b"], "ai": [4, 6], "n1i": [20, 30], "ci": [9, 11], "n2i": [21, 29]}
    status, found = answered(application, json.dumps(studies).encode())
    assert status.startswith("200")
    assert found["k"] == 2
    assert found["estimate"] < 0
    status, found = answered(application, json.dumps(studies | {"ai": [4, 60]}).encode())
    assert status.startswith("422")
    assert found["study"] == "b"
    for body in (b"", b"{", b"[]", b"3", b'{"study": []}', b'{"ai": "x"}'):
        assert answered(application, body)[0].startswith("422")
