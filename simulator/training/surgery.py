"""What can be done to a network in the midst of a run, in words that cross to the worker and into lists of changes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from simulator.experiment.labels import told_layers
from simulator.schema.numbers import exact, integer


class Reinitialise(Struct, frozen=True, tag="reinitialise"):
    """Draw all that layers have learnt anew, inner layers included; the optimiser's state of it is 0 again."""

    layers: tuple[str, ...]
    """Labels; that of the output is one more than the number of layers."""


class ScaleWeights(Struct, frozen=True, tag="scale_weights"):
    """W ← factor · W, biases and the optimiser's state as they are; of normalised weights their length."""

    layers: tuple[str, ...]
    factor: float


class Transplant(Struct, frozen=True, tag="transplant"):
    """Go on as another network, or with another optimiser, to which all that fits is handed on."""

    partners: tuple[tuple[str, str], ...] | None = None
    """Labels of layers after and before that are the same layer; None: as the two stacks are aligned."""


class TakeLane(Struct, frozen=True, tag="take_lane"):
    """Go on as a network that is trained beside the run, from where that stands."""

    lane: str
    """Its name."""
    former: str = ""
    """What the run is called that makes room for it and goes on beside it; empty if it does not."""


FIXED = ("seed", "precision", "data", "batch_size")
"""What a network that is handed something on may not have otherwise: it would see other samples."""
Surgery = Reinitialise | ScaleWeights | Transplant
Operation = Surgery | TakeLane
"""What begins a run where another stands."""


def told_surgery(surgery: Surgery) -> str:
    """What an operation does, in words."""
    match surgery:
        case Reinitialise(labels):
            return f"weights of {told_layers(labels)} drawn anew"
        case ScaleWeights(labels, factor):
            return f"weights of {told_layers(labels)} times {exact(factor)}"
    return "weights and state handed on"


def told_units(layer: str, units: Sequence[int]) -> str:
    """``units 1, 5 of layer 2 drawn anew``"""
    return f"unit{'s' * (len(units) > 1)} {', '.join(integer(unit + 1) for unit in units)} of layer {layer} drawn anew"
