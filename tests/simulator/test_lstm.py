"""Long short-term memory: its gates, its cell and its forget bias."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulator.sequences import drawn, sigmoid, through_time


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("bias", [-1.0, 0.0, 1.0, 3.0])
def test_with_zero_weights_the_cell_carries_its_gradient_by_the_forget_gate_alone(
    bias: float, checkpoint: bool
) -> None:
    """∂c_T/∂c_0 = σ(b_f)^T."""
    steps, layer = 30, {"kind": "lstm", "units": 3, "forget_bias": bias, "checkpoint": checkpoint}
    zeros = {name: {"kind": "zeros"} for name in ("initializer", "recurrent_initializer")}
    found = drawn([layer | zeros], (steps, 2))
    found.network.initialise(0)
    found.analytic()
    module = through_time(found.network)
    # c_T = 0, so that ∂C/∂c_T = o ∂C/∂h_T with o = σ(0) = ½.
    last = 0.5 * found.network.taps[0].extras["hidden_gradient"][:, -1]
    np.testing.assert_allclose(module.loop.carries[1], sigmoid(np.array(bias)) ** steps * last, rtol=1e-12)
    assert np.linalg.norm(last) > 0


def test_the_forget_bias_is_added_to_the_forget_gate_only() -> None:
    layer = {"kind": "lstm", "units": 3, "bias_initializer": {"kind": "constant", "value": 0.25}, "forget_bias": 2}
    found = drawn([layer], (4, 2))
    found.network.initialise(0)
    biases = through_time(found.network).block.value[-1]
    np.testing.assert_array_equal(biases, [0.25] * 6 + [2.25] * 3 + [0.25] * 3)


def test_gates_and_cell_can_be_read() -> None:
    found = drawn([{"kind": "lstm", "units": 3}], (5, 2))
    found.analytic()
    tap = found.network.taps[0]
    assert tap.z is not None
    for row, name in enumerate(("output", "input", "forget")):
        np.testing.assert_allclose(tap.extras[name], sigmoid(tap.z[3 * row : 3 * row + 3]), rtol=1e-10)
    np.testing.assert_allclose(tap.extras["output"] * np.tanh(tap.extras["cell"]), tap.a, rtol=1e-10)
    cell, gates = tap.extras["cell"], tap.extras
    wanted = gates["forget"][:, 1:] * cell[:, :-1] + gates["input"][:, 1:] * np.tanh(tap.z[9:, 1:])
    np.testing.assert_allclose(cell[:, 1:], wanted, rtol=1e-9, atol=1e-14)
