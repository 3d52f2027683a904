"""What the loss of each sample would do if its input changed: ∂C/∂x."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from simulator.arrays.numeric import Counts, Floats, frozen
from simulator.arrays.statistics import norms
from simulator.observations.base import AnalysisRow, Observation
from simulator.observations.twin import Twin
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training


@dataclass(frozen=True)
class InputGradient:
    """N ∂C/∂x with C the batch's mean loss and N its size: without batch norm each sample's own ∂loss/∂x."""

    samples: Counts
    """(samples,) of the whole batch: indices in the training set."""
    norms: Floats
    """(samples,) of the whole batch: ‖N ∂C/∂x‖."""
    gradients: Floats
    """(some samples, inputs): of the first of them, by the inputs as the network sees them, scaled."""
    rms: Floats
    """(inputs,): root of the mean square over the batch."""
    shape: tuple[int, ...]
    """Of one sample: (features,), (channels, height, width) or (steps, features)."""
    names: tuple[str, ...]
    """(inputs,)"""


class InputGradientObservation(Observation[InputGradient], frozen=True, tag="input-gradient"):
    """∂C/∂x, input by input for some samples of the batch, its norm for all.

    On the present batch, in training mode with the present dropout masks; the loss alone, without penalties.
    """

    order = 12
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "input_gradients.csv": ("step", "sample", "input", "gradient"),
        "input_gradient_norms.csv": ("step", "sample", "gradient_norm"),
    }

    samples: int = 8
    """At most so many are told input by input."""
    picture: bool = False
    """Whether it is asked for as a picture, which an input without places cannot give."""

    def observe(self, training: Training) -> InputGradient:
        shape = training.data.input_shape
        if self.picture and len(shape) < 2:
            raise ValueError("the inputs of this data have no places in a picture; the plot with bars shows them")
        twin = Twin(training)
        twin.gradient()
        gradients = twin.pull_back() * twin.batch
        return InputGradient(
            samples=frozen(training.batch.copy()),
            norms=frozen(norms(np.ascontiguousarray(gradients.T))),
            gradients=frozen(gradients[:, : self.samples].T.copy()),
            rms=frozen(norms(gradients) / math.sqrt(twin.batch)),
            shape=shape,
            names=names_of(training.data.feature_names, shape, len(gradients)),
        )

    def rows(self, result: InputGradient, info: RunInfo) -> Iterator[AnalysisRow]:
        for sample, gradient in zip(result.samples.tolist(), result.gradients, strict=False):
            for name, value in zip(result.names, gradient, strict=True):
                yield AnalysisRow("input_gradients.csv", {"sample": sample, "input": name, "gradient": value})
        for sample, norm in zip(result.samples.tolist(), result.norms, strict=True):
            yield AnalysisRow("input_gradient_norms.csv", {"sample": sample, "gradient_norm": norm})

    @classmethod
    def variants(cls) -> tuple[InputGradientObservation, ...]:
        return cls(), cls(picture=True)

    def drawn(self) -> tuple[Observation[Any], ...]:
        return self.variants()


def names_of(features: tuple[str, ...], shape: tuple[int, ...], inputs: int) -> tuple[str, ...]:
    """A name for each input; those of a sequence say their step, counted from 1."""
    if len(shape) == 2 and len(features) == shape[1]:
        return tuple(f"step {step} {name}" for step in range(1, shape[0] + 1) for name in features)
    return features if len(features) == inputs else tuple(f"x{number}" for number in range(1, inputs + 1))
