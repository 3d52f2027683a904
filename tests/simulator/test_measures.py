"""Measures: their definitions on taps made by hand, and on networks recomputed in plain numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import special

from simulator.arrays.numeric import Array
from simulator.arrays.statistics import norm
from simulator.experiment.experiment import Experiment
from simulator.layers.base import Tap
from simulator.layers.info import LayerInfo
from simulator.measures import MEASURES, NAMES, RECORDED, Meter
from simulator.network.stack import Roles
from simulator.parts.activations import GELU, Activation, LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from simulator.schema.parameter import kinds
from simulator.training.training import Training

BATCH = 4


def tap(activation: Activation | None, z: Any, **arrays: Any) -> Tap:
    """A layer of hand-made arrays; what is not given is drawn."""
    rng = np.random.default_rng(0)
    z = np.array(z, np.float64)
    a, slope = np.empty_like(z), None
    if activation is None:
        a[...] = special.softmax(z, axis=0)
    else:
        slope = np.empty_like(z)
        with np.errstate(all="ignore"):
            activation.apply(z, a)
            activation.derivative(z, a, slope)
    units = z.shape[0]
    shapes = {"delta": z.shape, "bias_gradient": (units,)}
    shapes |= dict.fromkeys(("weights", "weight_gradient", "weight_update"), (3, units))
    made = {name: np.array(arrays.get(name, rng.standard_normal(shape))) for name, shape in shapes.items()}
    info = LayerInfo("1", "dense 1", "dense", activation.kind if activation else "softmax", units, 0)
    return Tap(info=info, activation=activation, z=z, a=a, slope=slope, **made)


def read(made: Tap) -> dict[str, float | None]:
    with np.errstate(all="ignore"):
        values, defined = Meter(Roles([made]), BATCH, RECORDED).read()
    assert np.isnan(values[~defined]).all()
    return {name: float(values[i, 0]) if defined[i, 0] else None for i, name in enumerate(NAMES)}


def test_the_names_are_the_columns_of_the_file_format() -> None:
    assert ",".join(NAMES) == (
        "activation_mean,activation_std,activation_saturated,activation_dead,preactivation_std,delta_rms,"
        "weight_gradient_norm,bias_gradient_norm,weight_gradient_std,weight_norm,update_norm,update_ratio,nonfinite"
    )
    for measure in MEASURES:
        assert measure.label
        assert measure.formula


def test_every_plain_measure_is_its_formula() -> None:
    z = np.array([[1.0, -2.0, 3.0, 0.5], [-1.0, 2.0, 0.25, -0.5]])
    made = tap(Tanh(), z)
    found = read(made)
    a = np.tanh(z)
    want = {
        "activation_mean": a.sum() / 8,
        "activation_std": math.sqrt(((a - a.mean()) ** 2).sum() / 8),
        "preactivation_std": math.sqrt(((z - z.mean()) ** 2).sum() / 8),
        "delta_rms": BATCH * math.sqrt((made.delta**2).sum() / 8),
        "weight_gradient_norm": math.sqrt((made.weight_gradient**2).sum()),
        "bias_gradient_norm": math.sqrt((made.bias_gradient**2).sum()),
        "weight_gradient_std": made.weight_gradient.std(),
        "weight_norm": math.sqrt((made.weights**2).sum()),
        "update_norm": math.sqrt((made.weight_update**2).sum()),
        "update_ratio": math.sqrt((made.weight_update**2).sum() / (made.weights**2).sum()),
        "nonfinite": 0,
        "activation_dead": 0,
    }
    for name, value in want.items():
        assert found[name] == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize(
    ("activation", "z", "share"),
    [
        (Tanh(), [[0.0, 2.17, -2.17, 1.0]], 0.0),  # 1 − tanh² 2.17 = 0.0509
        (Tanh(), [[0.0, 2.19, -2.19, 1.0]], 0.5),  # 0.0490
        (Sigmoid(), [[0.0, 4.30, -4.30, 1.0]], 0.0),  # 0.01321/0.25 = 0.0528
        (Sigmoid(), [[0.0, 4.40, -4.40, 1.0]], 0.5),  # 0.01199/0.25 = 0.0480
        (ReLU(), [[1.0, -1.0, 0.0, 5.0]], 0.5),
        (Linear(), [[100.0, -100.0, 0.0, 5.0]], 0.0),
        (LeakyReLU(), [[1.0, -1.0, -2.0, 5.0]], 0.5),
        (LeakyReLU(slope=0.1), [[1.0, -1.0, -2.0, 5.0]], 0.0),
        (GELU(), [[-1.5, -10.0, 1.0, 5.0]], 0.25),  # A slope of −0.13 is not flat.
        (Tanh(), [[math.inf, 50.0, 0.0, 0.0]], 0.5),
    ],
)
def test_saturated_is_a_slope_below_a_twentieth_of_the_steepest(activation: Activation, z: Any, share: float) -> None:
    assert read(tap(activation, z))["activation_saturated"] == share


@pytest.mark.parametrize(
    ("activation", "z", "share"),
    [
        (ReLU(), [[-1, -2, -3, -4], [-1, 2, -3, -4], [1, 2, 3, 4], [0, 0, 0, 0]], 0.5),
        (ReLU(), [[-1, -2, -3, -4], [-1, -2, -3, -4]], 1.0),
        (ReLU(), [[1, -2, -3, -4], [-1, -2, -3, 4]], 0.0),
        (LeakyReLU(), [[-1, -2, -3, -4]], 0.0),
        (LeakyReLU(slope=0.0), [[-1, -2, -3, -4]], 1.0),
        (Tanh(), [[1e-300, 0, 0, 0], [5, 5, 5, 5]], 0.0),  # A small activation or slope is not a dead unit.
        (Tanh(), [[400, -400, 400, 400], [5, 5, 5, 5]], 0.5),
        (Linear(), [[0, 0, 0, 0]], 0.0),
    ],
)
def test_dead_is_no_slope_on_any_sample(activation: Activation, z: Any, share: float) -> None:
    assert read(tap(activation, z))["activation_dead"] == share


@pytest.mark.parametrize("kind", kinds(Activation).values())
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_where_an_activation_is_finite_its_z_and_its_slope_are_numbers(kind: type[Activation], precision: str) -> None:
    # So saturated and dead entries need no look at z where all activations are.
    most = float(np.finfo(precision).max)
    z = np.array([math.nan, math.inf, -math.inf, most, -most, 1e20, -1e20, 100, -100, 1, -1, 0], precision)
    a, slope = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):
        kind().apply(z, a)
        kind().derivative(z, a, slope)
    assert not np.isnan([z, slope])[:, np.isfinite(a)].any()
    found = read(tap(kind(), [z.tolist()]))
    assert np.isnan([found["activation_saturated"], found["activation_dead"]]).all()


def test_saturated_and_dead_are_not_defined_for_softmax() -> None:
    found = read(tap(None, [[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]]))
    assert [name for name, value in found.items() if value is None] == ["activation_saturated", "activation_dead"]


def test_the_update_ratio_is_not_defined_where_all_weights_are_zero() -> None:
    z = [[1.0, 2.0, 3.0, 4.0]]
    found = read(tap(Tanh(), z, weights=np.zeros((3, 1))))
    assert found["update_ratio"] is None
    assert found["weight_norm"] == 0
    assert read(tap(Tanh(), z, weight_update=np.zeros((3, 1))))["update_ratio"] == 0


@pytest.mark.parametrize("name", ["z", "a", "delta", "weights", "weight_gradient"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_each_broken_entry_is_counted(name: str, bad: float, precision: str) -> None:
    plain = tap(Tanh(), np.zeros((2, 4)))
    arrays = {n: np.array(getattr(plain, n), precision) for n in ("z", "a", "delta", "weights", "weight_gradient")}
    arrays[name].flat[3] = arrays[name].flat[1] = bad
    made = Tap(
        info=plain.info, activation=plain.activation, slope=plain.slope, bias_gradient=plain.bias_gradient,
        weight_update=plain.weight_update, **arrays,
    )  # fmt: skip
    assert read(made)["nonfinite"] == 2


def test_nan_is_a_value_and_is_defined() -> None:
    found = read(tap(Tanh(), [[1.0, math.nan, 3.0, 4.0]]))
    assert found["activation_mean"] is not None
    assert math.isnan(found["activation_mean"])
    assert found["nonfinite"] == 2  # In z and in a.


@pytest.mark.parametrize("magnitude", [1e-38, 1e-30, 1e-20, 1.0, 1e20, 1e37])
def test_float32_gradients_of_any_size_are_measured(magnitude: float) -> None:
    gradient = (np.random.default_rng(1).standard_normal((3, 2)) * magnitude).astype(np.float32)
    found = read(tap(Tanh(), np.zeros((2, 4)), weight_gradient=gradient))
    wide = gradient.astype(np.longdouble)
    assert found["weight_gradient_norm"] == pytest.approx(float(np.sqrt((wide**2).sum())), rel=1e-6, abs=0)
    assert found["weight_gradient_std"] == pytest.approx(float(wide.std()), rel=1e-5, abs=0)


@pytest.mark.parametrize("other", [0.0, 1e-20, 1.0, 1e25, math.nan])
def test_a_layer_whose_spread_is_small_beside_its_mean_is_measured_right_beside_any_other(other: float) -> None:
    rng = np.random.default_rng(2)
    narrow = (100 + 1e-3 * rng.standard_normal((3, 2))).astype(np.float32)
    broad = (rng.standard_normal((3, 2)) * other).astype(np.float32)
    made = [tap(Tanh(), np.zeros((2, 4)), weight_gradient=gradient) for gradient in (narrow, broad)]
    with np.errstate(all="ignore"):
        values, _ = Meter(Roles(made), BATCH, MEASURES).read()
    for layer, gradient in enumerate((narrow, broad)):
        wide = gradient.astype(np.longdouble)
        for name, want in (("norm", np.sqrt((wide**2).sum())), ("std", wide.std())):
            found = values[NAMES.index(f"weight_gradient_{name}"), layer]
            assert found == pytest.approx(float(want), rel=1e-4, abs=0, nan_ok=True), (name, layer)


# -- on a whole network -----------------------------------------------------------------------------------------------


def experiment(**fields: Any) -> Experiment:
    layer = {"kind": "dense", "units": 7, "activation": {"kind": "sigmoid"}}
    plain: dict[str, Any] = {
        "precision": "float64", "data": {"kind": "clusters", "classes": 3}, "layers": [layer, layer], "batch_size": 20,
    }  # fmt: skip
    return Experiment.from_builtins(plain | fields)


def reference(training: Training) -> list[dict[str, float]]:
    """Two sigmoid layers and a softmax, sample by sample, after Nielsen's book: the measures of all layers."""
    kernels = [np.array(m.affine.block.value) for m in (*training.network.modules, training.network.output)]  # type: ignore[attr-defined]
    x, y = np.array(training.network.input[:-1]), np.array(training.y)
    samples = x.shape[1]
    weights, biases = [k[:-1].T for k in kernels], [k[-1] for k in kernels]
    a: list[list[Array]] = [[x[:, i]] for i in range(samples)]
    z: list[list[Array]] = [[] for _ in range(samples)]
    for i in range(samples):
        for layer in range(3):
            z[i].append(weights[layer] @ a[i][-1] + biases[layer])
            a[i].append(special.softmax(z[i][-1]) if layer == 2 else special.expit(z[i][-1]))
    rows = []
    delta = [a[i][3] - y[:, i] for i in range(samples)]
    for layer in (2, 1, 0):
        if layer < 2:
            delta = [
                (weights[layer + 1].T @ delta[i]) * special.expit(z[i][layer]) * special.expit(-z[i][layer])
                for i in range(samples)
            ]
        gradient = sum(np.outer(delta[i], a[i][layer]) for i in range(samples)) / samples
        rows.append(
            {
                "activation_mean": np.mean([a[i][layer + 1] for i in range(samples)]),
                "activation_std": np.std([a[i][layer + 1] for i in range(samples)]),
                "preactivation_std": np.std([z[i][layer] for i in range(samples)]),
                "delta_rms": np.sqrt(np.mean(np.square(delta))),
                "weight_gradient_norm": np.linalg.norm(gradient),
                "weight_gradient_std": np.std(gradient),
                "bias_gradient_norm": np.linalg.norm(np.mean(delta, axis=0)),
                "weight_norm": np.linalg.norm(weights[layer]),
                "update_norm": 0.1 * np.linalg.norm(gradient),
                "update_ratio": 0.1 * np.linalg.norm(gradient) / np.linalg.norm(weights[layer]),
            }
        )
    return rows[::-1]


