"""Highway layers: a = H T + x (1 − T), and what their gates let through."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.measures import NAMES
from simulator.training.training import Training
from tests.simulator.differences import TOLERANCE, bench, check, plain, relative_error

PLACED = [(kind, position) for kind in ("batch", "layer") for position in ("before", "after")]
NORMS: list[dict[str, Any]] = [
    {"kind": "none"},
    *({"kind": kind, "position": position, "epsilon": 0.1} for kind, position in PLACED),
    {"kind": "weight"},
]


def layer(units: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "highway", "units": units, **fields}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    units=st.integers(1, 4),
    depth=st.integers(1, 3),
    batch=st.integers(2, 5),
    activation=st.sampled_from(["tanh", "relu", "gelu", "linear", "sigmoid"]),
    norm=st.sampled_from(NORMS),
    seed=st.integers(0, 10**6),
)
def test_gradients_of_any_shape_and_option(
    units: int, depth: int, batch: int, activation: str, norm: dict[str, Any], seed: int
) -> None:
    stack = [layer(units, activation={"kind": activation}, normalization=norm, repeat=depth)]
    found = bench(plain(stack, "mse", seed, "regression"), units, 2, batch, seed)
    analytic, numeric = found.analytic(), found.numeric()
    if np.linalg.norm(analytic) > 1e-7:
        assert relative_error(analytic, numeric) <= TOLERANCE


@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: f"{norm['kind']}-{norm.get('position')}")
def test_every_block_is_right_under_every_norm(norm: dict[str, Any]) -> None:
    stack = [{"kind": "dense", "units": 4}, layer(4, normalization=norm), layer(4, normalization=norm)]
    check(bench(plain(stack, "mse", 2, "regression"), 3, 1, 5, 2))


def training(**fields: Any) -> Training:
    made = Training(
        Experiment.from_builtins(
            {
                "precision": "float64", "data": {"kind": "moons", "samples": 60}, "batch_size": 16,
                "layers": [{"kind": "dense", "units": 6}, layer(6, **fields), layer(6, **fields)],
            }
        )
    )  # fmt: skip
    made.look()
    return made


def test_the_output_is_the_gated_mixture_of_candidate_and_input() -> None:
    made = training(transform_bias=-0.5, activation={"kind": "relu"})
    x = made.network.taps[0].a
    module: Any = made.network.modules[1]
    kernel = module.affine.block.value
    u = kernel[:-1].T @ x + kernel[-1][:, None]
    candidate, transform = np.maximum(u[:6], 0), 1 / (1 + np.exp(-u[6:]))
    tap = made.network.taps[1]
    np.testing.assert_allclose(tap.a, candidate * transform + x * (1 - transform), rtol=1e-12)
    np.testing.assert_allclose(tap.z, u[:6], rtol=1e-12)
    np.testing.assert_allclose(tap.extras["transform"], transform, rtol=1e-12)
    np.testing.assert_allclose(tap.extras["carry"], 1 - transform, rtol=1e-12)


def test_the_transform_bias_sets_how_far_the_gate_is_open_at_first() -> None:
    for bias in (-1.0, -3.0, 1.0):
        made = training(transform_bias=bias, initializer={"kind": "zeros"})
        np.testing.assert_allclose(made.network.taps[1].extras["transform"], 1 / (1 + math.exp(-bias)), rtol=1e-12)
    module: Any = training(bias_initializer={"kind": "constant", "value": 0.25}).network.modules[1]
    np.testing.assert_array_equal(module.affine.block.value[-1], [0.25] * 6 + [-1.0] * 6)


def test_a_shut_gate_passes_signal_and_gradient_on_unchanged() -> None:
    made = training(transform_bias=-800.0)
    taps = made.network.taps
    np.testing.assert_array_equal(taps[2].a, taps[0].a)
    kernel = made.network.output.affine.block.value
    assert taps[0].slope is not None
    np.testing.assert_allclose(taps[0].delta, taps[0].slope * (kernel[:-1] @ taps[3].delta), rtol=1e-12)  # type: ignore[operator]
    assert made.values[NAMES.index("weight_gradient_norm"), 1] == 0


def test_an_open_gate_is_a_dense_layer() -> None:
    made = training(transform_bias=800.0)
    tap = made.network.taps[1]
    np.testing.assert_array_equal(tap.a, np.tanh(tap.z))  # type: ignore[arg-type]


def test_a_lower_transform_bias_lets_more_gradient_through_a_deep_stack() -> None:
    reached = []
    for bias in (1.0, -1.0, -3.0):
        deep = layer(20, transform_bias=bias, repeat=40, activation={"kind": "sigmoid"})
        layers = [{"kind": "dense", "units": 20}, deep]
        made = Training(Experiment.from_builtins({"data": {"kind": "moons"}, "layers": layers}))
        made.look()
        delta = made.values[NAMES.index("delta_rms")]
        reached.append(delta[0] / delta[-1])
    assert reached == sorted(reached)
    assert reached[-1] > 100 * reached[0]


@pytest.mark.parametrize("before", [4, 7])
def test_another_width_than_the_inputs_is_refused_with_both_shapes(before: int) -> None:
    described = Experiment.from_builtins(
        {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": before}, layer(5)]}
    )
    with pytest.raises(ExperimentError) as refused:
        Training(described)
    assert str(refused.value) == (
        "layer 2 (highway) carries its input on, so it needs 5 numbers, one for each of its units, "
        f"but layer 1 gives {before} numbers at layers[1]"
    )
