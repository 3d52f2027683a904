"""Lines of a script: expressions cut where ruff would cut them, names as identifiers, text in quotes."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable, Iterator

WIDTH = 120
OPENING, CLOSING = "([{", ")]}"


def wrapped(code: str, indent: int = 0, tail: str = "", filled: bool = False) -> list[str]:
    """An expression as lines of at most ``WIDTH`` characters where that can be.

    Arguments that do not fit on one line stand on a line each, or, ``filled``, as many on each as it takes.
    """
    space = " " * indent
    whole = f"{space}{code}{tail}"
    if len(whole) <= WIDTH:
        return [whole]
    start, end = _last_brackets(code)
    if start < 0:
        return [whole]
    inner = code[start + 1 : end].strip()
    head, foot = f"{space}{code[: start + 1]}", f"{space}{code[end:]}{tail}"
    if len(inner) + indent + 4 <= WIDTH and not code.endswith("]"):
        return [head, f"{space}    {inner}", foot]
    if inner.startswith("{") and _last_brackets(inner) == (0, len(inner) - 1):
        # A call of one dictionary: its brackets stand together.
        head, foot, inner = f"{head}{{", f"{space}}}{code[end:]}{tail}", inner[1:-1]
    lines = [head]
    for part in arguments(inner):
        own = wrapped(part, indent + 4, ",", filled)
        if filled and len(lines) > 1 and len(own) == 1 and len(lines[-1]) + len(part) + 2 <= WIDTH:
            lines[-1] += f" {part},"
        else:
            lines += own
    return [*lines, foot]


def filled(code: str, indent: int) -> list[str]:
    """An expression as full lines of at most ``WIDTH`` characters where that can be, cut behind any of its commas."""
    places = [place for place, mark in _marks(code) if mark == "," and code[place + 1 : place + 2] == " "]
    lines = [" " * indent]
    for start, stop in itertools.pairwise((-2, *places, len(code) - 1)):
        part = code[start + 2 : stop + 1]
        if len(lines[-1]) + len(part) + 1 > WIDTH:
            lines.append(" " * (indent + 4) + part)
        else:
            lines[-1] += " " * (start >= 0) + part
    return lines


def _last_brackets(code: str) -> tuple[int, int]:
    """Where the last outermost brackets open and close; −1 where there are none."""
    depth, start, pair = 0, -1, (-1, -1)
    for place, mark in _marks(code):
        if mark in OPENING:
            start = place if not depth else start
            depth += 1
        elif mark in CLOSING:
            depth -= 1
            pair = (start, place) if not depth else pair
    return pair


def arguments(code: str) -> Iterator[str]:
    """What stands between commas that are in no brackets and no quotes."""
    depth, begun = 0, 0
    for place, mark in _marks(code):
        depth += (mark in OPENING) - (mark in CLOSING)
        if mark == "," and not depth:
            yield code[begun:place].strip()
            begun = place + 1
    if rest := code[begun:].strip():
        yield rest


def first_arguments(code: str, name: str, by: str = "{}") -> str:
    """The same with each call of a function replaced ``by`` its first argument."""
    while match := re.search(rf"\b{name}\(", code):
        inside = code[match.end() :]
        end = _closing(inside)
        code = f"{code[: match.start()]}{by.format(next(arguments(inside[:end])))}{inside[end + 1 :]}"
    return code


def _closing(code: str) -> int:
    """Where the bracket closes that was opened before."""
    depth = 1
    for place, mark in _marks(code):
        depth += (mark in OPENING) - (mark in CLOSING)
        if not depth:
            return place
    raise ValueError("a bracket is not closed")


def _marks(code: str) -> Iterator[tuple[int, str]]:
    """Characters with their places, text in quotes left out."""
    quote, escaped = "", False
    for place, mark in enumerate(code):
        if quote and (escaped or mark == "\\"):
            escaped = not escaped
        elif quote:
            quote = "" if mark == quote else quote
        elif mark in "\"'":
            quote = mark
        else:
            yield place, mark


def quoted(text: str) -> str:
    """A string literal in double quotes, as ruff writes it."""
    shown = ascii(text) if not text.isprintable() else repr(text)
    if shown[0] == '"' or '"' in text:
        return shown
    return f'"{shown[1:-1]}"'


def indented(lines: Iterable[str], indent: int) -> list[str]:
    """Lines further in."""
    return [" " * indent + line for line in lines]


def lines_of(template: str, **values: object) -> list[str]:
    """A template with the words in «» replaced."""
    for name, value in values.items():
        template = template.replace(f"«{name}»", str(value))
    return template.strip("\n").split("\n")


def packed(items: Iterable[str], indent: int) -> list[str]:
    """Items with commas between them on as few lines as they need."""
    return textwrap.wrap(", ".join(items), WIDTH - indent, break_long_words=False, break_on_hyphens=False)
