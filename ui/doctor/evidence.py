"""A finding's numbers in words: what each is, its value, its unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ui.style.numbers import integer, not_finite, number, percent

SEPARATOR = "  ·  "
NAMES = {
    "base_rate": "base learning rate",
    "bias_size": "size of the biases",
    "carried_decades": "carried to the end",
    "clip_norm": "clipping at norm",
    "clip_value": "clipping at value",
    "dead_share": "units with slope 0",
    "decades": "through the stack",
    "delta_first_to_last": "δ of the first layer beside the last one's",
    "entries": "parameters concerned",
    "eta_lambda": "η·λ",
    "eta_lambda_max": "η·λ_max",
    "flat_mistakes": "mistakes where the output is flat",
    "gradient_entry": "typical entry of the gradient",
    "gradient_first_to_last": "gradient of the first layer beside the last one's",
    "gradient_first_to_last_step": "gradient at the first time step beside the last one's",
    "growth": "growth from the first sum to the last",
    "highest_rate": "highest learning rate",
    "input_size": "size of the inputs",
    "kept_share": "left of the gradient",
    "l1": "L1",
    "l2": "L2",
    "likeness": "likeness of neighbours' labels",
    "longest_update_ratio": "greatest update to weight ratio",
    "loss": "loss lately",
    "loss_then": "training loss then",
    "nonfinite": "entries that are not finite",
    "output_slope": "slope of the output",
    "penalty_to_loss_gradient": "gradient of the penalty beside the loss's",
    "recurrent_gain": "gain of the recurrent weights",
    "saturated_share": "slopes that are nearly flat",
    "spread_first": "spread of the first layer",
    "spread_last": "spread of the last layer",
    "steps_averaged": "steps averaged over",
    "target_high": "largest target",
    "target_low": "smallest target",
    "tiny_share": "entries too small for float16",
    "unit_spread": "spread of the weights from unit to unit",
    "update_ratio": "update to weight ratio",
    "update_ratio_least": "least update to weight ratio",
    "update_ratio_most": "greatest update to weight ratio",
    "validation_loss": "validation loss lately",
    "weights_to_fitting": "weights beside those that fit",
}
"""What is not called by its own name."""
COUNTS = frozenset({"batch_size", "entries", "nonfinite", "steps_averaged", "time_steps", "units"})
SHARES = frozenset({"flat_mistakes", "label_noise", "likeness"})
FACTORS = {"normalization": "normalisation", "time": "steps through time", "skip": "skips", "gate": "gates"}
TINY = 1e-3
"""Of a smaller share the percentage would say nothing."""


def evidence_text(numbers: Mapping[str, float]) -> str:
    """``loss lately: 2.31  ·  units with slope 0: 84 %  ·  weights: −3.2 decades``"""
    return SEPARATOR.join(_one(name, value) for name, value in numbers.items())


def _one(name: str, value: float) -> str:
    if name.startswith("decades_"):
        factor = name.removeprefix("decades_")
        return f"{FACTORS.get(factor, factor.replace('_', ' '))}: {_decades(value)}"
    return f"{NAMES.get(name) or _spelled(name)}: {_value(name, value)}"


def _spelled(name: str) -> str:
    return name.removesuffix("_share").replace("_", " ")


def _value(name: str, value: float) -> str:
    if name.endswith("decades"):
        return _decades(value)
    if name.endswith("_share") or name in SHARES:
        return percent(value) if not 0 < value < TINY else number(value)
    return integer(int(value)) if name in COUNTS and value.is_integer() else number(value)


def _decades(value: float) -> str:
    """Powers of ten by which something grows; what shrinks without end ends at 0."""
    if not math.isfinite(value):
        return "ends at exactly 0" if value < 0 else not_finite(value)
    return f"{'+' if value > 0 else ''}{number(value)}\N{NO-BREAK SPACE}decades"
