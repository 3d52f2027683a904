"""What the layers of a network make of one sample: always the same one, so that only training moves the maps."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.data.base import Dataset
from simulator.experiment.experiment import Experiment
from simulator.layers.base import Tap
from simulator.network.network import Network


class Maps(Struct, frozen=True):
    """What a layer finds in the first training sample, and what it looks for; no more than a picture shows."""

    maps: Floats
    """(channels, height, width): the layer's answer, in evaluation mode."""
    kernels: Floats | None
    """(channels, inputs, height, width); None where it only pools."""
    channels: int
    inputs: int
    """How many of both the layer has."""


MOST_MAPS = 64
MOST_INPUTS = 16
"""A picture of more kernels or maps than these would show none of them."""


class Inspector:
    """A twin of the network that answers for the first training sample, in evaluation mode."""

    def __init__(self, network: Network, experiment: Experiment, data: Dataset) -> None:
        self.network, self.experiment, self.data = network, experiment, data
        self._twin: Network | None = None

    def update_spec(self, experiment: Experiment) -> None:
        self.experiment = experiment
        if self._twin is not None:
            self._twin.update_spec(experiment)

    def maps(self) -> dict[str, Maps]:
        """Layer label → its maps and kernels; empty where no layer answers with an image."""
        if not any("maps" in tap.extras for tap in self.network.taps):
            return {}
        if self._twin is None:
            self._twin = Network(self.experiment, self.data.input_shape, self.data.outputs, 1, share=self.network)
        np.copyto(self._twin.input[:-1], self.data.x_train[:, :1])
        self._twin.forward(training=False)
        return {tap.info.label: _seen(tap) for tap in self._twin.taps if "maps" in tap.extras}


def _seen(tap: Tap) -> Maps:
    maps, kernels = tap.extras["maps"][..., 0], tap.extras.get("kernels")
    if kernels is None:
        return Maps(_kept(maps[:MOST_MAPS]), None, len(maps), len(maps))
    return Maps(_kept(maps[:MOST_MAPS]), _kept(kernels[:MOST_MAPS, :MOST_INPUTS]), *kernels.shape[:2])


def _kept(array: Array) -> Floats:
    return frozen(array.astype(np.float64))
