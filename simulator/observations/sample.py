"""One training sample: what goes in as an image, and which class it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.arrays.numeric import Floats, frozen
from simulator.observations.base import Observation

if TYPE_CHECKING:
    from simulator.training.training import Training


class Sample(Struct, frozen=True):
    """One of the training samples, as the network gets it."""

    index: int
    """Counted from 0."""
    image: Floats | None
    """(channels, height, width), scaled; None where no image goes in."""
    label: int | None
    """Index of its class, label noise included; None where it has none, or one for each step."""


class SampleObservation(Observation[Sample], frozen=True, tag="sample"):
    """The training sample at a place, counted from 0."""

    sample: int = 0

    share = 0

    def observe(self, training: Training) -> Sample:
        data = training.data
        check_sample(self.sample, training)
        shape = data.input_shape
        image = data.x_train[:, self.sample].reshape(shape) if len(shape) == 3 else None
        labels = data.labels_train
        label = int(labels[self.sample]) if labels is not None and labels.ndim == 1 else None
        return Sample(self.sample, None if image is None else frozen(image.astype("float64")), label)


def check_sample(sample: int, training: Training) -> None:
    """ValueError in a sentence where there is no such training sample."""
    count = training.data.train_samples
    if not 0 <= sample < count:
        raise ValueError(f"there is no training sample {sample + 1}: there are {count}")
