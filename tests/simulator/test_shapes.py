"""Shapes, parameters and memory told without training are those of the network that is then built."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.data import Data, prepare
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.shapes import shape_before, shapes, text_of
from simulator.layers.base import ShapeError
from simulator.network.memory import need_of
from simulator.network.network import MEMORY_LIMIT, Network
from simulator.schema.parameter import concrete
from simulator.training.training import Training

DIGITS = {"kind": "digits"}
DENSE = {"kind": "dense", "units": 64}
BLOCK = {"kind": "residual", "layers": [{"kind": "dense", "units": 9, "repeat": 2}, DENSE]}
STACKS: list[list[dict[str, Any]]] = [
    [{"kind": "convolution", "channels": 6, "stride": 2}, {"kind": "pooling"}, {"kind": "flatten"}, DENSE],
    [{**DENSE, "repeat": 3}, {**BLOCK, "repeat": 2}, {"kind": "highway", "units": 64}, {"kind": "maxout", "units": 5}],
    [DENSE, {"kind": "residual", "layers": [BLOCK, {**DENSE, "normalization": {"kind": "batch"}}]}],
]


def experiment(layers: list[dict[str, Any]], **more: Any) -> Experiment:
    return Experiment.from_builtins({"data": DIGITS, "layers": layers, **more})


def test_shapes_go_through_a_stack_and_into_its_inner_stacks() -> None:
    found = shapes(experiment(STACKS[1]).layers, (1, 8, 8))
    assert found == {
        ("layers", 0): (64,),
        ("layers", 1): (64,),
        ("layers", 1, "layers", 0): (9,),
        ("layers", 1, "layers", 1): (64,),
        ("layers", 2): (64,),
        ("layers", 3): (5,),
    }
    assert shapes(experiment(STACKS[0]).layers, (1, 8, 8))["layers", 1] == (6, 2, 2)


def test_a_repeated_layer_that_changes_its_shape_goes_on_from_it() -> None:
    halved = experiment([{"kind": "pooling", "repeat": 2}])
    assert shapes(halved.layers, (3, 8, 8)) == {("layers", 0): (3, 2, 2)}
    with pytest.raises(ShapeError, match="layer 4 ") as refusal:
        shapes(experiment([{"kind": "pooling", "repeat": 4}]).layers, (3, 8, 8))
    assert refusal.value.path == "layers[0]"


@pytest.mark.parametrize(
    ("layers", "number", "path"),
    [
        ([{"kind": "flatten"}, {"kind": "convolution"}], "layer 2 ", "layers[1]"),
        ([DENSE, {"kind": "residual", "layers": [DENSE, {"kind": "pooling"}]}], "layer 2.2 ", "layers[1].layers[1]"),
        ([{"kind": "lstm"}], "layer 1 ", "layers[0]"),
        ([{"kind": "highway", "units": 3}], "layer 1 ", "layers[0]"),
    ],
)
def test_what_does_not_fit_is_said_as_the_network_says_it(layers: list[Any], number: str, path: str) -> None:
    bad = experiment(layers)
    with pytest.raises(ShapeError) as refusal:
        shapes(bad.layers, (1, 8, 8))
    assert str(refusal.value).startswith(number)
    assert refusal.value.path == path
    with pytest.raises(ExperimentError) as built:
        Network(bad, (1, 8, 8), 10, 4)
    assert str(built.value) == f"{refusal.value} at {path}"


def test_what_comes_into_a_layer_is_what_the_one_before_gives() -> None:
    layers = experiment(STACKS[1]).layers
    assert shape_before(layers, (1, 8, 8), ("layers", 0)) == (1, 8, 8)
    assert shape_before(layers, (1, 8, 8), ("layers", 1, "layers", 0)) == (64,)
    assert shape_before(layers, (1, 8, 8), ("layers", 1, "layers", 1)) == (9,)


def test_shapes_are_short_words() -> None:
    assert [text_of(shape) for shape in ((64,), (16, 8, 8), (50, 32))] == ["64", "16×8×8", "50 steps × 32"]


@pytest.mark.parametrize("layers", STACKS)
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_what_is_counted_is_what_is_then_taken(layers: list[Any], kind: str) -> None:
    training = Training(experiment(layers, optimizer={"kind": kind}, batch_size=16))
    need = need_of(training.experiment, training.data.input_shape, training.data.outputs, training.network.batch)
    assert (need.parameters, need.memory_bytes) == (training.info.parameter_count, training.info.memory_bytes)
    assert not need.refusal


def test_a_network_that_could_never_be_held_is_counted_all_the_same() -> None:
    vast = experiment([{"kind": "dense", "units": 16384, "repeat": 1000}])
    need = need_of(vast, (1, 8, 8), 10, 1_000_000)
    assert "; the limit is 8 GiB" in need.refusal
    assert need.memory_bytes > 1000 * MEMORY_LIMIT
    assert need.parameters > 999 * 16384**2


@pytest.mark.parametrize("layers", [[{"kind": "dense", "units": 16384, "repeat": 20}], [{"kind": "lstm"}]])
def test_what_is_foreseen_to_be_refused_is_refused_in_the_same_words(layers: list[Any]) -> None:
    data = {"kind": "adding", "steps": 10_000, "samples": 10} if layers[0]["kind"] == "lstm" else {"kind": "digits"}
    vast = experiment(layers, data=data, batch_size=10_000)
    need = need_of(vast, vast.data.input_shape or (), 1, 10_000)
    with pytest.raises(ExperimentError) as refused:
        Network(vast, vast.data.input_shape or (), 1, 10_000)
    assert str(refused.value) == need.refusal


@pytest.mark.parametrize("kind", [k for k in concrete(Data) if "path" not in k.__struct_fields__])
def test_data_know_the_shape_of_a_sample_before_they_are_loaded(kind: type[Data]) -> None:
    assert kind().input_shape == prepare(kind(), 0, "float32").input_shape


def test_own_files_tell_the_shape_where_the_description_does() -> None:
    def told(**data: Any) -> Any:
        return Experiment.from_builtins({"data": data, "layers": []}).data.input_shape

    assert told(kind="csv", path="a.csv", target="y") is None
    assert told(kind="csv", path="a.csv", target="y", inputs=["a", "b", "c"]) is None
    assert told(kind="csv", path="a.csv", target="y", shape=[1, 4, 4]) == (1, 4, 4)
    assert told(kind="csv", path="a.csv", target="y", shape=[4, 4]) is None
    assert told(kind="images", path="a", size=16, color="color") == (3, 16, 16)
