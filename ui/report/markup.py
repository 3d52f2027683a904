"""HTML as a tree, so that no name or number in it can be taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, tostring

from simulator.system.markup_text import NO_TEXT

Child = Element | str
INDENT = 3 * "\N{NO-BREAK SPACE}"
"""Before what stands inside of the row above."""


def element(name: str, /, *children: Child, **attributes: str) -> Element:
    """``<name attributes>children</name>``; ``class_`` is the attribute ``class``, ``aria_label`` is ``aria-label``."""
    made = Element(name, {key.rstrip("_").replace("_", "-"): printable(value) for key, value in attributes.items()})
    add(made, *children)
    return made


def add(parent: Element, *children: Child) -> None:
    """Put text and elements at the end of an element."""
    for child in children:
        if isinstance(child, Element):
            parent.append(child)
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + printable(child)
        else:
            parent.text = (parent.text or "") + printable(child)


def printable(text: str) -> str:
    """The text with a mark in the place of each character that no page may hold."""
    return re.sub(NO_TEXT, "\N{REPLACEMENT CHARACTER}", text)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Child]], *, titled: bool = False) -> Element:
    """A table whose columns have ``heads``, and whose rows are named by their first cell.

    ``titled``: a heading above says what the caption says.
    """
    body = element("tbody")
    for first, *rest in rows:
        body.append(element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest)))
    head = element("thead", element("tr", *(element("th", text, scope="col") for text in heads)))
    words = element("caption", caption, class_="unseen" if titled else "seen")
    made = element("table", words, head, body, class_=f"columns-{len(heads)}")
    # What is wider than the page scrolls by itself.
    return element("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)


def document(root: Element) -> bytes:
    """The page as a file."""
    content: bytes = tostring(root, encoding="utf-8", method="html")
    return b"<!DOCTYPE html>\n" + content + b"\n"
