"""Texts that may be broken into lines within words that are wider than a line."""

from __future__ import annotations

from collections.abc import Callable

BREAK = "\N{ZERO WIDTH SPACE}"


def breakable(text: str, width: float, advance: Callable[[str], float]) -> str:
    """With breaks allowed within the words that are wider than ``width``; ``advance`` is how wide a text is."""
    return " ".join(BREAK.join(word) if advance(word) > width else word for word in text.split(" "))
