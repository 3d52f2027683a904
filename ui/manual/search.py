"""Finding pages by words, those first whose titles have them."""

from __future__ import annotations

import functools
import math

from ui.manual.book import pages
from ui.manual.page import Page
from ui.palette.matching import SHORTEST_SLIP, STEM
from ui.style.markdown import plain

IN_TITLE, WHOLE_TITLE = 100, 100
"""How many mentions in the text a word within the title is worth, and a whole word of it, beside that."""


def search(query: str) -> list[Page]:
    """The pages that have every word of ``query``, the best first; none for an empty one."""
    words = query.lower().split()
    if not words:
        return []
    weighed = [(_weight(page, words), page) for page in pages().values()]
    return [page for weight, page in sorted(weighed, key=lambda item: -item[0]) if weight > 0]


def _weight(page: Page, words: list[str]) -> int:
    """0 where a word is missing."""
    weights = [_mentions(page, word) or _mentions(page, _stem(word)) // 2 for word in words]
    return sum(weights) if all(weights) else 0


def _mentions(page: Page, word: str) -> int:
    title, text = page.title.lower(), _text(page)
    return text.count(word) + IN_TITLE * (word in title) + WHOLE_TITLE * (word in title.split())


def _stem(word: str) -> str:
    """How words begin that are related to a word: ``saturat`` of saturation, which *Saturated and dead* is about."""
    return word[: max(math.ceil(STEM * len(word)), SHORTEST_SLIP)]


@functools.cache
def _text(page: Page) -> str:
    return plain(page.text).lower()
