"""Pages checked in a second, after start-up, and where the time goes.

python benchmarks/pages_per_second.py [--jobs 2] [--pages 200] [--page FILE]

Every page is another one: the sentences of the given page in a new order, some of them left out or told twice, so that
nothing is gained by remembering pages. ``wall`` is what a watch shows and shrinks when others use the machine; ``CPU``
is the time of the processors alone.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

SIZE = 19_000  # characters of a long page
WARM = 20  # pages that are not counted


def sample() -> str:
    text = (Path(__file__).resolve().parent.parent / "tests" / "claims" / "example.txt").read_text(
        encoding="utf-8"
    )
    return (text * (SIZE // len(text) + 1))[:SIZE]


def shuffled(text: str, seed: int) -> str:
    """A page of the same length and words: its lines and sentences in another order, one in ten left out or doubled."""
    rng = random.Random(seed)
    lines = text.split("\n")
    for i, line in enumerate(lines):
        sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", line)
        rng.shuffle(sentences)
        lines[i] = " ".join(s for s in sentences for _ in range(rng.choices([0, 1, 2], [1, 18, 1])[0]))
    rng.shuffle(lines)
    return "\n".join(lines)


def run(texts: list[str], how: str) -> float:
    """CPU seconds for some pages: to a result, or on to a line of JSON."""
    from needlepoint.claims.api import check_page, reader_of
    from needlepoint.claims.page.page import page_of_text

    reader = reader_of(None)
    start = time.process_time()
    for text in texts:
        result = check_page(page_of_text(text), reader)
        if how == "JSON":
            json.dumps(result.to_dict(), ensure_ascii=False)
    return time.process_time() - start


def warm(texts: list[str]) -> None:
    from needlepoint.claims.many import make_ready

    make_ready(None)
    run(texts, "JSON")


def speed(text: str, jobs: int, pages: int, how: str) -> str:
    """Pages a second on warm processes, by the watch and by the time of the processors."""
    each = max(1, pages // jobs)
    shares = [[shuffled(text, 1000 * job + n) for n in range(each)] for job in range(jobs)]
    first = [shuffled(text, -n) for n in range(WARM)]
    with ProcessPoolExecutor(jobs, initializer=warm, initargs=(first,)) as pool:
        list(pool.map(time.sleep, [0.2] * jobs))  # every process is up
        start = time.perf_counter()
        cpu = sum(pool.map(run, shares, [how] * jobs))
        wall = time.perf_counter() - start
    done = each * jobs
    return (
        f"{done / wall:5.0f} pages/s by wall, {jobs * done / cpu:5.0f} by CPU on {jobs} processes;"
        f" {1000 * cpu / done:5.1f} ms of CPU a page"
    )


def best(step: Callable[[], object]) -> float:
    """Milliseconds of CPU: the lower quartile of many runs, since others may use the machine."""
    times: list[float] = []
    for _ in range(24):
        start = time.thread_time()
        step()
        times.append(time.thread_time() - start)
    return 1000 * statistics.quantiles(times, n=4)[0]


def stages(text: str) -> dict[str, float]:
    """Milliseconds of CPU for each step of one page."""
    from needlepoint.claims.api import check_page, reader_of
    from needlepoint.claims.contradictions import contradictions_of
    from needlepoint.claims.facts.extract import extract
    from needlepoint.claims.judge import judge
    from needlepoint.claims.page.page import page_of_text
    from needlepoint.claims.reading.lexicon import words_of
    from needlepoint.claims.reading.lines import lines_of
    from needlepoint.claims.reading.plain_copy import damage_of, shadow_of
    from needlepoint.claims.reading.reading import read_units
    from needlepoint.claims.scorecard import score_card_of

    page, reader = page_of_text(text), reader_of(None)
    shadow, words, vocabulary = shadow_of(text), words_of(shadow_of(text)), reader.vocabulary
    units, _ = read_units(shadow, vocabulary)
    lexicon, letters = vocabulary.lexicon, vocabulary.lexicon.letters(words.text)
    found = extract(shadow, vocabulary, reader.main)
    result = check_page(page, reader)
    judged, ids = result.claims, [j.claim.id for j in result.claims]
    return {
        "page from text": best(lambda: page_of_text(text)),
        "words": best(lambda: words_of(shadow)),
        "lines": best(lambda: lines_of(shadow)),
        "phrases": best(lambda: [lexicon.hits(letters, u.first, u.last) for u in units]),
        "words, sentences, phrases": best(lambda: read_units(shadow, vocabulary)),
        "... and claims with fields": best(lambda: extract(shadow, vocabulary, reader.main)),
        "verdicts": best(lambda: [judge(c, "C001", text, "", reader.rows) for c in found.cases]),
        "contradictions": best(lambda: contradictions_of(found.cases, ids)),
        "damage": best(lambda: damage_of(shadow, words)),
        "score card": best(lambda: score_card_of(found, judged, page)),
        "the whole page": best(lambda: check_page(page, reader)),
        "as plain data": best(result.to_dict),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    text = options.page.read_text(encoding="utf-8") if options.page else sample()
    print("text to result    " + speed(text, options.jobs, options.pages, "result"))
    print("text to JSON line " + speed(text, options.jobs, options.pages, "JSON"))
    for name, ms in stages(text).items():
        print(f"  {name:28}{ms:7.2f} ms")


if __name__ == "__main__":
    main()
