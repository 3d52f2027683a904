"""Text in SVG and HTML files: put into an element of its own, and read without believing anything of the file."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

MOST_BYTES = 2**25
"""Of a file that are looked through: the element stands at its beginning."""
PIECE = 2**22
SVG_HEAD = rb"<svg\b[^>]*>(?:\s*<(title|desc)>[^<]*</\1>)*"
"""Pattern of what stays before it: the element's start, and its words for people."""
NO_TEXT = "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
"""Pattern of what neither a drawing nor a page may hold, whatever a name is: control and halves of characters."""


class MarkupError(ValueError):
    """What was read is no such file, or not one that may be read; one sentence."""


def with_metadata(svg: bytes, id: str, text: bytes) -> bytes:
    """The drawing with a text, in which nothing is markup, as its metadata; MarkupError where it is no drawing."""
    head = re.search(SVG_HEAD, svg)
    if head is None:
        raise MarkupError("it is no SVG drawing")
    element = b'\n<metadata id="%s">%s</metadata>' % (id.encode("ascii"), text)
    return svg[: head.end()] + element + svg[head.end() :]


def with_template(html: bytes, id: str, text: bytes) -> bytes:
    """The page with a text, in which nothing is markup, in a template, which no browser shows or runs."""
    start, end, rest = html.partition(b"</head>")
    if not end:
        raise MarkupError("it is no page")
    return b'%s<template id="%s">%s</template>\n%s%s' % (start, id.encode("ascii"), text, end, rest)


def template_of(stream: IO[bytes], id: str, limit: int) -> bytes | None:
    """The text in the template of that id; None where there is none, MarkupError where it is larger than ``limit``."""
    content = stream.read(MOST_BYTES)
    _before, start, rest = content.partition(b'<template id="%s">' % id.encode("ascii"))
    text, end, _after = rest.partition(b"</template>")
    if not start:
        return None
    if not end or len(text) > limit:
        raise MarkupError(f"its text has no end within {limit // 2**20} MiB")
    return text


def metadata_of(stream: IO[bytes], id: str, limit: int) -> bytes | None:
    """The text in the metadata of that id; None where there is none.

    MarkupError where it is no XML, declares entities, whose text could be of any length, or is larger than ``limit``.
    """
    from xml.parsers import expat  # Most starts open no drawing.

    parser = expat.ParserCreate()
    reader = _MetadataReader(parser, id, limit)
    left = MOST_BYTES
    try:
        while left > 0 and not reader.complete:
            piece = stream.read(min(PIECE, left))
            left -= len(piece)
            parser.Parse(piece, not piece)
            if not piece:
                break
    except expat.ExpatError as error:
        if not reader.complete:
            raise MarkupError(f"it is no XML ({expat.errors.messages[error.code]})") from None
    return reader.text


class _MetadataReader:
    """Listens to expat, which by itself opens no other file."""

    def __init__(self, parser: XMLParserType, id: str, limit: int) -> None:
        self.complete = False
        self._id, self._limit = id, limit
        self._pieces: list[str] | None = None
        self._size = self._inside = 0
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._take
        parser.EntityDeclHandler = self._refuse_entities

    @property
    def text(self) -> bytes | None:
        if not self.complete or self._pieces is None:
            return None
        return "".join(self._pieces).encode(errors="surrogatepass")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._inside:
            self._inside += 1
        elif not self.complete and name.rpartition(":")[2] == "metadata" and attributes.get("id") == self._id:
            self._inside, self._pieces = 1, []

    def _end(self, _name: str) -> None:
        if self._inside:
            self._inside -= 1
            self.complete = not self._inside

    def _take(self, text: str) -> None:
        if self._inside and self._pieces is not None:
            self._size += len(text)
            if self._size > self._limit:
                raise MarkupError(f"its text is larger than {self._limit // 2**20} MiB")
            self._pieces.append(text)

    def _refuse_entities(self, *_declared: object) -> None:
        raise MarkupError("it declares entities, which no drawing needs")
