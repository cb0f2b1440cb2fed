"""Draw the pictures of the guides from the packs: python docs/figures.py."""

from __future__ import annotations

from pathlib import Path

import needlepoint
from needlepoint.figures.files import figure_bytes
from needlepoint.figures.forest import forest

HERE = Path(__file__).parent / "img"


def main() -> None:
    """Acupuncture against sham, pain at the end of treatment: the trials of the first answer."""
    answer = needlepoint.ask("does acupuncture help with lower back pain?")
    cell = next(c for c in answer.cells if (c.key.comparator, c.key.outcome) == ("sham", "pain"))
    factor = cell.scale.factor if cell.scale else 1.0
    pooled = needlepoint.pool(
        yi=[factor * t.yi for t in cell.trials],
        vi=[factor**2 * t.vi for t in cell.trials],
        study=[t.label for t in cell.trials],
        measure="MD",
    )
    figure = forest(
        pooled,
        title="Acupuncture against sham: pain at the end of treatment",
        label="points of 100; left is better",
    )
    path = HERE / "sham-pain.svg"
    path.write_bytes(figure_bytes(figure, path))
    print(f"wrote {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
