"""The plain recurrent layer, and what all layers with a state have in common."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.recurrent import kernel_gradient
from simulator.layers.recurrent.cell import Step
from simulator.layers.recurrent.underflow import Underflow
from simulator.measures import RECORDED, RECORDED_NAMES, Meter
from simulator.network.network import Network
from simulator.observations.time_profile import time_profiles
from simulator.parts.activations import Activation
from simulator.schema.parameter import kinds
from tests.simulator.differences import bench, check, plain
from tests.simulator.sequences import RECURRENT, drawn, states, through_time

ACTIVATIONS = sorted(kinds(Activation))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    stack=st.lists(
        st.fixed_dictionaries(
            {
                "kind": st.sampled_from(RECURRENT),
                "units": st.integers(1, 3),
                "checkpoint": st.booleans(),
            }
        ),
        min_size=1, max_size=2,
    ),
    output=st.sampled_from(["last", "all"]),
    steps=st.integers(1, 7),
    features=st.integers(1, 3),
    batch=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_gradients_through_time_over_random_stacks_and_shapes(
    stack: list[dict[str, object]], output: str, steps: int, features: int, batch: int, seed: int
) -> None:
    layers = [layer | {"output": "all"} for layer in stack[:-1]] + [stack[-1] | {"output": output}]
    check(bench(plain(layers, "mse", seed, "regression"), (steps, features), 2, batch, seed))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_through_time_with_every_activation(activation: str) -> None:
    layer = {"kind": "recurrent", "units": 3, "activation": {"kind": activation}, "output": "all"}
    layers = [layer, {"kind": "dense", "units": 2}]
    check(bench(plain(layers, "mse", 5, "regression"), (3, 2), 1, 2, 5))


@pytest.mark.parametrize("kind", RECURRENT)
def test_the_states_follow_the_equations(kind: str) -> None:
    found = drawn([{"kind": kind, "units": 4, "output": "all"}], (6, 3))
    network = found.network
    network.forward()
    wanted = states(kind, through_time(network), network.input[:-1].reshape(6, 3, -1))
    np.testing.assert_allclose(network.taps[0].a, wanted.transpose(1, 0, 2), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(
        through_time(network).out[:-1].reshape(wanted.shape), network.taps[0].a.transpose(1, 0, 2)
    )


@pytest.mark.parametrize("kind", RECURRENT)
def test_the_last_state_is_the_last_of_all_states(kind: str) -> None:
    every, last = (drawn([{"kind": kind, "units": 4, "output": o}], (7, 2)) for o in ("all", "last"))
    block = through_time(every.network).block
    through_time(last.network).block.value[...] = block.value
    last.network.input[...] = every.network.input
    every.network.forward()
    last.network.forward()
    final = through_time(every.network).out[:-1].reshape(7, 4, -1)[-1]
    np.testing.assert_array_equal(through_time(last.network).out[:-1], final)


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_forward_pass_may_be_repeated(kind: str) -> None:
    found = drawn([{"kind": kind, "units": 4, "output": "all"}, {"kind": kind, "units": 3}], (6, 2))
    first = found.analytic()
    found.network.forward()
    np.testing.assert_array_equal(found.analytic(), first)


@pytest.mark.parametrize("kind", RECURRENT)
@pytest.mark.parametrize("shape", [(8,), (1, 8, 8)])
def test_what_is_not_a_sequence_is_refused_with_both_shapes(kind: str, shape: tuple[int, ...]) -> None:
    described = Experiment.from_builtins(plain([{"kind": "dense"}, {"kind": kind}], "mse", 0, "regression"))
    with pytest.raises(ExperimentError) as caught:
        Network(described, shape, 1, 2)
    assert str(caught.value).startswith("layer 2 (")
    assert "needs a sequence, but layer 1 gives 100 numbers" in str(caught.value)
    assert caught.value.path == "layers[1]"


def test_a_dense_layer_after_every_state_sees_all_of_them() -> None:
    found = drawn([{"kind": "lstm", "units": 4, "output": "all"}, {"kind": "dense", "units": 2}], (5, 2))
    assert found.network.modules[1].affine.inputs == 20  # type: ignore[attr-defined]


# -- IRNN -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_an_irnn_starts_as_an_identity_through_time(activation: str) -> None:
    layer = {
        "kind": "recurrent", "units": 5, "activation": {"kind": activation},
        "recurrent_initializer": {"kind": "identity"}, "initializer": {"kind": "constant", "value": 0.3},
    }  # fmt: skip
    found = drawn([layer], (12, 2))
    np.abs(found.network.input, out=found.network.input)
    found.network.initialise(0)
    found.analytic()
    gradient = found.network.taps[0].extras["hidden_gradient"]
    np.testing.assert_array_equal(gradient, np.broadcast_to(gradient[:, -1:], gradient.shape))
    assert np.linalg.norm(gradient) > 0


# -- initialisation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "gates"), [("recurrent", 1), ("gru", 3), ("lstm", 4)])
def test_recurrent_weights_are_drawn_gate_by_gate(kind: str, gates: int) -> None:
    found = drawn([{"kind": kind, "units": 6}], (3, 2))
    found.network.initialise(0)
    kernel = through_time(found.network).block.value
    for gate in range(gates):
        square = kernel[:6, 6 * gate : 6 * gate + 6]
        np.testing.assert_allclose(square.T @ square, np.eye(6), atol=1e-12)
    assert len(np.unique(kernel[:8])) == kernel[:8].size


def test_a_layers_draws_do_not_depend_on_the_recurrent_initialiser() -> None:
    draws = []
    for recurrent in ("orthogonal", "identity"):
        found = drawn([{"kind": "lstm", "units": 4, "recurrent_initializer": {"kind": recurrent}}], (3, 2))
        found.network.initialise(0)
        draws.append(through_time(found.network).block.value[4:].copy())
    np.testing.assert_array_equal(draws[0], draws[1])


def test_data_dependent_weights_give_unit_pre_activations() -> None:
    lsuv = {"kind": "lsuv"}
    found = drawn([{"kind": "recurrent", "units": 8, "initializer": lsuv, "recurrent_initializer": lsuv}], (9, 5), 20)
    found.network.input[:-1] *= 50
    found.network.initialise(0)
    found.network.forward()
    z = found.network.taps[0].z
    assert z is not None
    assert float(z.std()) == pytest.approx(1, abs=2e-3)


# -- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_cell_names_each_slab_once_and_its_gates_are_those_of_the_tap(kind: str) -> None:
    found = drawn([{"kind": kind, "units": 4}], (6, 3))
    module, tap = through_time(found.network), found.network.taps[0]
    cell, segments = module.cell, module.loop.segments
    (_, segment), steps = segments.all[0], segments.steps
    names = {field.name for field in fields(cell.step)}
    assert names == {field.name for field in fields(Step)} | set(cell.slabs(segment.arrays))
    assert [len(each.steps) for _, each in segments.all] == [each.length for _, each in segments.all]
    assert sum(each.length for _, each in segments.all) == steps == 6
    assert len(cell.state_gradients) == len(segment.steps[0].gradients_before())
    assert set(cell.gate_rows) <= set(tap.extras)
    assert set(module.spec.gates) <= set(tap.extras)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", RECURRENT)
def test_every_step_belongs_to_one_segment_and_one_piece_of_it(
    kind: str, checkpoint: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_gradient, "PIECE_BYTES", 1500)
    for steps in (1, 2, 5, 30, 37):
        found = drawn([{"kind": kind, "units": 4, "checkpoint": checkpoint}], (steps, 2))
        seen = [
            t
            for start, segment in through_time(found.network).loop.segments.all
            for begin, piece in reversed(segment.pieces)
            for t in range(start + begin, start + begin + piece.length)
        ]
        assert seen == list(range(steps))


# -- measures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RECURRENT)
def test_measures_read_all_steps(kind: str) -> None:
    found = drawn([{"kind": kind, "units": 4}], (6, 3), 5)
    found.analytic()
    values, defined = Meter(found.network.roles, 5, RECORDED).read()
    row = dict(zip(RECORDED_NAMES, values[:, 0], strict=True))
    tap = found.network.taps[0]
    assert tap.z is not None
    assert tap.delta is not None
    assert tap.slope is not None
    assert tap.a.shape == (4, 6, 5)
    assert tap.z.shape == tap.delta.shape == tap.slope.shape == (through_time(found.network).cell.gates * 4, 6, 5)
    assert row["activation_mean"] == pytest.approx(tap.a.mean())
    assert row["activation_std"] == pytest.approx(tap.a.std())
    assert row["preactivation_std"] == pytest.approx(tap.z.std())
    assert row["delta_rms"] == pytest.approx(5 * math.sqrt((tap.delta**2).mean()))
    assert row["activation_saturated"] == pytest.approx((tap.slope < 0.05).mean())
    assert row["bias_gradient_norm"] == pytest.approx(np.linalg.norm(tap.delta.sum(axis=(1, 2))))
    assert defined[:, 0].sum() >= 12


@pytest.mark.parametrize("kind", RECURRENT)
def test_slopes_are_relative_to_the_steepest(kind: str) -> None:
    found = drawn([{"kind": kind, "units": 4}], (6, 3), 5)
    found.analytic()
    tap, gates = found.network.taps[0], through_time(found.network).cell.gates
    assert tap.z is not None
    assert tap.slope is not None
    scale = np.ones(gates * 4)
    scale[: 4 * (gates - 1)] = 0.5
    steepness = 1 - np.tanh(tap.z * scale[:, np.newaxis, np.newaxis]) ** 2
    np.testing.assert_allclose(tap.slope, steepness, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", RECURRENT)
def test_the_profile_tells_states_and_the_samples_own_gradient(kind: str, checkpoint: bool) -> None:
    """At the last step, where nothing comes later, it is the gradient of the output layer alone."""
    steps, batch, units = 5, 3, 2
    found = drawn([{"kind": kind, "units": units, "output": "all", "checkpoint": checkpoint}], (steps, 2), batch)
    found.analytic()
    profile = time_profiles(found.network.modules)["1"]
    module = through_time(found.network)
    hidden = module.out[:-1].reshape(steps, units, batch)
    np.testing.assert_allclose(profile.hidden_mean, hidden.mean(axis=(1, 2)), rtol=1e-12)
    np.testing.assert_allclose(profile.hidden_std, hidden.std(axis=(1, 2)), rtol=1e-12)
    output = found.network.output
    weights = output.affine.block.value[:-1].reshape(steps, units, 1)[-1]
    own = weights * (output.delta * batch)
    assert profile.hidden_gradient_norm[-1] == pytest.approx(math.sqrt((own**2).sum(axis=0).mean()))


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", RECURRENT)
def test_the_hidden_gradient_is_what_a_push_at_each_step_does_to_the_samples_losses(
    kind: str, checkpoint: bool
) -> None:
    steps, units, batch, size = 7, 3, 4, 1e-5
    found = drawn([{"kind": kind, "units": units, "checkpoint": checkpoint}], (steps, 2), batch)
    found.analytic()
    module, head = through_time(found.network), found.network.output.affine.block.value
    x = found.network.input[:-1].reshape(steps, 2, batch)

    def losses(t: int, push: Array) -> Array:
        last = states(kind, module, x, (t, push))[-1]
        return 0.5 * ((head[:-1].T @ last + head[-1:].T - found.y) ** 2).sum(axis=0)

    pushes = size * np.eye(units)[:, :, np.newaxis]
    wanted = []
    for t in range(steps):
        own = np.array([(losses(t, push) - losses(t, -push)) / (2 * size) for push in pushes])
        wanted.append(math.sqrt((own**2).sum(axis=0).mean()))
    np.testing.assert_allclose(module.through_time().hidden_gradient_norm, wanted, rtol=1e-7)


def test_the_profile_of_a_plain_layer_is_the_product_of_its_jacobians() -> None:
    found = drawn([{"kind": "recurrent", "units": 3}], (6, 2), 4)
    found.analytic()
    module, network = through_time(found.network), found.network
    recurrent = module.block.value[:3]
    own = network.output.affine.block.value[:-1] @ (network.output.delta * 4)
    slope = network.taps[0].slope
    assert slope is not None
    wanted = []
    for t in range(5, -1, -1):
        wanted.append(math.sqrt((own**2).sum(axis=0).mean()))
        own = recurrent @ (slope[:, t] * own)
    np.testing.assert_allclose(module.through_time().hidden_gradient_norm, wanted[::-1], rtol=1e-12)


def test_tiny_gradients_do_not_underflow_in_the_profile() -> None:
    layer = {"kind": "recurrent", "units": 3, "activation": {"kind": "linear"}}
    found = drawn([layer], (20, 2), precision="float32")
    block = through_time(found.network).block
    block.value[:3] = np.eye(3) * 0.05
    found.analytic()
    norms = through_time(found.network).through_time().hidden_gradient_norm
    assert 0 < norms[0] < 1e-23
    np.testing.assert_allclose(norms[:-1] / norms[1:], 0.05, rtol=1e-5)


def test_a_run_that_explodes_goes_on() -> None:
    layer = {"kind": "recurrent", "units": 3, "activation": {"kind": "linear"}}
    found = drawn([layer], (200, 2), precision="float32")
    through_time(found.network).block.value[:3] = np.eye(3) * 10
    found.analytic()
    with np.errstate(all="ignore"):
        values, _ = Meter(found.network.roles, 3, RECORDED).read()
        profile = through_time(found.network).through_time()
    assert values[RECORDED_NAMES.index("nonfinite"), 0] > 0
    assert not np.isfinite(profile.hidden_std[-1])


# -- truncation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_truncation_no_shorter_than_the_sequence_changes_nothing(kind: str) -> None:
    whole, cut = (drawn([{"kind": kind, "units": 3, "truncate": t}], (6, 2)) for t in (None, 6))
    np.testing.assert_array_equal(whole.analytic(), cut.analytic())


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", RECURRENT)
def test_truncation_gives_the_gradient_of_the_last_steps_from_a_fixed_state(kind: str, checkpoint: bool) -> None:
    """Cut 3 steps before the end of 8: nothing comes through to h_5, and all before it has no gradient at all."""
    cut = drawn([{"kind": kind, "units": 3, "truncate": 3, "checkpoint": checkpoint}], (8, 2))
    cut.analytic()
    norms = through_time(cut.network).through_time().hidden_gradient_norm
    assert (norms[:5] == 0).all()
    assert (norms[5:] > 0).all()
    whole = drawn([{"kind": kind, "units": 3}], (8, 2))
    whole.analytic()
    np.testing.assert_allclose(norms[5:], through_time(whole.network).through_time().hidden_gradient_norm[5:], 1e-12)


@pytest.mark.parametrize("kind", RECURRENT)
def test_with_an_output_at_every_step_truncation_cuts_at_every_border(kind: str) -> None:
    layer = {"kind": kind, "units": 3, "output": "all", "truncate": 1}
    found = drawn([layer], (4, 2))
    found.analytic()
    gradient = found.network.taps[0].extras["hidden_gradient"]
    output = found.network.output
    own = (output.affine.block.value[:-1] @ output.delta).reshape(4, 3, -1)
    np.testing.assert_allclose(gradient, own.transpose(1, 0, 2), rtol=1e-12)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", RECURRENT)
def test_weight_gradients_by_step_are_those_of_all_steps_at_once(
    kind: str, checkpoint: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces of a few steps, and in one."""
    found = []
    for by_step, piece in ((0, 10**6), (0, 1500), (100, 1500), (100, 10**6)):
        monkeypatch.setattr(kernel_gradient, "MOST_INPUTS_BY_STEP", by_step)
        monkeypatch.setattr(kernel_gradient, "PIECE_BYTES", piece)
        bench = drawn([{"kind": kind, "units": 4, "checkpoint": checkpoint}], (30, 2))
        found.append(bench.analytic())
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("fall", "near"), [(0.5, False), (2.0**-25, True), (2.0**-35, True)])
def test_a_gradient_is_near_underflow_if_falling_on_it_gets_there(fall: float, near: bool) -> None:
    underflow = Underflow((2, 3), np.dtype(np.float32))
    gradient = np.full((2, 3), underflow.smallest * 2.0**60, np.float32)
    gradient[0, 1] = 0
    assert not underflow.settle(gradient)
    gradient *= np.float32(2.0**-25)
    assert underflow.settle(gradient)  # Nobody knows how it fell.
    gradient[1] *= np.float32(fall)
    assert underflow.settle(gradient) == near
    underflow.begin()
    assert underflow.settle(gradient)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", RECURRENT)
def test_a_gradient_that_underflows_ends_at_zero_and_is_right_before(kind: str, checkpoint: bool) -> None:
    """float32 beside float64 over 400 steps, of which the first are beyond float32's reach."""
    layer = {"kind": kind, "units": 4, "checkpoint": checkpoint}
    told = []
    for precision in ("float32", "float64"):
        found = drawn([layer], (400, 2), 3, precision=precision)
        found.network.parameters.value[...] = np.random.default_rng(1).normal(0, 0.3, found.network.parameters.size)
        found.analytic()
        told.append(through_time(found.network).through_time().hidden_gradient_norm)
    single, double = told
    assert double[0] < 1e-50
    assert single[0] == 0
    np.testing.assert_allclose(single[double > 1e-30], double[double > 1e-30], rtol=2e-3)
