"""The labelled pages, where they are at hand: no measure below its floor. Their text is never stored here."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT.parent / "shared" / "pages"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text(encoding="utf-8"))
# what the first floors promised: they may only rise
FIRST = {"detection_f1": 0.88, "kind_macro_f1": 0.75, "verdict_strict": 0.65, "verdict_lenient": 0.85}


def scorer():
    spec = importlib.util.spec_from_file_location("score_pages", ROOT / "benchmarks" / "score_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unit(start, end, **fields):
    return {"page": "p", "char_start": start, "char_end": end, "is_claim": True, "quantities": []} | fields


def test_floors_are_not_lower_than_the_first_ones():
    for floors in FLOORS.values():
        assert all(floors[key] >= floor for key, floor in FIRST.items())
        assert floors["missed_problems"] <= 0.15
        assert floors["false_alarms"] <= 0.05


@pytest.mark.skipif(not PAGES.exists(), reason="the labelled pages are not here")
def test_no_measure_falls_below_its_floor():
    score = scorer()
    assert score.below(score.measure(PAGES), FLOORS) == []


def test_the_scorer_matches_the_largest_overlap_once():
    gold = [unit(0, 10), unit(10, 20)]
    assert scorer().matched(gold, [unit(0, 14), unit(12, 20)]) == {0: 0, 1: 1}


def test_macro_f1_weighs_rare_labels_like_common_ones():
    pairs = [("a", "a")] * 9 + [("b", "a")]
    assert scorer().macro_f1(pairs) == pytest.approx((18 / 19 + 0) / 2)


def test_a_second_prediction_on_a_claim_is_not_punished_and_a_wrong_one_is():
    score = scorer()
    gold = [unit(0, 20)]
    found = [unit(0, 20), unit(0, 8), unit(50, 60)]
    result = score.detection(gold, found, [], score.matched(gold, found))
    assert result["detection_precision"] == pytest.approx(0.5)


def test_raising_floors_never_lowers_one():
    scores = {"seed": {"verdict_strict": 0.6, "false_alarms": 0.2}}
    floors = {"seed": {"verdict_strict": 0.65, "false_alarms": 0.05}}
    assert scorer().raised(scores, floors) == floors
