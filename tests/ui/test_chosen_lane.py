"""The forms change the network that is chosen, or all of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulator.experiment.experiment import Experiment
from simulator.schema.parameter import replaced
from ui.bench.chosen_lane import ChosenLane
from ui.bench.document import Document
from ui.bench.lane_views import LaneViews
from ui.window.lanes_bar import LanesBar

PLAIN: dict[str, Any] = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 5, "repeat": 3}]}
Path = tuple[str | int, ...]
RATE: Path = ("optimizer", "learning_rate")
UNITS: Path = ("layers", 0, "units")


@pytest.fixture
def chosen(qapp: Any) -> ChosenLane:
    return ChosenLane(Document(Experiment.from_builtins(PLAIN)))


def change(chosen: ChosenLane, path: Path, value: Any) -> str | None:
    return chosen.propose(replaced(chosen.experiment.to_builtins(), path, value), "Change")


def values(chosen: ChosenLane, path: str) -> dict[str, Any]:
    shown = {}
    for name, experiment in chosen.document.experiment.all_lanes().items():
        here: Any = experiment.to_builtins()
        for key in path.split("."):
            here = here[int(key) if key.isdigit() else key]
        shown[name] = here
    return shown


def test_a_twin_is_the_same_until_one_thing_is_changed_in_it(chosen: ChosenLane) -> None:
    assert chosen.add_twin() == "B"
    assert chosen.name == "B"
    assert chosen.document.experiment.all_lanes()["A"] == chosen.document.experiment.all_lanes()["B"]
    assert change(chosen, UNITS, 9) is None
    assert values(chosen, "layers.0.units") == {"A": 5, "B": 9}
    (spec,) = chosen.document.experiment.lanes or ()
    assert spec.set == {"layers.0.units": 9}


def test_what_is_changed_in_the_base_reaches_the_lanes_that_say_nothing_of_it(chosen: ChosenLane) -> None:
    chosen.add_twin()
    change(chosen, UNITS, 9)
    chosen.choose("A")
    change(chosen, RATE, 0.5)
    change(chosen, UNITS, 7)
    assert values(chosen, "optimizer.learning_rate") == {"A": 0.5, "B": 0.5}
    assert values(chosen, "layers.0.units") == {"A": 7, "B": 9}


def test_a_change_of_all_acts_on_every_lane_in_one_entry_of_undo(chosen: ChosenLane) -> None:
    chosen.add_twin()
    change(chosen, UNITS, 9)
    chosen.add_twin(Experiment.from_builtins({**PLAIN, "layers": []}), "flat")
    chosen.choose("A")
    chosen.choose_all(True)
    before, count = chosen.document.experiment, chosen.document.undo_stack.count()
    assert change(chosen, RATE, 0.25) is None
    assert values(chosen, "optimizer.learning_rate") == {"A": 0.25, "B": 0.25, "flat": 0.25}
    assert chosen.document.undo_stack.count() == count + 1
    assert change(chosen, UNITS, 3) == "layer 1: there are only 0 entries"
    chosen.document.undo_stack.undo()
    assert chosen.document.experiment == before


def test_a_lane_whose_stack_is_another_is_kept_whole(chosen: ChosenLane) -> None:
    chosen.add_twin()
    layers = [*chosen.experiment.to_builtins()["layers"], {"kind": "maxout"}]
    assert change(chosen, ("layers",), layers) is None
    (spec,) = chosen.document.experiment.lanes or ()
    assert spec.experiment is not None
    assert len(chosen.experiment.layers) == 2
    chosen.choose("A")
    assert len(chosen.experiment.layers) == 1


@pytest.mark.parametrize("kind", ["adam", "rmsprop"])
def test_another_kind_in_a_lane_is_a_setting_with_its_fields(chosen: ChosenLane, kind: str) -> None:
    chosen.add_twin()
    change(chosen, ("optimizer",), {"kind": kind, "learning_rate": 0.003})
    (spec,) = chosen.document.experiment.lanes or ()
    assert spec.set == {"optimizer.kind": kind, "optimizer.learning_rate": 0.003}
    assert chosen.experiment.optimizer.learning_rate == 0.003


def test_lanes_are_renamed_removed_and_kept_and_undo_brings_them_back(chosen: ChosenLane) -> None:
    chosen.add_twin()
    change(chosen, UNITS, 9)
    chosen.add_twin()
    assert chosen.names == ["A", "B", "C"]
    assert chosen.rename("B", "wide") is None
    assert chosen.names == ["A", "wide", "C"]
    assert "two lanes" in str(chosen.rename("C", "wide"))
    chosen.remove("C")
    assert chosen.names == ["A", "wide"]
    chosen.keep("wide")
    assert chosen.names == ["A"]
    assert values(chosen, "layers.0.units") == {"A": 9}
    chosen.choose("A")
    for _ in range(2):
        chosen.document.undo_stack.undo()
    assert chosen.names == ["A", "wide", "C"]


def test_a_lane_that_undo_takes_away_is_shown_no_more(chosen: ChosenLane) -> None:
    chosen.add_twin()
    chosen.document.undo_stack.undo()
    assert (chosen.name, chosen.names) == ("A", ["A"])


def test_a_refusal_leaves_everything_as_it_was(chosen: ChosenLane) -> None:
    chosen.add_twin()
    before = chosen.document.experiment
    assert change(chosen, UNITS, -3)
    assert chosen.document.experiment == before


@pytest.mark.parametrize("width", [340, 420, 700, 1600])
def test_no_chip_is_cut_however_narrow_the_bar(qtbot: Any, width: int) -> None:
    lanes = [{"name": name, "set": {}} for name in ("with batch norm", "six tanh layers", "Adam")]
    chosen = ChosenLane(Document(Experiment.from_builtins({**PLAIN, "lanes": lanes})))
    bar = LanesBar(chosen, LaneViews())
    qtbot.addWidget(bar)
    bar.resize(width, bar.sizeHint().height())
    bar.show()
    qtbot.wait(1)
    texts = [chip.text() for chip in bar.chips.values()]
    assert texts in (["A", "with batch norm", "six tanh layers", "Adam"], list("ABCD"))
    assert (texts[1] == "B") == (width < 600)
    assert all(chip.width() >= chip.sizeHint().width() for chip in bar.chips.values())
    assert all(name in chip.toolTip() for name, chip in bar.chips.items())
    first, *others = (chip.geometry() for chip in bar.chips.values())
    assert first.left() < 20
    assert all(after.left() - before.right() < 8 for before, after in pairwise([first, *others]))
    assert bar.differs.width() >= min(bar.differs.sizeHint().width(), 150)
    assert len({chip.icon().pixmap(16).toImage().bits().tobytes() for chip in bar.chips.values()}) == len(bar.chips)


def test_of_more_networks_than_strokes_it_is_said_which_are_drawn_alike(qapp: Any) -> None:
    lanes = [{"name": name, "set": {"seed": 7}} for name in "BCDE"]
    for count, told in ((3, "B: seed: 0 → 7"), (4, "B: seed: 0 → 7; E is drawn as A is")):
        document = Document(Experiment.from_builtins({**PLAIN, "lanes": lanes[:count]}))
        bar = LanesBar(ChosenLane(document), LaneViews())
        bar.resize(900, 60)
        assert bar.differs.text() == told
        bar.deleteLater()
