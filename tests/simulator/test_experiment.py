"""The experiment's JSON: defaults, round trips, one clear sentence for every mistake, and what acts live."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import MAX_FILE_BYTES, read
from simulator.experiment.settings import setting
from simulator.layers import Layer
from simulator.parts.losses import Loss
from simulator.parts.regularization import Regularization
from simulator.schema.parameter import Parameter, Spec, is_live_change, kind_of, kinds, parameters

WRITTEN = """
{"format": "nablascope/1", "name": "ten tanh layers, small weights", "seed": 0, "precision": "float32",
 "data": {"kind": "gaussian", "samples": 1000, "features": 500, "classes": 10},
 "layers": [{"kind": "dense", "units": 500, "repeat": 10, "activation": {"kind": "tanh"},
             "initializer": {"kind": "normal", "std": 0.01}, "bias_initializer": {"kind": "zeros"},
             "normalization": {"kind": "none"}, "dropout": {"kind": "none"}}],
 "output": {"initializer": {"kind": "glorot_normal"}, "bias_initializer": {"kind": "zeros"}},
 "loss": {"kind": "softmax_cross_entropy"},
 "optimizer": {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": false},
 "schedule": {"kind": "constant"},
 "regularization": {"l1": 0.0, "l2": 0.0, "clip_norm": null, "clip_value": null},
 "batch_size": 128}
"""
SMALL: dict[str, Any] = {"data": {"kind": "moons"}, "layers": [{"kind": "dense"}]}


def made(**fields: Any) -> Experiment:
    return Experiment.from_builtins({**SMALL, **fields})


def test_an_experiment_written_by_hand_decodes_and_its_values_come_back() -> None:
    experiment = Experiment.from_json(WRITTEN)
    wanted = json.loads(WRITTEN)
    assert experiment.depth == 10

    def covers(got: Any, want: Any) -> bool:
        if isinstance(want, dict):
            return all(covers(got[key], value) for key, value in want.items())
        if isinstance(want, list):
            return len(got) == len(want) and all(covers(g, w) for g, w in zip(got, want, strict=True))
        return bool(got == want)

    assert covers(json.loads(experiment.to_json()), wanted)
    assert Experiment.from_json(WRITTEN.encode()) == experiment
    assert Experiment.from_json(b"\xef\xbb\xbf" + WRITTEN.encode()) == experiment


def test_everything_has_its_default_but_data_and_layers() -> None:
    plain = json.loads(made().to_json())
    assert plain["data"] == {
        "kind": "moons", "samples": 500, "noise": 0.1, "validation": 0.2, "scale": "standard", "label_noise": 0.0,
    }  # fmt: skip
    del plain["data"]
    assert plain == {
        "format": "nablascope/1", "name": "", "seed": 0, "precision": "float32",
        "layers": [{
            "kind": "dense", "repeat": 1, "units": 100, "activation": {"kind": "tanh"},
            "initializer": {"kind": "glorot_normal"}, "bias_initializer": {"kind": "zeros"},
            "normalization": {"kind": "none"}, "dropout": {"kind": "none"},
        }],
        "output": {"initializer": {"kind": "glorot_normal"}, "bias_initializer": {"kind": "zeros"}},
        "loss": {"kind": "softmax_cross_entropy"},
        "optimizer": {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False},
        "schedule": {"kind": "constant"},
        "regularization": {"l1": 0.0, "l2": 0.0, "clip_norm": None, "clip_value": None},
        "batch_size": 128,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "default"),
    [
        ("layers.0.normalization", {"kind": "batch", "position": "before", "epsilon": 1e-5, "momentum": 0.1}),
        ("layers.0.activation", {"kind": "leaky_relu", "slope": 0.01}),
        ("layers.0.activation", {"kind": "elu", "alpha": 1.0}),
        ("layers.0.initializer", {"kind": "orthogonal", "gain": 1.0}),
        ("layers.0.initializer", {"kind": "variance_scaled", "weight_variance": 1.0}),
        ("optimizer", {"kind": "adamw", "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01}),
        ("optimizer", {"kind": "rmsprop", "rho": 0.9, "eps": 1e-8}),
    ],
)
def test_the_defaults_that_matter_to_others(path: str, default: dict[str, Any]) -> None:
    here: Any = made().with_values([(path, {"kind": default["kind"]})]).to_builtins()
    for key in path.split("."):
        here = here[int(key) if key.isdigit() else key]
    assert default.items() <= here.items()


def test_the_field_names_of_valued_initialisers() -> None:
    for kind, field in (("constant", "value"), ("uniform", "limit"), ("normal", "std")):
        assert made().with_values([("layers.0.initializer", {"kind": kind, field: 0.3})])


KINDS = {
    "activation": "linear sigmoid tanh relu leaky_relu elu selu softplus softsign gelu silu erf",
    "initializer": "zeros constant normal uniform variance_scaled lecun_normal lecun_uniform glorot_normal "
    "glorot_uniform he_normal he_uniform orthogonal identity lsuv",
    "normalization": "none batch layer weight",
    "dropout": "none inverted classic",
}
TOP = {
    "loss": "softmax_cross_entropy sigmoid_cross_entropy mse sigmoid_mse",
    "optimizer": "sgd adagrad rmsprop adam adamw",
    "schedule": "constant step exponential cosine sgdr cyclical one_cycle warmup piecewise",
    "data": "digits breast_cancer wine diabetes moons circles spirals xor clusters plane gaussian csv images "
    "adding copying temporal_order sine digit_rows",
}


def test_all_kinds_of_the_file_format_exist() -> None:
    for spec, wanted in ((kinds(Layer)["dense"], KINDS), (Experiment, TOP)):
        found = {p.name: {kind_of(kind) for kind in p.kinds} for p in parameters(spec) if p.type == "part"}
        for field, names in wanted.items():
            assert found[field] == set(names.split())


# -- round trips ------------------------------------------------------------------------------------------------------


def values_of(field: Parameter) -> st.SearchStrategy[Any]:
    """Valid JSON values of a field."""
    if field.type == "part":
        found: st.SearchStrategy[Any] = st.sampled_from(field.kinds).flatmap(plain_of)
    elif field.type == "spec":
        assert field.part is not None
        found = plain_of(field.part)
    elif field.type == "choice":
        found = st.sampled_from(field.choices)
    elif field.type == "flag":
        found = st.booleans()
    elif field.type == "integer":
        found = st.integers(int(field.low or 0), int(field.high if field.high is not None else 2**31))
    elif field.type == "number":
        found = st.floats(
            field.low, field.high, exclude_min=field.low_open, exclude_max=field.high_open,
            allow_nan=False, allow_infinity=False,
        )  # fmt: skip
    elif field.type == "text":
        found = st.text(min_size=1, max_size=8)
    elif field.type == "integers":
        found = st.lists(st.integers(-5, 50), max_size=4)
    elif field.type == "numbers":
        found = st.lists(st.floats(0, 1e6), max_size=4)
    elif field.type == "texts":
        found = st.lists(st.text(min_size=1, max_size=4), max_size=2, unique=True)
    elif field.type == "specs":
        lane = st.fixed_dictionaries({"name": st.text("bcd", min_size=1), "set": st.just({"seed": 3}) | st.none()})
        found = st.lists(lane, max_size=2, unique_by=lambda each: each["name"])
    else:
        found = st.lists(st.sampled_from(field.kinds).flatmap(plain_of), max_size=3)
    return found | st.none() if field.optional else found


def plain_of(spec: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    # Locks hold an experiment to another one: see test_locks.
    fields = {field.name: values_of(field) for field in parameters(spec) if field.name != "locks"}
    required = {field.name: fields[field.name] for field in parameters(spec) if field.required}
    tag = {"kind": st.just(kind_of(spec))} if hasattr(spec, "kind") else {}  # type: ignore[arg-type]
    optional = {name: value for name, value in fields.items() if name not in required}
    return st.fixed_dictionaries({**tag, **required}, optional=optional)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(plain=plain_of(Experiment))
def test_any_experiment_survives_json(plain: dict[str, Any]) -> None:
    try:
        experiment = Experiment.from_builtins(plain)
    except ExperimentError as error:
        known = ("needs classes", "1000 that a stack may have", "a list of length ≥ 1")
        assert any(words in str(error) for words in known)  # noqa: PT017
        return
    text = experiment.to_json()
    again = Experiment.from_json(text)
    assert again == experiment
    assert again.to_json() == text
    assert Experiment.from_builtins(experiment.to_builtins()) == experiment
    assert hash(again) == hash(experiment)
    assert is_live_change(experiment, again)


def test_numbers_are_written_in_full() -> None:
    rate = 0.1 + 0.2
    assert Experiment.from_json(made(optimizer={"kind": "sgd", "learning_rate": rate}).to_json()).optimizer == (
        made(optimizer={"kind": "sgd", "learning_rate": rate}).optimizer
    )
    assert b"0.30000000000000004" in made(optimizer={"kind": "sgd", "learning_rate": rate}).to_json()


# -- mistakes ---------------------------------------------------------------------------------------------------------


def refused(text: Any) -> ExperimentError:
    with pytest.raises(ExperimentError) as caught:  # noqa: PT012
        if isinstance(text, (str, bytes)):
            Experiment.from_json(text)
        else:
            Experiment.from_builtins(text)
    message = str(caught.value)
    assert "\n" not in message
    assert "msgspec" not in message
    assert "$" not in message
    return caught.value


def with_layer(**fields: Any) -> dict[str, Any]:
    return {**SMALL, "layers": [{"kind": "dense", **fields}]}


MISTAKES: list[tuple[Any, str, list[str]]] = [
    (with_layer(dropout={"kind": "inverted", "rate": 0.99}), "layers[0].dropout.rate", ["0.95"]),
    (with_layer(dropout={"kind": "inverted", "rate": "much"}), "layers[0].dropout.rate", ["a number", "'much'"]),
    (with_layer(dropout={"kind": "alpha"}), "layers[0].dropout.kind", ["'alpha'", "none, inverted, classic"]),
    (with_layer(activation={"kind": "tahn"}), "layers[0].activation.kind", ["'tahn'", "tanh", "softsign", "erf"]),
    (with_layer(activation={}), "layers[0].activation", ["'kind'", "tanh"]),
    (with_layer(activation="tanh"), "layers[0].activation", ["an object", "'tanh'"]),
    (with_layer(units=0), "layers[0].units", ["1"]),
    (with_layer(units=10.5), "layers[0].units", ["a whole number, not 10.5"]),
    (with_layer(units=10.0), "layers[0].units", ["a whole number, not 10.0"]),
    (with_layer(units=1e40), "layers[0].units", ["a whole number, not 1·10⁴⁰"]),
    (with_layer(units=True), "layers[0].units", ["a whole number", "True"]),
    (with_layer(unit=3), "layers[0]", ["'unit'", "units", "activation"]),
    (with_layer(activation={"kind": "tanh", "slope": 1}), "layers[0].activation", ["tanh", "'slope'"]),
    ({**SMALL, "layers": {"kind": "dense"}}, "layers", ["a list", "an object"]),
    ({**SMALL, "precision": "float16"}, "precision", ["'float16'", "float32, float64"]),
    ({**SMALL, "format": "nablascope/2"}, "format", ["nablascope/2", "nablascope/1"]),
    ({**SMALL, "seed": -1}, "seed", ["0"]),
    ({**SMALL, "seed": None}, "seed", ["a whole number", "null"]),
    ({**SMALL, "batch_size": 0}, "batch_size", ["1"]),
    ({**SMALL, "optimiser": {}}, "", ["'optimiser'", "optimizer"]),
    ({**SMALL, "optimizer": {"kind": "sgd", "momentum": 1.0}}, "optimizer.momentum", ["1"]),
    ({**SMALL, "regularization": {"clip_norm": 0}}, "regularization.clip_norm", ["0"]),
    ({**SMALL, "regularization": {"l3": 0}}, "regularization", ["'l3'", "l1, l2"]),
    ({**SMALL, "loss": {"kind": "hinge"}}, "loss.kind", ["'hinge'", "softmax_cross_entropy", "mse"]),
    ({**SMALL, "data": {"kind": "mnist"}}, "data.kind", ["'mnist'", "moons", "digits", "csv"]),
    ({**SMALL, "data": {"kind": "moons", "scale": "log"}}, "data.scale", ["'log'", "standard, unit, none"]),
    ({"data": {"kind": "moons"}}, "", ["'layers'", "missing"]),
    ({"layers": []}, "", ["'data'", "missing"]),
    ({**SMALL, "data": {"kind": "plane"}, "loss": {"kind": "softmax_cross_entropy"}}, "loss", ["classes", "plane"]),
    ({**SMALL, "layers": [{"kind": "dense", "repeat": 600}] * 2}, "layers", ["1200"]),
    ([], "", ["an object", "a list"]),
    ({**SMALL, "optimizer": {"kind": "sgd", "learning_rate": float("nan")}}, "optimizer.learning_rate", ["finite"]),
    ({**SMALL, "optimizer": {"kind": "sgd", "learning_rate": float("inf")}}, "optimizer.learning_rate", ["finite"]),
    ({**SMALL, "optimizer": {"kind": "sgd", "learning_rate": 10**400}}, "optimizer.learning_rate", []),
]


@pytest.mark.parametrize(("plain", "path", "words"), MISTAKES, ids=lambda v: str(v)[:40])
def test_a_mistake_is_named_with_its_place_and_what_would_be_valid(plain: Any, path: str, words: list[str]) -> None:
    error = refused(plain)
    assert error.path == path
    for word in words:
        assert word in str(error)
    if path:
        assert str(error).endswith(f" at {path}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["not JSON", "line 1"]),
        ("{", ["not JSON", "line 1"]),
        ('{"data": {"kind": "moons"},\n "layers": [}', ["not JSON", "line 2", "column 13"]),
        (b"\xff\xfe{}", ["UTF-8"]),
        ('{"seed": 1, "seed": 2}', ["'seed'", "twice"]),
        ('{"seed": NaN}', ["NaN"]),
        ('{"seed": -Infinity}', ["-Infinity"]),
        ('{"seed": 1e999}', ["finite", "seed"]),
        ('{"name": ' + "[" * 900 + "]" * 900 + "}", ["nested"]),
        ('{"name": ' + "[" * 100_000 + "]" * 100_000 + "}", ["nested"]),
        ('{"name": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}", ["nested"]),
        ('{"seed": ' + "9" * 5000 + "}", ["not JSON"]),
        ("[1, 2]", ["an object", "a list"]),
        ("null", ["an object", "null"]),
        ('"x"', ["an object", "a text"]),
    ],
    ids=lambda v: str(v)[:30],
)
def test_a_broken_file_is_one_sentence(text: str | bytes, words: list[str]) -> None:
    message = str(refused(text))
    for word in words:
        assert word in message


@pytest.mark.parametrize("name", ["mine.csv", "mine.txt", "mine.csv.gz", "mine.xlsx"])
def test_a_table_in_place_of_an_experiment_is_called_what_it_is(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x,y,label\n1,2,a\n")
    os.truncate(tmp_path / name, MAX_FILE_BYTES + 1)
    with pytest.raises(ExperimentError, match="a table, which an experiment names as its data") as caught:
        read(tmp_path / name)
    assert str(caught.value).endswith(f'{{"kind": "csv", "path": "{name}"}}')
    with pytest.raises(ExperimentError, match="no such file"):
        read(tmp_path / "gone.csv")


def test_an_experiment_is_read_whatever_its_file_is_called(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("\ufeff \n" + WRITTEN, encoding="utf-8")
    assert read(tmp_path / "mine.txt") == Experiment.from_json(WRITTEN)
    (tmp_path / "mine.txt").write_text('{"data": 1', encoding="utf-8")
    with pytest.raises(ExperimentError, match="not JSON"):
        read(tmp_path / "mine.txt")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_any_value_in_any_place_is_taken_or_refused_in_words(data: st.DataObject) -> None:
    plain = json.loads(WRITTEN)
    here = plain
    while True:
        key = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else list(range(len(here)))))
        if isinstance(here[key], (dict, list)) and here[key] and data.draw(st.booleans()):
            here = here[key]
        else:
            break
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    here[key] = data.draw(
        st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
    )
    try:
        Experiment.from_builtins(plain)
    except ExperimentError as error:
        assert str(error)  # noqa: PT017
        assert "\n" not in str(error).replace(repr(here[key]), "")  # noqa: PT017


# -- setting values ---------------------------------------------------------------------------------------------------


def test_values_are_set_by_path() -> None:
    experiment = made(layers=[{"kind": "dense"}, {"kind": "dense", "dropout": {"kind": "inverted"}}])
    changed = experiment.with_values([("layers.1.dropout.rate", 0.2), ("optimizer.learning_rate", 3), ("name", "x")])
    plain = changed.to_builtins()
    assert plain["layers"][1]["dropout"] == {"kind": "inverted", "rate": 0.2}
    assert plain["optimizer"]["learning_rate"] == 3
    assert plain["name"] == "x"
    assert experiment.to_builtins()["layers"][1]["dropout"]["rate"] == 0.5


def test_a_new_kind_drops_the_fields_of_the_old() -> None:
    experiment = made(optimizer={"kind": "sgd", "momentum": 0.9, "learning_rate": 2.0})
    changed = experiment.with_values([("optimizer.kind", "adam"), ("optimizer.beta1", 0.5)]).to_builtins()["optimizer"]
    assert changed["kind"] == "adam"
    assert changed["beta1"] == 0.5
    assert changed["learning_rate"] == 0.001
    assert "momentum" not in changed
    same = experiment.with_values([("optimizer.kind", "sgd")])
    assert same == experiment


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("layers.3.units", 5, ["layers[3]", "there is only 1 entry"]),
        ("layers.x.units", 5, ["layers.x", "index"]),
        ("layers.0.dropout.rate", 0.2, ["layers[0].dropout", "'rate'"]),
        ("nothing.at.all", 1, ["'nothing'", "optimizer"]),
        ("batch_size.deep", 1, ["batch_size"]),
        ("optimizer.kind", "lion", ["'lion'", "adamw", "optimizer.kind"]),
        ("seed", "one", ["seed", "a whole number"]),
        ("", 1, []),
        ("optimizer.", 1, []),
        ("layers.-1.units", 1, ["index"]),
    ],
)
def test_a_wrong_path_or_value_is_one_sentence(path: str, value: Any, words: list[str]) -> None:
    with pytest.raises(ExperimentError) as caught:
        made().with_values([(path, value)])
    for word in words:
        assert word in str(caught.value)


# -- what follows from the parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "loss"), [("moons", "softmax_cross_entropy"), ("plane", "mse"), ("diabetes", "mse")])
def test_the_loss_follows_the_task(data: str, loss: str) -> None:
    assert made(data={"kind": data}).objective == kinds(Loss)[loss]()
    assert made(data={"kind": data}, loss=None).objective == kinds(Loss)[loss]()


def test_a_csvs_loss_follows_its_task() -> None:
    assert made(data={"kind": "csv", "path": "x.csv"}).objective.kind == "softmax_cross_entropy"
    assert made(data={"kind": "csv", "path": "x.csv", "task": "regression"}).objective.kind == "mse"


LIVE = {
    "optimizer.learning_rate": 0.5, "optimizer.momentum": 0.9, "optimizer.nesterov": True, "optimizer.kind": "adam",
    "schedule.kind": "cosine", "regularization.l1": 0.1, "regularization.l2": 0.1, "regularization.clip_norm": 1.0,
    "regularization.clip_value": 1.0, "name": "new", "layers.0.dropout.rate": 0.1, "layers.0.activation.slope": 0.3,
    "layers.0.normalization.epsilon": 1e-3, "layers.0.normalization.momentum": 0.5,
}  # fmt: skip
STRUCTURAL = {
    "seed": 1, "precision": "float64", "batch_size": 5, "data.samples": 50, "data.noise": 0.3, "data.validation": 0.1,
    "layers.0.units": 7, "layers.0.repeat": 2, "layers.0.activation.kind": "relu", "layers.0.initializer.kind": "zeros",
    "layers.0.dropout.kind": "classic", "layers.0.normalization.position": "after", "loss.kind": "mse",
    "output.initializer.kind": "zeros", "layers.0.normalization.kind": "none",
}  # fmt: skip


@pytest.mark.parametrize(("path", "value"), [*LIVE.items(), *STRUCTURAL.items()])
def test_which_changes_act_live(path: str, value: Any) -> None:
    old = Experiment.from_builtins(
        with_layer(dropout={"kind": "inverted"}, activation={"kind": "leaky_relu"}, normalization={"kind": "batch"})
    )
    new = old.with_values([(path, value)])
    assert new != old
    assert is_live_change(old, new) is (path in LIVE)
    assert is_live_change(new, old) is (path in LIVE)


def test_adding_or_removing_a_layer_is_structural() -> None:
    assert not is_live_change(made(), made(layers=SMALL["layers"] * 2))
    assert not is_live_change(made(), made(layers=[]))


def test_a_live_and_a_structural_change_together_are_structural() -> None:
    assert not is_live_change(made(), made(seed=3, name="x"))


def test_the_penalties_have_the_names_of_the_file_format() -> None:
    assert Regularization.__struct_fields__ == ("l1", "l2", "clip_norm", "clip_value")


@pytest.mark.parametrize(("kind", "field"), [("adding", "steps"), ("gaussian", "validation"), ("wine", "label_noise")])
def test_a_place_in_the_data_is_told_as_any_other(kind: str, field: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        Experiment.from_builtins({"data": {"kind": kind, field: -1}, "layers": []})
    assert refused.value.in_words.startswith(f"data, {field.replace('_', ' ')}: ")


def test_what_a_file_says_of_further_networks_is_written_again_as_it_stands_there() -> None:
    another = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 3}]}
    lanes = [
        {"name": "with batch norm", "set": {"layers.0.normalization.kind": "batch"}},
        {"name": "another", "experiment": another},
        {"name": "the same"},
    ]
    said = {**another, "lanes": lanes}
    assert list(Experiment.from_builtins(said).to_builtins()["lanes"]) == lanes
    written = Experiment.from_builtins(said).to_json()
    assert Experiment.from_json(written).to_json() == written
    with_nothing = [{"set": None, "experiment": None, **lane} for lane in lanes]
    assert Experiment.from_builtins({**said, "lanes": with_nothing}).to_json() == written


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000),
        ("10.0", 10),
        ("[2e1, 0.5]", [20, 0.5]),
        ("2.5", 2.5),
        ("-0.0", -0.0),
        ("1e30", 1e30),
        ("1e3x", "1e3x"),
    ],
)
def test_a_whole_number_may_be_written_with_a_point_or_an_exponent_in_a_setting(text: str, value: Any) -> None:
    path, read = setting(f"layers.0.units={text}")
    assert (path, repr(read)) == ("layers.0.units", repr(value))
