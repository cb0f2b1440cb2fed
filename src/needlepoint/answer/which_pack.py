"""Which of the installed packs answers a question."""

from __future__ import annotations

from needlepoint.errors import EvidenceError
from needlepoint.evidence.load import load_pack, load_words, pack_ids
from needlepoint.evidence.packs import DEFAULT
from needlepoint.evidence.question import Question, match_question
from needlepoint.evidence.schema import Pack

__all__ = ["find_pack"]

READ_AS = "the question names no condition"


def find_pack(text: str) -> tuple[Pack, Question]:
    """The pack whose words read the question best: names its condition, then leaves the fewest words unused.

    Raises
    ------
    EvidenceError
        No installed pack knows what is asked; says what the closest one knows, and which packs there are.
    """
    read: list[tuple[bool, int, int, str]] = []
    refused: EvidenceError | None = None
    order = sorted(pack_ids(), key=lambda i: (i != DEFAULT, i))
    for place, id_ in enumerate(order):
        try:
            asked = match_question(text, load_words(id_))
        except EvidenceError as error:
            refused = refused or error
        else:
            read.append((any(READ_AS in n for n in asked.notes), len(asked.unused), place, id_))
    if not read:
        assert refused is not None
        raise _nothing(refused, order)
    pack = load_pack(min(read)[-1])
    return pack, match_question(text, pack)


def _nothing(refused: EvidenceError, order: list[str]) -> EvidenceError:
    if len(order) == 1:
        return refused
    return EvidenceError(f"{refused}; packs looked through: {', '.join(order)}")
