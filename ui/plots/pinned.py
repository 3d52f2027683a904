"""What is pinned in plots as JSON and one array of bytes, and back; nothing that is read is believed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from simulator.record.packed import Packing, unpacked
from simulator.training.run_info import RunInfo
from ui.plots.base import Plot
from ui.style.theme import LIGHT

TRIED = QSize(400, 260)
"""Pixels of the picture in which a state is tried out."""


class _Pinned(msgspec.Struct, frozen=True):
    """Of one plot."""

    state: str
    """What its class is called."""
    fields: Any


class PinnedError(ValueError):
    """What was read cannot have been pinned in this plot."""


def packed_pins(plots: Iterable[Plot[Any]]) -> tuple[bytes, NDArray[np.uint8]]:
    """What is pinned in them, by their keys; no bytes where nothing is."""
    packing = Packing()
    pins = {plot.key: _Pinned(type(plot.ghost).__name__, packing.packed(plot.ghost)) for plot in plots if plot.pinned}
    return msgspec.json.encode(pins) if pins else b"", packing.buffer


def pins_in(content: bytes) -> Mapping[str, _Pinned]:
    """By the keys of their plots, which there need not be; PinnedError where it is no such JSON."""
    try:
        return msgspec.json.decode(content or b"{}", type=dict[str, _Pinned])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise PinnedError("what was pinned cannot be read") from None


def state_of(kind: type[Plot[Any]], pinned: _Pinned, arrays: NDArray[np.uint8], info: RunInfo) -> Any:
    """What was pinned in a plot of this kind, tried out in one of its own; PinnedError where it cannot be drawn."""
    states = {state.__name__: state for state in _states(kind)}
    try:
        state = unpacked(pinned.fields, states[pinned.state], arrays)
        with _raised_while_painting() as raised:
            _try_out(kind, state, info)
    except Exception as error:
        # Whatever a state of this kind is made of, somebody may have made it of something else.
        raise PinnedError(f"what was pinned in “{kind.title}” cannot be shown ({type(error).__name__})") from error
    if raised:
        raise PinnedError(f"what was pinned in “{kind.title}” cannot be shown") from raised[0]
    return state


def _states(kind: type[Plot[Any]]) -> Iterator[type[Any]]:
    """The classes that a plot's states may be of: the one that its definition names, and those made of it."""
    for base in kind.__mro__:
        for original in vars(base).get("__orig_bases__", ()):
            for named in get_args(original):
                if isinstance(named, type) and is_dataclass(named):
                    yield named
                    yield from _made_of(named)


def _made_of(state: type[Any]) -> Iterator[type[Any]]:
    for each in state.__subclasses__():
        yield each
        yield from _made_of(each)


def _try_out(kind: type[Plot[Any]], state: Any, info: RunInfo) -> None:
    """Draw it as what is shown and as what is pinned, and say what it says."""
    plot = kind(theme=LIGHT, bare=True)
    try:
        if state.depth in (0, info.depth):
            plot.start(info)
        plot.show_state(state)
        plot.set_ghost(state)
        plot.table()
        plot.sentence()
        image = QImage(TRIED, QImage.Format.Format_RGB32)
        plot.canvas.lay_out(TRIED.width(), TRIED.height())
        with QPainter(image) as painter:
            plot.canvas.paint_on(painter, QRectF(image.rect()))
    finally:
        plot.deleteLater()


@contextmanager
def _raised_while_painting() -> Iterator[list[BaseException]]:
    """What is raised where Qt calls, which nobody else would hear of."""
    raised: list[BaseException] = []
    before = sys.excepthook
    sys.excepthook = lambda _kind, error, _traceback: raised.append(error)
    try:
        yield raised
    finally:
        sys.excepthook = before
