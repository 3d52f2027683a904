"""Faithful pictures of plots, drawn by a bare twin of the plot: the one on screen is not disturbed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QMarginsF, QMimeData, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageWriter, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from simulator.data.own_file import NOT_IN_NAMES
from simulator.experiment.embedded import Embedded, embed, is_container
from simulator.system.animated_png import Pixels
from simulator.system.atomic import write_atomic
from simulator.system.progress import CancelledError, followed
from ui.chart.clipping import clipped
from ui.chart.level_item import level
from ui.export.tables import csv_text
from ui.plots.base import Plot
from ui.style.numbers import count, integer
from ui.style.theme import LIGHT, Theme

ExportKind = Literal["png", "svg", "pdf", "csv"]
KINDS: tuple[ExportKind, ...] = ("png", "svg", "pdf", "csv")
SMALLEST, LARGEST = 120, 16384
"""Width and height of a picture in pixels, after scaling."""

__all__ = [
    "KINDS",
    "ExportError",
    "ExportKind",
    "ExportedPlots",
    "PictureSettings",
    "copy_picture",
    "export_all",
    "export_plot",
    "file_name",
    "picture",
]  # fmt: skip


@dataclass(frozen=True)
class PictureSettings:
    """The size that a plot is laid out at, how many times larger it is drawn, and in which theme: light or its own."""

    width: int = 800
    height: int = 500
    scale: float = 1.0
    light: bool = True

    @property
    def pixels(self) -> QSize:
        return QSize(round(self.width * self.scale), round(self.height * self.scale))

    def theme_of(self, plot: Plot[Any]) -> Theme:
        return LIGHT if self.light else plot.theme


DEFAULT, COPIED = PictureSettings(), PictureSettings(scale=2.0)
"""Of a file and of the clipboard."""


class ExportError(Exception):
    """What could not be exported and why, in one sentence."""


@contextmanager
def in_theme(plot: Plot[Any], theme: Theme) -> Iterator[Plot[Any]]:
    """The plot's state in a theme, drawn by an instance that nobody sees: by itself, where it is such a one."""
    if plot.header is None and plot.theme == theme and not plot.isVisible():
        yield plot
        return
    other = plot.twin(theme)
    try:
        yield other
    finally:
        other.deleteLater()


@contextmanager
def _twin(plot: Plot[Any], width: int, height: int, theme: Theme) -> Iterator[Plot[Any]]:
    """The same, of a given size."""
    with in_theme(plot, theme) as other:
        other.canvas.lay_out(width, height)
        yield other


def _check(plot: Plot[Any], settings: PictureSettings) -> None:
    if plot.state is None:
        raise ExportError(f"“{plot.title}” shows nothing yet, so there is nothing to export")
    for name, length in (("width", settings.pixels.width()), ("height", settings.pixels.height())):
        if not SMALLEST <= length <= LARGEST:
            raise ExportError(
                f"a picture's {name} must be {SMALLEST} … {integer(LARGEST)} pixels, not {integer(length)}"
            )


