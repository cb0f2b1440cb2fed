"""Numbers in words, as the summaries of this room write them."""

from __future__ import annotations

__all__ = ["p_words"]


def p_words(p: float) -> str:
    """A p-value that is never shown as zero.

    >>> p_words(0.04123), p_words(2e-9)
    ('p = 0.0412', 'p < 0.0001')
    """
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}"
