"""What a pane clips, said inside an SVG: Qt writes none of a painter's clipping into one.

Each item draws two texts that no font has around what is clipped, the first with the rectangle; :func:`clipped` puts
all between them into a group with a clip path, and takes the texts away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from xml.etree.ElementTree import Element, SubElement, fromstring, register_namespace, tostring

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPaintEngine, QPainter

from simulator.system.markup_text import NO_TEXT

MARK = "\ue000"
"""A letter of private use, before the sides of a rectangle or alone."""
HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
SVG = "{http://www.w3.org/2000/svg}"

register_namespace("", SVG[1:-1])
register_namespace("xlink", "http://www.w3.org/1999/xlink")


@contextmanager
def clipping(painter: QPainter) -> Iterator[None]:
    """All that is drawn within ends where the painter clips, in an SVG too."""
    if painter.paintEngine().type() != QPaintEngine.Type.SVG or not painter.hasClipping():
        yield
        return
    room = painter.clipBoundingRect()
    _write(painter, f"{MARK}{room.x()} {room.y()} {room.width()} {room.height()}")
    try:
        yield
    finally:
        _write(painter, MARK)


def _write(painter: QPainter, text: str) -> None:
    painter.save()
    painter.setPen(Qt.GlobalColor.black)
    painter.drawText(QPointF(), text)
    painter.restore()


def clipped(drawing: bytes) -> bytes:
    """The SVG with clip paths in the place of marks."""
    root = fromstring(re.sub(NO_TEXT, "\N{REPLACEMENT CHARACTER}", drawing.decode()))
    (body,) = root.findall(f"{SVG}g")
    (definitions,) = root.findall(f"{SVG}defs")
    into, names = body, count(1)
    groups = list(body)
    body[:] = []
    for group in groups:
        part = SubElement(into, group.tag, group.attrib)
        for child in group:
            text = child.text or ""
            if not (child.tag == f"{SVG}text" and text.startswith(MARK)):
                part.append(child)
                continue
            into = body
            if text != MARK:
                name = f"clip-{next(names)}"
                definitions.append(_path(name, text.removeprefix(MARK).split(), group.get("transform", "")))
                into = SubElement(body, f"{SVG}g", {"clip-path": f"url(#{name})"})
            part = SubElement(into, group.tag, group.attrib)
    _drop_empty(body)
    return HEAD + tostring(root, encoding="unicode").encode()


def _path(name: str, sides: list[str], transform: str) -> Element:
    path = Element(f"{SVG}clipPath", {"id": name})
    rectangle = dict(zip(("x", "y", "width", "height"), sides, strict=True))
    SubElement(path, f"{SVG}rect", {**rectangle, "transform": transform} if transform else rectangle)
    return path


def _drop_empty(group: Element) -> None:
    """Groups that the marks alone stood in."""
    for child in list(group):
        if child.tag == f"{SVG}g":
            _drop_empty(child)
            if not len(child):
                group.remove(child)
