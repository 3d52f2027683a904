"""Plots as drawings inside of a page: nothing in them can act or reach outside, and together they stay small."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.etree.ElementTree import Element, fromstring, tostring

from PySide6.QtGui import QImage

from simulator.system.progress import followed
from ui.export.pictures import PictureSettings, in_theme, picture, png_of, vector_drawing
from ui.plots.base import Plot
from ui.report.markup import element
from ui.style.numbers import decimal, integer
from ui.style.theme import THEMES

SETTINGS = PictureSettings(light=False)
"""How a plot is drawn."""
MOST_BYTES = 4_500_000
"""Of all drawings of a page together."""
SCALES = (2.0, 1.5, 1.0, 0.75, 0.5)
"""Of a picture in the place of a drawing that would be too large; the first that is small enough is taken."""
DRAWN = frozenset({
    "svg", "g", "defs", "clipPath", "linearGradient", "radialGradient", "pattern", "mask", "stop", "path", "polyline",
    "polygon", "line", "rect", "circle", "ellipse", "text", "tspan", "image", "use",
})  # fmt: skip
"""What a drawing may be made of."""
COORDINATES = frozenset({"points", "d"})
DECIMALS = re.compile(r"-?\d+\.\d{3,}(e-?\d+)?")
REFERENCE = re.compile(r"url\(#([^)]*)\)")


@dataclass(frozen=True)
class Figure:
    """A plot on a page."""

    key: str
    title: str
    explain: str
    sentence: str
    """What it shows, for whoever cannot see it."""
    drawings: tuple[Element, ...]
    """In light and in dark colours."""
    note: str = ""
    """Why it is a picture and no drawing."""


def figures(plots: Sequence[Plot[Any]]) -> tuple[Figure, ...]:
    """What each plot shows; those whose drawings are largest become pictures where all would take too much.

    Says how far it is. Raises :class:`~ui.export.ExportError` for a plot that shows nothing.
    """
    drawn = {plot: _figure(plot) for plot in followed(plots, "Drawing plots", "plots")}
    sizes = {plot: _size(figure) for plot, figure in drawn.items()}
    for plot in sorted(plots, key=lambda each: -sizes[each]):
        if sum(sizes.values()) <= MOST_BYTES:
            break
        drawn[plot] = _as_pictures(plot, drawn[plot], MOST_BYTES // len(plots))
        sizes[plot] = _size(drawn[plot])
    return tuple(drawn.values())


def _size(figure: Figure) -> int:
    return sum(len(tostring(drawing)) for drawing in figure.drawings)


def _figure(plot: Plot[Any]) -> Figure:
    sentence = plot.sentence()
    drawings = []
    for theme in THEMES.values():
        with in_theme(plot, theme) as other:
            content = vector_drawing(other, SETTINGS)
        drawing = inlined(fromstring(content), f"{plot.key}-{theme.name}-")
        drawing.attrib.update({"role": "img", "aria-label": f"{plot.title}. {sentence}", "class": theme.name})
        drawings.append(drawing)
    return Figure(plot.key, plot.title, " ".join(plot.explain.split()), sentence, tuple(drawings))


def inlined(root: Element, prefix: str) -> Element:
    """The drawing as part of a page: names of its own, a hundredth of a pixel at most, nothing but shapes and text."""
    made = Element(_plain(root.tag), dict(_attributes(root, prefix)))
    made.text = root.text if made.tag in ("text", "tspan") else None
    for child in root:
        name = _plain(child.tag)
        empty = name == "g" and not len(child)
        if name in DRAWN and not empty:
            inner = inlined(child, prefix)
            inner.tail = child.tail if made.tag in ("text", "tspan") else None
            made.append(inner)
    return made


def _attributes(root: Element, prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in root.attrib.items():
        name = _plain(key)
        if name == "id":
            yield name, prefix + value
        elif name == "href":
            # What lies outside is left out; Qt writes images into the file itself.
            if value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
                yield name, value
            elif value.startswith("#"):
                yield name, f"#{prefix}{value[1:]}"
        elif name in COORDINATES:
            yield name, DECIMALS.sub(lambda match: _rounded(match[0]), value)
        elif name == "font-family":
            yield name, f"{value}, sans-serif"
        elif not name.startswith("on") and name not in ("baseProfile", "version", "space"):
            yield name, REFERENCE.sub(rf"url(#{prefix}\1)", value)


def _plain(name: str) -> str:
    """Without its namespace, which a page knows by itself."""
    return name.rpartition("}")[2]


def _rounded(text: str) -> str:
    return repr(round(float(text), 2) + 0.0).removesuffix(".0")


def _as_pictures(plot: Plot[Any], figure: Figure, most: int) -> Figure:
    """As points, as fine as ``most`` bytes for both allow."""
    drawings, points = [], ""
    for theme, drawing in zip(THEMES.values(), figure.drawings, strict=True):
        with in_theme(plot, theme) as other:
            content, points = _points(other, most // 2)
        source = f"data:image/png;base64,{b64encode(content).decode()}"
        width, height = str(SETTINGS.width), str(SETTINGS.height)
        words = drawing.get("aria-label", "")
        drawings.append(element("img", src=source, alt=words, width=width, height=height, class_=theme.name))
    size = decimal(len(tostring(figure.drawings[0])) / 1e6, 1)
    note = f"A picture of {points} points: as a drawing it would take {size} MB."
    return replace(figure, drawings=tuple(drawings), note=note)


def _points(plot: Plot[Any], most: int) -> tuple[bytes, str]:
    """A picture that takes ``most`` bytes on a page, and how many points it has; the coarsest in any case."""
    content, points = b"", ""
    for scale in SCALES:
        image = picture(plot, replace(SETTINGS, scale=scale))
        content = png_of(image if scale > 1 else image.convertToFormat(QImage.Format.Format_Indexed8))
        points = f"{integer(image.width())} × {integer(image.height())}"
        if 4 * len(content) <= 3 * most:
            break
    return content, points
