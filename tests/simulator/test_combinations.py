"""Every kind of layer with every combination of its options trains, is measured and shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator import run
from simulator.layers.affine import AffineModule
from simulator.observations.graph.nodes import nodes
from simulator.observations.registry import analyses, standard
from simulator.parts.activations import Activation
from simulator.running.messages import Command, Look, Reply, Started, Stop, Train, Update
from simulator.running.worker import Worker
from simulator.schema.parameter import kinds
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, Plain, fitting, options
from tests.thinned import thinned

LEAST = 9
"""Combinations of a kind of layer of which a third is enough in each run of the tests."""
NO_DROPOUT = {"kind": "none"}
COMBINATIONS: list[Plain] = [option for kind in LAYERS.values() for option in options(kind)]


def places(layer: Plain) -> list[int]:
    """Of each of its options, among the values that its kind has for it."""
    alike = [other for other in COMBINATIONS if other["kind"] == layer["kind"]]
    return [[*dict.fromkeys(str(other[field]) for other in alike)].index(str(layer[field])) for field in layer]


def quick(layer: Plain) -> bool:
    few = sum(other["kind"] == layer["kind"] for other in COMBINATIONS) < LEAST
    return few or sum(places(layer)) % 3 == 0


def name(layer: Plain) -> str:
    return " ".join("-".join(value.values()) if isinstance(value, dict) else str(value) for value in layer.values())


THINNED = [
    pytest.param(layer, id=name(layer), marks=() if quick(layer) else pytest.mark.slow) for layer in COMBINATIONS
]


def test_every_value_of_every_option_is_among_those_of_every_run() -> None:
    met, known = (
        {(layer["kind"], field, str(value)) for layer in layers for field, value in layer.items()}
        for layers in (filter(quick, COMBINATIONS), COMBINATIONS)
    )
    assert met == known


def test_every_kind_of_layer_is_among_the_combinations() -> None:
    assert {layer["kind"] for layer in COMBINATIONS} == set(LAYERS)
    assert len(COMBINATIONS) > 100


@pytest.mark.parametrize("layer", THINNED)
def test_it_runs_three_steps_without_a_screen(layer: Plain, tmp_path: Path) -> None:
    experiment = fitting(layer)
    assert experiment is not None, "no data set fits it: it must be refused in a sentence, or be built"
    result = run(experiment, steps=3, out=tmp_path, analyses=tuple(analyses()))
    assert np.isfinite(result.history.series("loss").last).all()
    assert json.loads((tmp_path / "experiment.json").read_text())["layers"]


@pytest.mark.parametrize("layer", THINNED)
def test_it_gives_a_window_its_first_view(layer: Plain) -> None:
    experiment = fitting(layer)
    assert experiment is not None
    replies: list[Reply] = []
    Worker(Script([Train(1, experiment), Look(1, standard()), Stop()]), replies.append).loop()
    started, update = replies
    assert isinstance(started, Started)
    assert isinstance(update, Update)
    assert update.frame is not None
    assert {*standard()} == {*update.frame.observations}


class Script:
    """Commands that have all come already."""

    def __init__(self, commands: list[Command]) -> None:
        self.commands = commands

    def get(self, timeout: float | None) -> Command | None:
        # One at a time, as a window sends them.
        if timeout == 0:
            return None
        return self.commands.pop(0)


@pytest.mark.parametrize("layer", COMBINATIONS, ids=name)
def test_what_a_layer_of_one_kernel_passes_on_stands_in_its_last_forward_box(layer: Plain) -> None:
    experiment = fitting(layer)
    assert experiment is not None
    training = Training(experiment)
    training.look()
    module, roles = training.network.modules[0], ("activation", "tail")
    forward = [node for node in nodes(training.network) if node.place == 0 and node.role in roles]
    if isinstance(module, AffineModule):
        passed_on = module.forward(training.network.input, training=True)[:-1]
        np.testing.assert_array_equal(forward[-1].array.ravel(), passed_on.ravel())


def test_every_combination_runs_as_the_branch_of_a_residual_layer_too() -> None:
    ran = 0
    for layer in COMBINATIONS:
        inner = {**layer, "units": 13} if "units" in LAYERS[layer["kind"]].__struct_fields__ else layer
        inner = {**inner, "channels": 1} if layer["kind"] == "convolution" else inner
        experiment = fitting({"kind": "residual", "layers": [inner]})
        if experiment is not None:
            ran += 1
            run(experiment, steps=1)
    assert ran > 40


@pytest.mark.parametrize(("activation", "third"), thinned(list(kinds(Activation)), range(3)))
def test_every_activation_runs_with_every_option(activation: str, third: int) -> None:
    for layer in COMBINATIONS[third::3]:
        if "activation" in LAYERS[layer["kind"]].__struct_fields__ and layer.get("dropout", NO_DROPOUT) == NO_DROPOUT:
            experiment = fitting({**layer, "activation": {"kind": activation}})
            assert experiment is not None
            frame = run(experiment, steps=1).last
            assert not (frame.measures["nonfinite"] > 0).any()
