"""A computation graph of made-up norms."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.arrays.numeric import Floats
from simulator.observations.graph.nodes import Box, BoxRole, Graph

ROLES: tuple[tuple[BoxRole, str, str], ...] = (
    ("weights", "W", "weight_norm"), ("slope", "S", "preactivation_std"), ("activation", "A", "activation_std"),
    ("delta", "δ", "delta_rms"), ("weight_gradient", "∂W", "weight_gradient_norm"),
    ("bias_gradient", "∂b", "bias_gradient_norm"),
)  # fmt: skip


def graph_of(measures: Mapping[str, Floats]) -> Graph:
    """Dense layers 100 wide with these norms."""
    boxes = [Box("input:-1", -1, "input", "X", 1.0, (2, 32))]
    for layer in range(len(measures["weight_norm"])):
        boxes += [
            Box(f"{role}:{layer}", layer, role, title, float(measures[name][layer]), (100, 32))
            for role, title, name in ROLES
        ]
    return Graph(tuple(boxes))