def picture(plot: Plot[Any], settings: PictureSettings) -> QImage:
    """The plot as it is drawn at that scale, lines and text included."""
    _check(plot, settings)
    size = settings.pixels
    image = QImage(size, QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError(f"there is not enough memory for a picture of {size.width()} × {size.height()} pixels")
    image.fill(QColor(settings.theme_of(plot).panel))
    with QPainter(image) as painter:
        _paint(plot, painter, QRectF(0, 0, size.width(), size.height()), settings)
    return image


def _paint(plot: Plot[Any], painter: QPainter, target: QRectF, settings: PictureSettings) -> None:
    """The plot, and at its right those of the networks that stand beside it."""
    share, width = target.width() / len(plot.side_by_side), settings.width // len(plot.side_by_side)
    theme = settings.theme_of(plot)
    with ExitStack() as stack:
        twins = [stack.enter_context(_twin(each, width, settings.height, theme)) for each in plot.side_by_side]
        level([twin.legend for twin in twins])
        for place, twin in enumerate(twins):
            twin.canvas.grid.layout.activate()
            left = target.left() + place * share
            twin.canvas.paint_on(painter, QRectF(left, target.top(), share, target.height()))


def _write_png(plot: Plot[Any], device: QBuffer, settings: PictureSettings) -> None:
    _encode(plot, picture(plot, settings), device)


def _encode(plot: Plot[Any], image: QImage, device: QBuffer) -> None:
    writer = QImageWriter(device, QByteArray(b"png"))
    if not writer.write(image):
        raise ExportError(f"cannot write “{plot.title}”: {writer.errorString()}")


def _write_svg(plot: Plot[Any], device: QBuffer, settings: PictureSettings) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(device)
    generator.setTitle(plot.title)
    generator.setDescription(" ".join(plot.explain.split()))
    # 96 dots per inch make the SVG's user unit one pixel of the layout.
    generator.setResolution(96)
    generator.setSize(settings.pixels)
    target = QRectF(0, 0, settings.width, settings.height)
    generator.setViewBox(target)
    _paint_vector(plot, generator, target, settings)


def _write_pdf(plot: Plot[Any], device: QBuffer, settings: PictureSettings) -> None:
    writer = QPdfWriter(device)
    writer.setTitle(plot.title)
    writer.setCreator("Nablascope")
    writer.setResolution(1152)
    inches = QSizeF(settings.width * settings.scale / 96, settings.height * settings.scale / 96)
    writer.setPageSize(QPageSize(inches, QPageSize.Unit.Inch, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    target = QRectF(0, 0, inches.width() * 1152, inches.height() * 1152)
    _paint_vector(plot, writer, target, settings)


def _paint_vector(plot: Plot[Any], device: QPaintDevice, target: QRectF, settings: PictureSettings) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise ExportError(f"cannot draw “{plot.title}” into that file")
    try:
        painter.fillRect(target, QColor(settings.theme_of(plot).panel))
        _paint(plot, painter, target, settings)
    finally:
        painter.end()


_PAINTERS: dict[str, Callable[[Plot[Any], QBuffer, PictureSettings], None]] = {
    "png": _write_png,
    "svg": _write_svg,
    "pdf": _write_pdf,
}


def _content(plot: Plot[Any], kind: str, settings: PictureSettings) -> bytes:
    """What the file holds; made in memory, as a library that fails to write says so on the terminal, and not why."""
    if kind == "csv":
        return csv_text(plot.table()).encode()
    device = _buffer()
    _PAINTERS[kind](plot, device, settings)
    content = bytes(device.data().data())
    return with_experiment(plot, clipped(content) if kind == "svg" else content, kind)


def _buffer() -> QBuffer:
    device = QBuffer()
    device.open(QBuffer.OpenModeFlag.WriteOnly)
    return device


def with_experiment(plot: Plot[Any], content: bytes, kind: str) -> bytes:
    """A picture of a plot with the experiment that it shows, where the kind of file can carry one."""
    if plot.experiment is None or plot.state is None or not is_container(Path(f"picture.{kind}")):
        return content
    return embed(content, f".{kind}", Embedded(plot.experiment, plot.title, plot.state.step))


def png_of(image: QImage) -> bytes:
    """The image as a file."""
    device = _buffer()
    QImageWriter(device, QByteArray(b"png")).write(image)
    return bytes(device.data().data())


def pixels_of(image: QImage) -> Pixels:
    """Red, green and blue of each pixel: (height, width, 3)."""
    coloured = image.convertToFormat(QImage.Format.Format_RGB888)
    height, width = coloured.height(), coloured.width()
    rows = np.frombuffer(coloured.constBits(), np.uint8).reshape(height, coloured.bytesPerLine())
    # The image's memory goes with it.
    return np.array(rows[:, : 3 * width]).reshape(height, width, 3)


def vector_drawing(plot: Plot[Any], settings: PictureSettings) -> bytes:
    """The plot as an SVG file."""
    _check(plot, settings)
    return _content(plot, "svg", settings)


def _write(path: Path, content: bytes) -> None:
    if not path.parent.is_dir():
        raise ExportError(f"cannot write {path.name}: the folder {path.parent} does not exist")
    try:
        write_atomic(path, content)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error


def export_plot(
    plot: Plot[Any], path: Path | str, settings: PictureSettings = DEFAULT, *, kind: ExportKind | None = None
) -> Path:
    """Write one plot as a picture or as numbers; the file is whole or not there.

    ``kind`` is taken from the file's ending if it is not given. A PNG has exactly ``settings.pixels``. Raises
    :class:`ExportError` with one sentence.
    """
    path = Path(path)
    chosen = kind or path.suffix.lower().lstrip(".")
    if chosen not in KINDS:
        raise ExportError(f"cannot export as “{chosen}”: choose one of {', '.join(KINDS)}")
    _check(plot, settings)
    try:
        _write(path, _content(plot, chosen, settings))
    except MemoryError:
        raise ExportError(f"there is not enough memory to export “{plot.title}”") from None
    return path


LONGEST_NAME = 60
"""Letters of a title in a file's name: at four bytes a letter it fits everywhere."""


def file_name(plot: Plot[Any], kind: ExportKind) -> str:
    """``Loss and accuracy.png``: the title, without what a file's name may not hold; the key where nothing is left."""
    title = "".join(letter for letter in plot.title if letter not in NOT_IN_NAMES)
    return f"{title[:LONGEST_NAME].strip(' .') or plot.key}.{kind}"


def names_apart(names: Iterable[str]) -> list[str]:
    """The names of files in one folder: a second of a name is numbered, ``Loss (2).png``, on systems of all kinds."""
    apart: list[str] = []
    taken: set[str] = set()
    for name in names:
        stem, dot, ending = name.rpartition(".")
        numbered = (f"{stem} ({place}){dot}{ending}" for place in itertools.count(2))
        free = next(each for each in itertools.chain([name], numbered) if each.casefold() not in taken)
        taken.add(free.casefold())
        apart.append(free)
    return apart


def key_name(plot: Plot[Any], kind: ExportKind) -> str:
    """``loss.png``: the key, which other programs know."""
    return f"{plot.key}.{kind}"


@dataclass(frozen=True)
class ExportedPlots:
    """What has become of several plots."""

    written: tuple[Path, ...]
    empty: tuple[str, ...] = ()
    """Titles of those that had nothing to show."""
    total: int = 0
    """How many there were."""
    cancelled: bool = False

    @property
    def sentence(self) -> str:
        """``24 of 29 plots written; five had nothing to show: Gates, …``."""
        done, total = len(self.written), self.total
        some = f"{integer(done)} of {count(total, 'plot')} written"
        sentence = f"All {count(total, 'plot')} written" if done == total > 1 else some
        if self.cancelled:
            return f"{sentence}, then it was cancelled."
        if not self.empty:
            return f"{sentence}."
        titles = ", ".join(f"“{title}”" if "," in title else title for title in self.empty)
        return f"{sentence}; {in_words(len(self.empty))} had nothing to show: {titles}."


def in_words(number: int) -> str:
    """Small numbers in words."""
    words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return words[number] if number < len(words) else integer(number)


def export_all(
    plots: Sequence[Plot[Any]],
    folder: Path | str,
    kind: ExportKind,
    settings: PictureSettings = DEFAULT,
    *,
    name: Callable[[Plot[Any], ExportKind], str] = file_name,
) -> ExportedPlots:
    """Write every plot that shows something, named by its title. The folder is made if needed.

    Says how far it is, and ends where nobody waits for it.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    filled = [plot for plot in plots if plot.state is not None]
    if not filled:
        raise ExportError("no plot shows anything yet, so there is nothing to export")
    empty = tuple(plot.title for plot in plots if plot.state is None)
    written: list[Path] = []
    try:
        names = dict(zip(filled, names_apart(name(plot, kind) for plot in filled), strict=True))
        for plot in followed(filled, "Writing plots", "plots"):
            written.append(export_plot(plot, folder / names[plot], settings, kind=kind))
    except CancelledError:
        return ExportedPlots(tuple(written), empty, len(plots), cancelled=True)
    return ExportedPlots(tuple(written), empty, len(plots))


def copy_picture(plot: Plot[Any], settings: PictureSettings = COPIED) -> None:
    """Put a picture of the plot on the clipboard, as a PNG with the experiment that it shows too."""
    image, device, copied = picture(plot, settings), _buffer(), QMimeData()
    _encode(plot, image, device)
    copied.setImageData(image)
    copied.setData("image/png", QByteArray(with_experiment(plot, bytes(device.data().data()), "png")))
    QGuiApplication.clipboard().setMimeData(copied)
