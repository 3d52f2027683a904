"""Whatever stack is described, there is a way out of it with one click, and the way out fits."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.shapes import shapes
from simulator.layers import Layer
from simulator.schema.parameter import kinds
from ui.builder.edits import as_kind
from ui.builder.refusal import RefusalBox
from ui.builder.repairs import RepairOffer, layers_of, misfit

SAMPLES = {"numbers": (5,), "an image": (1, 8, 8), "a sequence": (10, 2)}
AWKWARD: tuple[dict[str, Any], ...] = (
    {"kind": "convolution", "channels": 4, "kernel": 9, "padding": "valid"},
    {"kind": "pooling", "size": 20},
    {"kind": "highway", "units": 9, "repeat": 3},
    {"kind": "lstm", "units": 4, "repeat": 3},
    {"kind": "gru", "units": 3, "output": "all"},
    {"kind": "residual", "layers": [{"kind": "pooling"}]},
    {"kind": "residual", "repeat": 3, "layers": [{"kind": "dense", "units": 7}]},
)
"""Layers that get in the way of others."""


def of_kind(kind: str) -> dict[str, Any]:
    return as_kind({"kind": "dense", "units": 6}, kind)


def misfits_without_a_way_out(stacks: list[list[dict[str, Any]]], sample: tuple[int, ...]) -> list[str]:
    """Stacks that do not fit, with no offer or with one that does not fit either."""
    wrong = []
    for stack in stacks:
        unfit = misfit({"layers": stack}, sample)
        if unfit is None:
            continue
        for offer in unfit.offers:
            shapes(layers_of(offer.plain), sample)
        if not unfit.offers or any("layers[" in offer.title for offer in unfit.offers):
            wrong.append(f"{stack}: {unfit.reason}")
    return wrong


@pytest.mark.parametrize("given", SAMPLES)
def test_any_two_kinds_one_after_the_other_have_a_way_out(given: str) -> None:
    pairs = [list(map(of_kind, pair)) for pair in itertools.product(kinds(Layer), repeat=2)]
    assert misfits_without_a_way_out([*pairs, *([of_kind(kind)] for kind in kinds(Layer))], SAMPLES[given]) == []


@pytest.mark.parametrize("given", SAMPLES)
def test_any_two_kinds_inside_a_residual_layer_have_a_way_out(given: str) -> None:
    branches = [list(map(of_kind, pair)) for pair in itertools.product(kinds(Layer), repeat=2)]
    stacks = [[{"kind": "residual", "layers": branch}] for branch in branches]
    assert misfits_without_a_way_out(stacks, SAMPLES[given]) == []


@pytest.mark.parametrize("given", SAMPLES)
def test_what_gets_in_the_way_of_others_has_a_way_out_behind_every_kind(given: str) -> None:
    stacks = [[of_kind(kind), awkward, awkward] for kind in kinds(Layer) for awkward in AWKWARD]
    stacks += [[awkward, of_kind(kind)] for kind in kinds(Layer) for awkward in AWKWARD]
    assert misfits_without_a_way_out(stacks, SAMPLES[given]) == []


@pytest.mark.slow
@pytest.mark.parametrize("given", SAMPLES)
def test_any_three_kinds_have_a_way_out(given: str) -> None:
    stacks = [list(map(of_kind, three)) for three in itertools.product(kinds(Layer), repeat=3)]
    assert misfits_without_a_way_out(stacks, SAMPLES[given]) == []


def test_what_a_repair_does_is_read_whole_in_a_narrow_panel(qtbot: QtBot) -> None:
    said = RefusalBox()
    qtbot.addWidget(said)
    sentence = "Layer 1 (LSTM) needs a sequence, but the data set gives an image of 8 × 8 with 1 channel."
    said.say(sentence, [RepairOffer("Insert flatten and make it a dense layer of 64 units", {})])
    said.resize(270, 200)
    said.show()
    QApplication.processEvents()
    (button,) = said.buttons
    assert button.sizeHint().width() <= button.width() == 270
    assert button.sizeHint().height() <= button.height()
    assert button.text().split() == ["↺", *button.accessibleName().split()]
    assert said.warning.heightForWidth(said.warning.width()) <= said.warning.height()
    said.resize(900, 200)
    QApplication.processEvents()
    assert "\n" not in button.text()


def test_a_splitter_leaves_a_refusal_the_room_for_its_words(qtbot: QtBot) -> None:
    split = QSplitter(Qt.Orientation.Vertical)
    qtbot.addWidget(split)
    said = RefusalBox()
    split.addWidget(said)
    split.addWidget(QWidget())
    split.setSizes([10, 390])
    split.setChildrenCollapsible(False)
    split.resize(200, 400)
    split.show()
    for words in ("Layer 1 (LSTM) needs a sequence. " * 5, "Layer 1 (LSTM) needs a sequence. " * 9):
        said.say(words, [RepairOffer("Insert flatten and make it a dense layer of 64 units", {})])
        QApplication.processEvents()
        QApplication.processEvents()
        assert said.warning.heightForWidth(said.warning.width()) <= said.warning.height()
        assert said.buttons[0].sizeHint().height() <= said.buttons[0].height()