def test_a_networks_measures_are_those_of_a_plain_implementation() -> None:
    training = Training(experiment())
    for _ in range(3):
        training.look()
        for layer, want in enumerate(reference(training)):
            for name, value in want.items():
                assert training.values[NAMES.index(name), layer] == pytest.approx(value, rel=1e-10), (name, layer)
        training.propose()
        training.apply()


def test_penalties_and_clipping_show_in_the_update_only() -> None:
    bare = Training(experiment())
    limited = Training(experiment(regularization={"l2": 0.1, "clip_norm": 1e-3}))
    bare.look()
    limited.look()
    for name in NAMES:
        row = NAMES.index(name)
        same = np.array_equal(bare.values[row], limited.values[row], equal_nan=True)
        assert same is not name.startswith("update"), name
    assert bare.gradient_norm == limited.gradient_norm


def test_a_live_alpha_moves_the_limit_of_saturation() -> None:
    def elu(alpha: float) -> Experiment:
        layer = {"kind": "dense", "units": 7, "activation": {"kind": "elu", "alpha": alpha}}
        return experiment(layers=[layer])

    changed, fresh = Training(elu(1.0)), Training(elu(60.0))
    changed.look()
    changed.update_spec(elu(60.0))
    changed.look()
    fresh.look()
    row = NAMES.index("activation_saturated")
    assert fresh.values[row, 0] > 0.5  # The slope 1 of all positive z is below 5 % of 60.
    assert changed.values[row, 0] == fresh.values[row, 0]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_norms_of_what_lies_evenly_spaced_are_those_of_each_array(precision: str) -> None:
    """Weights, gradients and updates of alike layers are read as one array: to the bits of reading each alone."""
    training = Training(experiment(precision=precision))
    training.propose()
    roles = {"weight_norm": "weights", "weight_gradient_norm": "weight_gradient", "update_norm": "weight_update"}
    for name, role in roles.items():
        expected = [norm(np.array(array)) for array in training.network.roles[role].arrays]
        assert training.values[training.meter.names.index(name)].tolist() == expected


def test_taps_cannot_be_written_to() -> None:
    training = Training(experiment())
    made = training.network.taps[0]
    for name in ("z", "a", "slope", "delta", "weights", "weight_gradient", "weight_update", "bias_gradient"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(made, name)[...] = 0
