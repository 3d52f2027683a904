"""The gated recurrent unit: its gates and its direct path."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulator.sequences import drawn, sigmoid, through_time


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0])
def test_with_zero_weights_the_state_carries_its_gradient_past_the_candidate(bias: float, checkpoint: bool) -> None:
    """∂h_T/∂h_0 = (1 − C)^T with C = σ(b_C)."""
    steps = 30
    zeros = {name: {"kind": "zeros"} for name in ("initializer", "recurrent_initializer")}
    found = drawn([{"kind": "gru", "units": 3, "checkpoint": checkpoint} | zeros], (steps, 2))
    found.network.initialise(0)
    module = through_time(found.network)
    module.block.value[-1, :3] = bias
    found.analytic()
    last = found.network.taps[0].extras["hidden_gradient"][:, -1]
    np.testing.assert_allclose(module.loop.carries[0], (1 - sigmoid(np.array(bias))) ** steps * last, rtol=1e-12)
    assert np.linalg.norm(last) > 0


def test_an_open_transform_gate_takes_the_candidate_and_a_closed_one_keeps_the_state() -> None:
    found = drawn([{"kind": "gru", "units": 3}], (5, 2))
    block = through_time(found.network).block
    block.value[:, :3] = 0
    block.value[-1, :3] = 60
    found.network.forward()
    tap = found.network.taps[0]
    assert tap.z is not None
    np.testing.assert_allclose(tap.a, np.tanh(tap.z[6:]), rtol=1e-12)
    block.value[-1, :3] = -60
    found.network.forward()
    assert np.abs(tap.a).max() < 1e-15


def test_gates_can_be_read() -> None:
    found = drawn([{"kind": "gru", "units": 3}], (5, 2))
    found.network.forward()
    found.network.resolve_update()
    tap = found.network.taps[0]
    assert tap.z is not None
    np.testing.assert_allclose(tap.extras["transform"], sigmoid(tap.z[:3]), rtol=1e-10)
    np.testing.assert_allclose(tap.extras["reset"], sigmoid(tap.z[3:6]), rtol=1e-10)
    transform, candidate = tap.extras["transform"][:, 1:], np.tanh(tap.z[6:, 1:])
    wanted = transform * candidate + (1 - transform) * tap.a[:, :-1]
    np.testing.assert_allclose(tap.a[:, 1:], wanted, rtol=1e-9, atol=1e-14)
