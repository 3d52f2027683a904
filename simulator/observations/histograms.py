"""How the entries of the layers' activations and weight gradients are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from simulator.arrays.histograms import Histograms
from simulator.measures.histograms import role_histograms
from simulator.observations.base import Observation

if TYPE_CHECKING:
    from simulator.training.training import Training

Quantity = Literal["activation", "weight_gradient"]
ROLES: dict[Quantity, str] = {"activation": "a", "weight_gradient": "weight_gradient"}
"""Quantity → the role that is counted."""


class HistogramsObservation(Observation[Histograms], frozen=True, tag="histograms"):
    """One histogram per layer."""

    share = 1 / 40
    standard = True

    quantity: Quantity = "activation"

    def observe(self, training: Training) -> Histograms:
        return role_histograms(training.network.roles, ROLES[self.quantity])

    @classmethod
    def variants(cls) -> tuple[HistogramsObservation, ...]:
        return tuple(cls(quantity=quantity) for quantity in ROLES)
