"""Text as it is shown: on one line, not too long, with a capital."""

from __future__ import annotations


def one_line(text: object) -> str:
    """As text, with one space between words."""
    return " ".join(str(text).split())


def shortened(text: str, length: int = 80) -> str:
    """Of a longer text, its beginning."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def capitalized(text: str) -> str:
    """The same as the beginning of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"
