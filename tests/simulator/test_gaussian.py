"""V, X and m against published values, quadrature by another rule, and sampling's exact limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from simulator.arrays.numeric import Array
from simulator.parts.activations import ELU, GELU, SELU, Activation, Erf, LeakyReLU, Linear, ReLU
from simulator.schema.parameter import kinds
from simulator.theory.gaussian import mean, second_moment, slope_moment

AT_ONE = {
    "linear": (1, 1),
    "relu": (0.5, 0.5),
    "erf": (0.464559, 0.569410),
    "elu": (0.644945, 0.668102),
    "selu": (1, 1.07157),
    "gelu": (0.425221, 0.455851),
    "tanh": (0.394294, 0.464403),
    "sigmoid": (0.293379, 0.044836),
    "softplus": (0.921246, 0.293379),
    "silu": (0.355776, 0.379482),
}
"""THEORY.md section 6, at q = 1."""


@pytest.mark.parametrize("kind", AT_ONE)
def test_published_values_at_one(kind: str) -> None:
    activation = kinds(Activation)[kind]()
    # SELU's slope is printed with five digits.
    assert second_moment(activation, 1.0) == pytest.approx(AT_ONE[kind][0], abs=1e-6)
    assert slope_moment(activation, 1.0) == pytest.approx(AT_ONE[kind][1], abs=1e-6 if kind != "selu" else 5e-6)


def adaptive(function: str, activation: Activation, q: float) -> float:
    """The same average by adaptive quadrature, split at the kink."""

    def integrand(z: float) -> float:
        x = np.array([math.sqrt(q) * z])
        a, slope = np.empty(1), np.empty(1)
        with np.errstate(all="ignore"):
            activation.apply(x, a)
            activation.derivative(x, a, slope)
        found: dict[str, Array] = {"V": a * a, "X": slope * slope, "m": a}
        return float(found[function][0]) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    parts = [
        integrate.quad(integrand, *ends, epsabs=1e-12, limit=400)[0] for ends in ((-12, -1), (-1, 0), (0, 1), (1, 12))
    ]
    return float(sum(parts))


@pytest.mark.parametrize("q", [1e-6, 0.03, 1.0, 7.0])
@pytest.mark.parametrize("kind", kinds(Activation))
def test_every_activation_agrees_with_adaptive_quadrature(kind: str, q: float) -> None:
    activation = kinds(Activation)[kind]()
    assert second_moment(activation, q) == pytest.approx(adaptive("V", activation, q), rel=1e-6, abs=1e-12)
    assert slope_moment(activation, q) == pytest.approx(adaptive("X", activation, q), rel=1e-6)
    assert mean(activation, q) == pytest.approx(adaptive("m", activation, q), rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("activation", [ELU(), ELU(alpha=0.3), SELU()])
def test_closed_forms_stay_finite_where_the_exponential_would_overflow(activation: Activation) -> None:
    for q in (400.0, 1e4, 1e8):
        scale = SELU.scale if isinstance(activation, SELU) else 1.0
        assert second_moment(activation, q) == pytest.approx(scale**2 * q / 2, rel=0.2)
        assert math.isfinite(slope_moment(activation, q))


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(slope=0.3)])
def test_homogeneous_activations_scale_with_q(activation: Activation) -> None:
    assert second_moment(activation, 9.0) == pytest.approx(9 * second_moment(activation, 1.0))
    assert slope_moment(activation, 9.0) == slope_moment(activation, 1.0)


@pytest.mark.parametrize("activation", [Erf(), GELU()])
def test_small_arguments_are_nearly_linear(activation: Activation) -> None:
    first = np.array([0.0])
    slope = np.empty(1)
    activation.derivative(first, np.zeros(1), slope)
    assert slope_moment(activation, 1e-10) == pytest.approx(float(slope[0]) ** 2, rel=1e-4)
