"""One line in words about what a frame shows."""

from __future__ import annotations

import math

import numpy as np

from simulator.frame import Floats, Frame

VANISHING = 1e-3
"""First-to-last ratio of weight-gradient norms below which a gradient is said to vanish."""
EXPLODING = 1e3
MOSTLY = 0.5


def number(value: float) -> str:
    """Three significant digits, powers of ten as 3.1·10⁻⁶ outside 0.001 … 10 000."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "exactly 0"
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def describe(frame: Frame) -> str:
    """The most telling fact of this step, with its numbers."""
    for rule in (_broken, _untouched, _vanishing, _exploding, _collapsed, _dead, _saturated):
        if said := rule(frame):
            return said
    return _healthy(frame)


def _name(frame: Frame, layer: int) -> str:
    info = frame.info.layers[layer]
    return "the output" if info.entry < 0 else f"layer {info.label}"


def _broken(frame: Frame) -> str:
    bad = np.flatnonzero(frame.measures["nonfinite"] > 0)
    if bad.size:
        count = int(frame.measures["nonfinite"][bad].sum())
        return f"broken: {count} entries are NaN or Inf, first in {_name(frame, int(bad[0]))}"
    if not math.isfinite(frame.scalars.get("loss", 0.0)):
        return f"broken: the loss is {number(frame.scalars['loss'])}"
    return ""


def _gradients(frame: Frame) -> tuple[Floats, list[int]]:
    """Weight-gradient norms of the hidden layers with weights, or of all where fewer than two are hidden; their rows.

    The norms are empty where there is nothing to compare.
    """
    rows = np.flatnonzero(frame.defined["weight_gradient_norm"]).tolist()
    rows = rows[:-1] if len(rows) > 2 else rows
    return frame.measures["weight_gradient_norm"][rows if len(rows) > 1 else []], rows


def _untouched(frame: Frame) -> str:
    norms, rows = _gradients(frame)
    if not norms.size or norms[0] != 0:
        return ""
    if not norms.any():
        return "no signal: the weight gradient of every hidden layer is exactly 0"
    last = rows[int(np.argmax(norms != 0)) - 1]
    layers = frame.info.layers
    return f"no signal: the weight gradients of layers {layers[rows[0]].label} to {layers[last].label} are exactly 0"


def _compare(frame: Frame, ratio: float, rows: list[int]) -> str:
    return f"{_name(frame, rows[0])}'s gradient is {number(ratio)} of {_name(frame, rows[-1])}'s"


def _vanishing(frame: Frame) -> str:
    norms, rows = _gradients(frame)
    if not norms.size or norms[-1] == 0:
        return ""
    ratio = float(norms[0] / norms[-1])
    return f"vanishing: {_compare(frame, ratio, rows)}" if ratio < VANISHING else ""


def _exploding(frame: Frame) -> str:
    norms, rows = _gradients(frame)
    if not norms.size or norms[-1] == 0:
        return ""
    ratio = float(norms[0] / norms[-1])
    if ratio > EXPLODING:
        first, last = _name(frame, rows[0]), _name(frame, rows[-1])
        return f"exploding: {first}'s gradient is {number(ratio)} times {last}'s"
    top = int(np.argmax(norms))
    if norms[top] > EXPLODING:
        return f"exploding: {_name(frame, rows[top])}'s gradient norm is {number(float(norms[top]))}"
    return ""


def _collapsed(frame: Frame) -> str:
    spread = frame.measures["activation_std"][:-1]
    if len(spread) < 2 or not spread[0] > 0:
        return ""
    ratio = float(spread[-1] / spread[0])
    if ratio >= VANISHING:
        return ""
    return (
        f"fading: {_name(frame, len(spread) - 1)}'s activations spread {number(float(spread[-1]))}, "
        f"{_name(frame, 0)}'s {number(float(spread[0]))}"
    )


def _worst(frame: Frame, measure: str) -> tuple[int, float]:
    shares = np.where(frame.defined[measure], frame.measures[measure], 0.0)
    layer = int(np.argmax(shares))
    return layer, float(shares[layer])


def _dead(frame: Frame) -> str:
    layer, share = _worst(frame, "activation_dead")
    return f"dead: {share:.0%} of {_name(frame, layer)}'s units have slope 0 on every sample" if share >= MOSTLY else ""


def _saturated(frame: Frame) -> str:
    squashing = {"sigmoid", "tanh", "erf", "softsign"}
    shares = [
        float(frame.measures["activation_saturated"][i]) if info.activation in squashing and info.entry >= 0 else 0.0
        for i, info in enumerate(frame.info.layers)
    ]
    layer = int(np.argmax(shares))
    if shares[layer] < MOSTLY:
        return ""
    return f"saturated: {shares[layer]:.0%} of {_name(frame, layer)}'s slopes are below 5 % of the steepest"


def _healthy(frame: Frame) -> str:
    norms, rows = _gradients(frame)
    if not norms.size:
        return f"gradient norm {number(frame.scalars.get('gradient_norm', math.nan))}"
    return f"the gradient flows: {_compare(frame, float(norms[0] / norms[-1]), rows)}"
