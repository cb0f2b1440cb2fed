"""Flesch-Kincaid grade level, for the tests of patient texts (Kincaid et al. 1975)."""

import re

import pytest

VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    word = word.lower()
    count = len(VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye", "ie", "oe")) and count > 1
    silent_ed = word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1
    silent_es = word.endswith("es") and not word.endswith(("ses", "ces", "ges", "zes", "xes", "ches", "shes"))
    return max(1, count - bool(silent or silent_ed or (silent_es and count > 1)))


def sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?:])\s+(?=[A-Z\"'(\d])", text.strip())
    return [part for part in parts if re.search(r"[a-zA-Z]", part)]


def reading_grade(text: str) -> float:
    """0.39 x words per sentence + 11.8 x syllables per word - 15.59; numbers count as one-syllable words."""
    words = re.findall(r"[A-Za-z]+(?:'[a-z]+)?|\d[\d.,]*", text)
    spoken = sum(1 if word[0].isdigit() or word.isupper() else syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences(text)) + 11.8 * spoken / len(words) - 15.59


@pytest.fixture(scope="session")
def grade():
    return reading_grade
