"""What a person is told of an experiment that cannot be: words and numbers of layers, never the path in a file."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.shapes import shapes
from simulator.layers import Layer
from simulator.layers.base import ShapeError
from simulator.running.building import refusal
from simulator.schema.parameter import Parameter, Spec, kind_of, kinds, parameters
from ui.bench.document import Document
from ui.builder.builder import Builder
from ui.builder.repairs import misfit

DENSE = {"kind": "dense", "units": 6}
BASE: dict[str, Any] = {
    "data": {"kind": "digits"},
    "layers": [{**DENSE, "repeat": 2}, {"kind": "residual", "layers": [DENSE]}],
}
SHAPES = ((6,), (8, 6), (2, 6, 6))


def bad_values(field: Parameter) -> Iterator[Any]:
    """Values that a field refuses."""
    yield ["nothing of the kind"]
    if field.type in ("number", "integer"):
        yield "many"
        yield -1e6 if field.low is not None else {}
    if field.type == "choice":
        yield "nosuch"
    if field.type == "part":
        yield {"kind": "nosuch"}


def spoilt(part: type[Spec], plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Descriptions of a part with one bad value each, at any depth but that of inner layers."""
    yield {**plain, "nosuch": 1}
    for field in parameters(part):
        for value in bad_values(field):
            yield {**plain, field.name: value}
        if field.type == "part" and field.part is not Layer:
            for kind in field.kinds:
                for inner in spoilt(kind, {"kind": kind_of(kind)}):
                    yield {**plain, field.name: inner}


def refused_experiments() -> Iterator[dict[str, Any]]:
    for kind, part in kinds(Layer).items():
        for layer in spoilt(part, {"kind": kind}):
            yield {**BASE, "layers": [*BASE["layers"], {"kind": "residual", "layers": [DENSE, layer]}]}
    yield from spoilt(Experiment, BASE)


def test_no_refusal_of_a_value_that_a_person_reads_holds_a_path(qtbot: QtBot) -> None:
    document = Document(Experiment.from_builtins(BASE))
    count = 0
    for plain in refused_experiments():
        reason = document.propose(plain, "change")
        if reason is None:
            continue  # what is left out may be allowed
        count += 1
        assert "layers[" not in reason
        assert "layers." not in reason
        with pytest.raises(ExperimentError) as refused:
            Experiment.from_builtins(plain)
        assert reason == refused.value.in_words
        assert refused.value.message in reason
        if refused.value.path.startswith("layers[2].layers[1]"):
            assert reason.startswith("layer 4.2")
    assert count > 1000


def test_files_and_commands_are_told_the_path() -> None:
    with pytest.raises(ExperimentError, match=r"at layers\[1\]\.layers\[0\]\.units$"):
        Experiment.from_builtins({**BASE, "layers": [DENSE, {"kind": "residual", "layers": [{**DENSE, "units": 0}]}]})


def test_a_file_that_is_opened_is_refused_in_words(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({**BASE, "layers": [{**DENSE, "repeat": 3}, {**DENSE, "units": 0}]}))
    reason = Document(Experiment.from_builtins(BASE)).open(file)
    assert reason == "mine.json: layer 4, units: expected a whole number ≥ 1, not 0"


def misfit_of(experiment: Experiment, shape: tuple[int, ...]) -> ShapeError | None:
    try:
        shapes(experiment.layers, shape)
    except ShapeError as error:
        return error
    return None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", kinds(Layer))
def test_every_layer_that_does_not_fit_says_in_words_what_it_needs_and_what_it_is_given(
    kind: str, shape: tuple[int, ...]
) -> None:
    for before in ([], [{**DENSE, "repeat": 2}], [{"kind": "residual", "layers": [DENSE, {"kind": kind}]}]):
        plain = {"data": {"kind": "moons"}, "layers": [*before, {"kind": kind}]}
        error = misfit_of(Experiment.from_builtins(plain), shape)
        told = "layer " if error is None else str(error).replace(f"({error.title})", "")
        assert told.startswith("layer ")
        assert not set("[](){}") & set(told)
        if not before and error is not None:
            assert "the data set" in told


def test_what_the_worker_refuses_is_told_in_words() -> None:
    error = ExperimentError("expected more", "layers[0].units")
    assert refusal(1, error, None).message == "layer 1, units: expected more"


def test_a_stack_that_does_not_fit_always_has_a_way_out() -> None:
    """As long as there is a stack left."""
    for first, second, shape in itertools.product(kinds(Layer), kinds(Layer), SHAPES):
        plain = Experiment.from_builtins(
            {"data": {"kind": "moons"}, "layers": [DENSE, {"kind": first}, {"kind": second}]}
        ).to_builtins()
        found = misfit(plain, shape)
        assert found is None or found.offers, (first, second, shape)


def test_a_kind_that_cannot_stand_there_is_grey_and_says_why(qtbot: QtBot) -> None:
    builder = Builder(propose=lambda *_: None)
    qtbot.addWidget(builder)
    builder.set_experiment(Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [DENSE]}))
    builder.menu.aboutToShow.emit()
    entries = {action.data(): action for action in builder.menu.actions() if action.data()}
    for kind, entry in entries.items():
        possible = kind not in ("convolution", "pooling", "gru", "lstm", "recurrent")
        assert entry.isEnabled() == possible, kind
        assert ("but layer 1 gives 6 numbers" in entry.toolTip()) != possible


def test_a_kind_that_a_repair_lets_in_is_not_grey(qtbot: QtBot) -> None:
    builder = Builder(propose=lambda *_: None)
    qtbot.addWidget(builder)
    builder.set_experiment(Experiment.from_builtins({"data": {"kind": "adding"}, "layers": [DENSE]}))
    builder.menu.aboutToShow.emit()
    entries = {action.data(): action for action in builder.menu.actions() if action.data()}
    assert entries["lstm"].isEnabled()
    assert not entries["convolution"].isEnabled()
    builder.set_experiment(Experiment.from_builtins({"data": {"kind": "digits"}, "layers": []}))
    builder.menu.aboutToShow.emit()
    assert entries["convolution"].isEnabled()
