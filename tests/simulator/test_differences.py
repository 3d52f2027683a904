"""What differs between two experiments, in as few paths as say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from simulator.data import Data
from simulator.experiment.differences import IDENTICAL, common_layers, differences_between, in_words
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import presets
from simulator.experiment.labels import told_layers
from simulator.layers import Layer
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import kinds

DENSE: Mapping[str, Any] = {"kind": "dense", "units": 8}
DATA: Mapping[str, Any] = {"kind": "spirals"}


def stacked(*layers: Mapping[str, Any], **fields: Any) -> Experiment:
    return Experiment.from_builtins({"data": DATA, "layers": list(layers), **fields})


def told(base: Experiment, other: Experiment) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.base, each.value) for each in differences_between(base, other)]


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.id)
def test_an_experiment_differs_from_itself_in_nothing(preset: Any) -> None:
    experiment = preset.load()
    again = Experiment.from_json(experiment.to_json())
    renamed = experiment.with_values([("name", "another name")])
    assert told(experiment, again) == told(experiment, renamed) == []
    assert in_words(experiment, renamed) == IDENTICAL


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("layers.0.units", 9),
        ("layers.0.normalization.kind", "batch"),
        ("layers.0.activation.kind", "relu"),
        ("layers.0.dropout.kind", "inverted"),
        ("layers.0.initializer.kind", "orthogonal"),
        ("layers.0.repeat", 12),
        ("optimizer.learning_rate", 0.5),
        ("regularization.l2", 0.1),
        ("regularization.clip_norm", 1.0),
        ("data.noise", 0.5),
        ("batch_size", 16),
        ("seed", 3),
        ("precision", "float64"),
        *(("optimizer.kind", kind) for kind in kinds(Optimizer) if kind != "sgd"),
        *(("schedule.kind", kind) for kind in kinds(Schedule) if kind != "constant"),
    ],
)
def test_one_field_that_is_set_otherwise_is_one_difference_there_and_back(path: str, value: Any) -> None:
    base = stacked({**DENSE, "repeat": 10}, {**DENSE, "units": 4})
    other = base.with_values([(path, value)])
    ((found, before, after),) = told(base, other)
    assert (found, after) == (path, value)
    assert told(other, base) == [(path, after, before)]
    assert path.endswith(".kind") or told(base, base.with_values([(found, after)])) == [(path, before, after)]


@pytest.mark.parametrize("kind", [kind for kind in kinds(Data) if kind not in ("csv", "images", "spirals")])
def test_another_kind_is_one_difference_whatever_fields_it_brings(kind: str) -> None:
    base = stacked(DENSE)
    other = Experiment.from_builtins({"data": {"kind": kind}, "layers": [DENSE]})
    assert told(base, other)[0] == ("data.kind", "spirals", kind)
    assert not [path for path, *_ in told(base, other)[1:] if path.startswith("data.")]


@pytest.mark.parametrize("kind", [kind for kind in kinds(Layer) if kind != "dense"])
@pytest.mark.parametrize("place", [0, 4, 10])
def test_a_layer_that_is_put_in_is_one_difference_and_taken_out_one(kind: str, place: int) -> None:
    new = {"kind": kind, **({"layers": [dict(DENSE)]} if kind in ("residual",) else {})}
    parts = [{**DENSE, "repeat": place}] * (place > 0) + [new] + [{**DENSE, "repeat": 10 - place}] * (place < 10)
    base, other = stacked({**DENSE, "repeat": 10}), stacked(*parts)
    ((path, before, after),) = told(base, other)
    assert (path, before, after["kind"]) == (f"layers.{int(place > 0)}", None, kind)
    ((path, before, after),) = told(other, base)
    assert (path, before["kind"], after) == (f"layers.{int(place > 0)}", kind, None)


def test_a_layer_of_another_kind_is_a_changed_kind() -> None:
    assert told(stacked(DENSE, DENSE), stacked(DENSE, {"kind": "maxout", "units": 8})) == [
        ("layers.1.kind", "dense", "maxout")
    ]
    repeated = stacked({**DENSE, "repeat": 5})
    assert told(repeated, repeated.with_values([("layers.0.kind", "maxout")])) == [("layers.0.kind", "dense", "maxout")]


def test_what_changes_behind_an_inserted_layer_is_told_where_it_stood() -> None:
    base = stacked(DENSE, {**DENSE, "units": 5}, {**DENSE, "units": 3})
    other = stacked(DENSE, {"kind": "maxout", "units": 2}, {**DENSE, "units": 5}, {**DENSE, "units": 4})
    assert [path for path, *_ in told(base, other)] == ["layers.1", "layers.2.units"]


@pytest.mark.parametrize("changed", [{}, {"units": 9}, {"units": 9, "activation": {"kind": "relu"}}])
@pytest.mark.parametrize(("count", "other_count"), [(10, 9), (9, 10), (10, 7), (7, 3)])
def test_of_layers_that_repeat_the_first_are_partners_whatever_else_differs(
    count: int, other_count: int, changed: dict[str, Any]
) -> None:
    base, other = stacked({**DENSE, "repeat": count}), stacked({**DENSE, "repeat": other_count, **changed})
    assert common_layers(base, other) == [(place, place) for place in range(min(count, other_count))]


def test_an_inner_stack_is_aligned_too() -> None:
    def block(*layers: Mapping[str, Any]) -> Experiment:
        return stacked(DENSE, {"kind": "residual", "layers": list(layers)})

    inner = {"kind": "maxout", "units": 8}
    ((path, before, after),) = told(block(DENSE, DENSE), block(DENSE, inner, DENSE))
    assert (path, before, after["kind"]) == ("layers.1.layers.1", None, "maxout")
    assert told(block(DENSE, DENSE), block(DENSE, {**DENSE, "units": 8, "activation": {"kind": "relu"}}))[0][0] == (
        "layers.1.layers.1.activation.kind"
    )


def test_differences_are_said_in_words() -> None:
    base = stacked({**DENSE, "repeat": 10})
    norm = base.with_values([("layers.0.normalization.kind", "batch"), ("optimizer.learning_rate", 0.0001)])
    assert in_words(base, norm) == (
        "normalisation: none → batch before (layers 1–10); optimiser, learning rate: 0.1 → 1·10⁻⁴"
    )
    longer = stacked({**DENSE, "repeat": 4}, {"kind": "maxout", "units": 3}, {**DENSE, "repeat": 6})
    assert in_words(base, longer) == "maxout 3 put in as layer 5"
    assert in_words(longer, base) == "maxout 3 taken out (layer 5)"


RELU = {**DENSE, "activation": {"kind": "relu"}}


@pytest.mark.parametrize(
    ("base", "other", "words"),
    [
        (
            [{**DENSE, "repeat": 2}],
            [DENSE, {**RELU, "units": 3}],
            "units: 8 → 3 (layer 2); activation: tanh → relu (layer 2)",
        ),
        ([{**DENSE, "repeat": 10}], [{**DENSE, "repeat": 5}, {**RELU, "repeat": 5}], "(layers 6–10)"),
        ([{**DENSE, "repeat": 6}], [RELU, {**DENSE, "repeat": 3}, {**RELU, "repeat": 2}], "(layers 1, 5–6)"),
        ([{**DENSE, "repeat": 3}], [RELU, RELU, RELU], "activation: tanh → relu (layers 1–3)"),
        (
            [{"kind": "residual", "layers": [{**DENSE, "repeat": 3}]}],
            [{"kind": "residual", "layers": [DENSE, RELU, DENSE]}],
            "activation: tanh → relu (layer 1.2)",
        ),
    ],
)
def test_of_an_entry_that_stands_for_several_layers_those_are_told_that_differ(
    base: list[Any], other: list[Any], words: str
) -> None:
    assert in_words(stacked(*base), stacked(*other)).endswith(words)


LANES: Sequence[tuple[Any, str]] = [
    ([{"name": "B", "set": {"layers.0.unit": 3}}], "no field 'unit'"),
    ([{"name": "B"}, {"name": "B"}], "two lanes are called 'B'"),
    ([{"name": "A"}], "two lanes are called 'A'"),
    ([{"name": ""}], "lanes[0].name"),
    ([{"name": "B", "set": {"seed": 1}, "experiment": {"data": DATA, "layers": []}}], "either settings or"),
    ([{"name": "B", "experiment": {"data": DATA, "layers": [], "lanes": []}}], "without lanes"),
    ([{"name": "B", "experiment": {"layers": []}}], "in lane 'B'"),
    ([{"name": "B", "sets": {}}], "sets"),
    ({"name": "B"}, "expected a list"),
]


@pytest.mark.parametrize(("lanes", "said"), LANES)
def test_a_file_with_a_lane_that_cannot_be_is_refused_in_a_sentence(lanes: Any, said: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        stacked(DENSE, lanes=lanes)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_lanes_are_kept_in_the_file_and_an_experiment_without_has_none() -> None:
    lanes = [{"name": "wide", "set": {"layers.0.units": 64}}, {"name": "other", "experiment": stacked().to_builtins()}]
    experiment = stacked(DENSE, lanes=lanes)
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert [*experiment.all_lanes()] == ["A", "wide", "other"]
    assert experiment.all_lanes()["wide"] == stacked({**DENSE, "units": 64})
    assert experiment.all_lanes()["A"] == stacked(DENSE)
    assert b"lanes" not in stacked(DENSE).to_json()


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["3"], "layer 3"),
        (["1", "2"], "layers 1–2"),
        ([str(number) for number in range(1, 11)], "layers 1–10"),
        (["1", "3.1", "3.2", "3.3", "4"], "layers 1, 3.1–3.3, 4"),
        (["3", "2", "1"], "layers 3, 2, 1"),
        (["9", "10", "none"], "layers 9–10, none"),
    ],
)
def test_layers_in_a_row_are_told_from_first_to_last(labels: list[str], said: str) -> None:
    assert told_layers(labels) == said
