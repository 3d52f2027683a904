"""A finding's numbers in words: what each is, its value, its unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ui.style.numbers import integer, not_finite, number, percent

SEPARATOR = "  ·  "
NAMES = {
    "nonfinite": "entries that are not finite",
    "eta_lambda_max": "η·λ_max",
    "limit": "limit",
    "gradient_first_to_last": "gradient of the first layer beside the last one's",
    "delta_first_to_last": "δ of the first layer beside the last one's",
    "gradient_first_to_last_step": "gradient at the first time step beside the last one's",
    "gradient_entry": "typical entry of the gradient",
    "spread_first": "spread of the first layer",
    "spread_last": "spread of the last layer",
    "unit_spread": "spread of the weights from unit to unit",
    "update_ratio": "update to weight ratio",
    "update_ratio_least": "least update to weight ratio",
    "update_ratio_most": "greatest update to weight ratio",
    "healthy_from": "healthy from",
    "healthy_to": "healthy to",
    "loss_then": "training loss then",
    "tiny_share": "entries too small for float16",
    "dead_share": "units with slope 0",
    "saturated_share": "slopes that are nearly flat",
}
"""What is not called by its own name."""
COUNTS = frozenset({"nonfinite", "time_steps"})
FACTORS = {"normalization": "normalisation", "time": "steps through time", "skip": "skips", "gate": "gates"}


def evidence_text(numbers: Mapping[str, float]) -> str:
    """``loss: 2.31  ·  units with slope 0: 84 %  ·  weights: −3.2 decades``"""
    return SEPARATOR.join(_one(name, value) for name, value in numbers.items())


def _one(name: str, value: float) -> str:
    if name.startswith("decades_"):
        factor = name.removeprefix("decades_")
        return f"{FACTORS.get(factor, factor.replace('_', ' '))}: {_decades(value)}"
    return f"{NAMES.get(name) or _spelled(name)}: {_value(name, value)}"


def _spelled(name: str) -> str:
    return name.removesuffix("_share").replace("_", " ")


def _value(name: str, value: float) -> str:
    if name == "decades":
        return _decades(value)
    if name.endswith("_share"):
        return percent(value)
    return integer(int(value)) if name in COUNTS and value.is_integer() else number(value)


def _decades(value: float) -> str:
    """Powers of ten by which something grows; what shrinks without end ends at 0."""
    if not math.isfinite(value):
        return "ends at exactly 0" if value < 0 else not_finite(value)
    return f"{'+' if value > 0 else ''}{number(value)}\N{NO-BREAK SPACE}decades"
