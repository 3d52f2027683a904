"""What the layers of a network make of one sample: always the same one, so that only training moves the maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.experiment.experiment import Experiment
from simulator.layers.base import Tap
from simulator.network.network import Network
from simulator.observations.base import Observation
from simulator.observations.sample import check_sample

if TYPE_CHECKING:
    from simulator.training.training import Training


class Maps(Struct, frozen=True):
    """What a layer finds in one training sample, and what it looks for; no more than a picture shows."""

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


class FeatureMapsObservation(Observation[Mapping[str, Maps]], frozen=True, tag="maps"):
    """Label of each layer that answers with an image → its maps and kernels, for the training sample at a place."""

    sample: int = 0
    """Counted from 0."""

    share = 0
    standard = True

    def observe(self, training: Training) -> Mapping[str, Maps]:
        return Inspector(self.sample).maps(training)

    def watch(self) -> Callable[[Training], Mapping[str, Maps]]:
        return Inspector(self.sample).maps


class Inspector:
    """Keeps a twin of one training's network that answers for one training sample, in evaluation mode."""

    def __init__(self, sample: int) -> None:
        self._sample = sample
        self._twin: Network | None = None
        self._experiment: Experiment | None = None
        """What the twin was told last."""

    def maps(self, training: Training) -> dict[str, Maps]:
        """Layer label → its maps and kernels; empty where no layer answers with an image."""
        if not any("maps" in tap.extras for tap in training.network.taps):
            return {}
        check_sample(self._sample, training)
        twin = self._twin_of(training)
        np.copyto(twin.input[:-1], training.data.x_train[:, self._sample : self._sample + 1])
        twin.forward(training=False)
        return {tap.info.label: _seen(tap) for tap in twin.taps if "maps" in tap.extras}

    def _twin_of(self, training: Training) -> Network:
        data, experiment = training.data, training.experiment
        if self._twin is None:
            self._twin = Network(experiment, data.input_shape, data.outputs, 1, share=training.network)
        elif self._experiment is not experiment:
            self._twin.update_spec(experiment)
        self._experiment = experiment
        return self._twin


def _seen(tap: Tap) -> Maps:
    maps, kernels = tap.extras["maps"][..., 0], tap.extras.get("kernels")
    if kernels is None:
        return Maps(_kept(maps[:MOST_MAPS]), None, len(maps), len(maps))
    return Maps(_kept(maps[:MOST_MAPS]), _kept(kernels[:MOST_MAPS, :MOST_INPUTS]), *kernels.shape[:2])


def _kept(array: Array) -> Floats:
    return frozen(array.astype(np.float64))
