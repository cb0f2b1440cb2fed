"""Pages checked in a second, after start-up, and where the time goes.

python benchmarks/pages_per_second.py [--jobs 2] [--pages 200] [--page FILE]
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

SIZE = 19_000  # characters of a long page


def sample() -> str:
    text = (Path(__file__).resolve().parent.parent / "tests" / "claims" / "example.txt").read_text(
        encoding="utf-8"
    )
    return (text * (SIZE // len(text) + 1))[:SIZE]


def run(text: str, pages: int) -> float:
    """CPU seconds for some pages, after one that is not counted."""
    from needlepoint.claims.api import check_page, reader_of
    from needlepoint.claims.page import page_of_text

    page, reader = page_of_text(text), reader_of(None)
    check_page(page, reader)
    start = time.process_time()
    for _ in range(pages):
        check_page(page, reader)
    return time.process_time() - start


def stages(text: str) -> dict[str, float]:
    """Milliseconds of CPU for each step of one page (the best of five)."""
    from needlepoint.claims._lexicon import words_of
    from needlepoint.claims._shadow import damage_of, shadow_of
    from needlepoint.claims.api import check_page, reader_of
    from needlepoint.claims.extract import extract
    from needlepoint.claims.page import page_of_text
    from needlepoint.claims.reading import read_units

    page, reader = page_of_text(text), reader_of(None)
    shadow = shadow_of(text)
    words = words_of(shadow)
    vocabulary = frozenset(words.text)
    steps = {
        "words": lambda: words_of(shadow),
        "phrases": lambda: reader.vocabulary.lexicon.hits(words.text),
        "sentences, words, phrases": lambda: read_units(shadow, reader.vocabulary),
        "claims with their fields": lambda: extract(shadow, reader.vocabulary, reader.main),
        "damage": lambda: damage_of(shadow, vocabulary),
        "the whole page": lambda: check_page(page, reader),
    }
    out: dict[str, float] = {}
    for name, step in steps.items():
        best = float("inf")
        for _ in range(5):
            start = time.process_time()
            step()
            best = min(best, time.process_time() - start)
        out[name] = best * 1000
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    text = options.page.read_text(encoding="utf-8") if options.page else sample()
    each = max(1, options.pages // options.jobs)
    with ProcessPoolExecutor(options.jobs) as pool:
        list(pool.map(run, [text] * options.jobs, [1] * options.jobs))  # start-up
        start = time.perf_counter()
        cpu = sum(pool.map(run, [text] * options.jobs, [each] * options.jobs))
        wall = time.perf_counter() - start
    done = each * options.jobs
    print(f"{done / wall:.0f} pages/s on {options.jobs} processes; {1000 * cpu / done:.1f} ms of CPU a page")
    for name, ms in stages(text).items():
        print(f"  {name:28}{ms:7.2f} ms")


if __name__ == "__main__":
    main()
