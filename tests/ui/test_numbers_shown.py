"""One language of numbers: what plots write on axes, in legends and in read-outs, and forms in tooltips."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from simulator import Experiment
from simulator.schema.parameter import Spec, parameters
from tests.simulator.number_language import ill_written
from tests.thinned import thinned
from tests.ui.plot_data import view
from ui.chart.axes import Axis
from ui.forms.typed import parsed, text_of, tip_of
from ui.plots import View, all_plots
from ui.plots.base import Plot

KINDS = ("random", "1e15", "1e-300", "spread", "huge, NaN and infinite", "zero")


@functools.cache
def given(kind: str) -> View:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What is made up may overflow, what is drawn may not.
        warnings.simplefilter("ignore")
        return view(6, steps=1200, kind=kind)


def ticks(axis: Axis) -> list[str]:
    paper = QImage(10, 10, QImage.Format.Format_RGB32)
    painter = QPainter(paper)
    try:
        specs = axis.generateDrawSpecs(painter)
    finally:
        painter.end()
    return [] if specs is None else [text for _, _, text in specs[2]]


def probed(plot: Plot[Any]) -> Iterator[str]:
    """What is read where a pointer stands, over all of the panes."""
    for index, pane in enumerate(plot.canvas.panes):
        box = pane.sceneBoundingRect()
        for across in np.linspace(0.05, 0.95, 7):
            for down in (0.2, 0.5, 0.8):
                at = pane.scene_to_data(QPointF(box.left() + across * box.width(), box.top() + down * box.height()))
                probe = plot.probe(plot.state, index, at.x(), at.y())
                yield from () if probe is None else (probe.text,)


def written(plot: Plot[Any]) -> Iterator[str]:
    for key in plot.legend.keys:
        yield from (key.text, key.short)
    yield from (note.text for note in plot.legend.notes)
    for axis in plot.canvas.axes:
        yield from (axis.text, *ticks(axis))
    if plot.state is not None:
        yield from probed(plot)


@pytest.mark.parametrize(
    ("plot", "kind"), thinned(all_plots(), KINDS, name=lambda each: getattr(each, "key", str(each)))
)
def test_every_number_of_a_plot_is_well_written(plot: type[Plot[Any]], kind: str, qtbot: QtBot) -> None:
    made = plot()
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.start(given(kind).frame.info)
    made.refresh(given(kind))
    made.canvas.lay_out(460, 276)
    assert [text for text in written(made) if ill_written(text)] == []


SPECS = (Experiment, *(kind for field in parameters(Experiment) for kind in field.kinds))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_every_tooltip_of_a_field_is_well_written_and_its_default_is_read_back(spec: type[Spec]) -> None:
    for field in parameters(spec):
        assert not ill_written(tip_of(field)), tip_of(field)
        if field.type in ("number", "integer") and field.default is not None:
            assert parsed(field, text_of(field.default)) == field.default
