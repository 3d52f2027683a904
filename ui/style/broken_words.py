"""Texts broken into lines: between parts, and within words that are wider than a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

BREAK = "\N{ZERO WIDTH SPACE}"


def breakable(text: str, width: float, advance: Callable[[str], float]) -> str:
    """With breaks allowed within the words that are wider than ``width``; ``advance`` is how wide a text is."""
    return " ".join(BREAK.join(word) if advance(word) > width else word for word in text.split(" "))


def broken(parts: Sequence[str], separator: str, fits: Callable[[str], bool]) -> list[str]:
    """The parts in as few lines as fit, one at least in each."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]}{separator}{part}"
        lines[-1:] = [longer] if fits(longer) else [lines[-1], part]
    return lines
