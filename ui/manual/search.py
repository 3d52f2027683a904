"""Finding pages by words, those first whose titles have them."""

from __future__ import annotations

import functools

from ui.manual.book import pages
from ui.manual.page import Page
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
    title, text = page.title.lower(), _text(page)
    weights = [text.count(word) + IN_TITLE * (word in title) + WHOLE_TITLE * (word in title.split()) for word in words]
    return sum(weights) if all(weights) else 0


@functools.cache
def _text(page: Page) -> str:
    return plain(page.text).lower()
