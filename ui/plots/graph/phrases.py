"""The formula of every box of the computation graph, with the norms that stand in it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.observations.graph.what_if import Ratio
from ui.plots.graph.layout import depth_of, role_of
from ui.style.numbers import integer, number

FORMULAS = {
    "input": "X: one column per sample",
    "weights": "z = W a + b\na: what the layer below gives",
    "norm": "z, normalised",
    "slope": "S = φ′(z), on the way back δ = S ⊙ …",
    "activation": "A = φ(z)",
    "tail": "A after the stages behind it",
    "layer": "its answer A",
    "delta": "δ = S ⊙ Wᵀ δ of the layer above",
    "weight_gradient": "∂W = δ aᵀ / N",
    "bias_gradient": "∂b = mean of δ over the batch",
}
ANSWER = "Ŷ: the network's answer"
ERROR = "δ = ∂loss/∂z; Ŷ − Y for cross-entropy and for linear outputs"


def formula_of(key: str, norms: Mapping[str, float], last: int) -> tuple[str, ...]:
    """Lines: the formula, then its numbers; ``last`` is the depth of the output layer."""
    role, depth = role_of(key), depth_of(key)
    top = depth == last
    words = ANSWER if top and role == "activation" else ERROR if top and role == "delta" else FORMULAS[role]
    own = norms.get(key, math.nan)
    return (*words.split("\n"), f"norm {number(own)}", *_neighbours(role, depth, own, norms))


def _neighbours(role: str, depth: int, own: float, norms: Mapping[str, float]) -> list[str]:
    above, below = norms.get(f"delta:{depth + 1}"), _below(depth, norms)
    delta = norms.get(f"delta:{depth}")
    if role == "delta" and above is not None:
        return [f"δ above {number(above)}  {_gain(own, above)}"]
    if role == "activation" and below is not None:
        return [f"a below {number(below)}  {_gain(own, below)}"]
    if role == "weight_gradient" and delta is not None and below is not None:
        return [f"δ {number(delta)},  a {number(below)}"]
    if role == "bias_gradient" and delta is not None:
        return [f"δ {number(delta)}"]
    return []


def _gain(after: float, before: float) -> str:
    """A ratio of norms in words; ``""`` where there is none."""
    return f"× {number(after / before)}" if before > 0 and math.isfinite(before) else ""


def _below(depth: int, norms: Mapping[str, float]) -> float | None:
    """Norm of what enters a layer."""
    place = depth - 1
    names = ("tail", "activation", "layer") if place >= 0 else ("input",)
    return next((norms[f"{name}:{place}"] for name in names if f"{name}:{place}" in norms), None)


def ratio_text(ratio: Ratio) -> str:
    """``× 0.667`` of every entry, ``~ 0.667`` of the norm where entries differ; ``""`` where there was nothing."""
    if not math.isnan(ratio.entry):
        return f"× {number(ratio.entry)}"
    return "" if math.isnan(ratio.norm) else f"~ {number(ratio.norm)}"


def ratio_words(ratio: Ratio) -> str:
    """The same, with what has become 0."""
    text = ratio_text(ratio)
    return f"{text}, {integer(ratio.zeros)} now 0" if ratio.zeros else text
