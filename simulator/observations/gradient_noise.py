"""How far the samples of a batch agree on where to go, and one batch with the next."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.numeric import Counts, Floats, frozen
from simulator.arrays.quantiles import Quartiles, quartiles_of
from simulator.observations.base import AnalysisRow, Observation
from simulator.observations.twin import Twin
from simulator.system.progress import followed
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training


@dataclass(frozen=True)
class GradientNoise:
    """Gradients of single samples' losses, over all parameters, beside that of the batch."""

    samples: Counts
    """(samples,) indices in the training set."""
    norms: Floats
    """(samples,) ‖g_i‖"""
    batch_norm: float
    """‖g‖ of the batch's mean loss."""
    noise: float
    """√(tr Σ / N): how far ‖g‖ would get by chance alone, Σ the covariance over samples, N the batch size."""
    cosine: float
    """Between this step's gradient and the next one's, after the update and on the next batch; NaN if one is 0."""
    ratio_over_seeds: float | None = None
    """Signal-to-noise as a quantile of several seeds, which is not the ratio of two quantiles."""

    @property
    def signal_to_noise(self) -> float:
        """‖g‖ / √(tr Σ / N): about 1 where there is nothing but noise."""
        if self.ratio_over_seeds is not None:
            return self.ratio_over_seeds
        if self.noise == 0:
            return math.inf if self.batch_norm > 0 else math.nan
        return self.batch_norm / self.noise


class GradientNoiseObservation(Observation[GradientNoise], frozen=True, tag="noise"):
    """How far the samples of the batch agree.

    With the present dropout masks; in a batch norm, a sample's part in the statistics is its own too.
    """

    order = 8
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "noise.csv": ("step", "gradient_norm", "noise", "signal_to_noise", "cosine"),
        "sample_gradients.csv": ("step", "sample", "gradient_norm"),
    }

    spans_seeds = True
    samples: int = 64
    """At most so many of the batch, one backward pass each."""

    def observe(self, training: Training) -> GradientNoise:
        if training.network.batch < 2:
            raise ValueError("noise shows between the samples of a batch: the batch size must be 2 or more")
        twin = Twin(training)
        whole = twin.gradient().copy()
        norms, trace = spread(twin, min(self.samples, twin.batch))
        return GradientNoise(
            samples=frozen(training.batch[: len(norms)].copy()),
            norms=frozen(norms),
            batch_norm=float(np.linalg.norm(whole)),
            noise=math.sqrt(trace / twin.batch),
            cosine=cosine(whole, _next_gradient(training, twin)),
        )

    def over_seeds(self, results: Sequence[GradientNoise]) -> Quartiles[GradientNoise]:
        """Samples of several seeds are others: they are paired by the size of their gradients."""
        paired = (replace(each, norms=np.sort(each.norms), ratio_over_seeds=each.signal_to_noise) for each in results)
        return quartiles_of(list(paired))

    def rows(self, result: GradientNoise, info: RunInfo) -> Iterator[AnalysisRow]:
        yield AnalysisRow(
            "noise.csv",
            {
                "gradient_norm": result.batch_norm, "noise": result.noise,
                "signal_to_noise": result.signal_to_noise, "cosine": result.cosine,
            },
        )  # fmt: skip
        for sample, size in zip(result.samples.tolist(), result.norms, strict=True):
            yield AnalysisRow("sample_gradients.csv", {"sample": sample, "gradient_norm": size})


def sample_gradient(twin: Twin, delta: Floats, sample: int) -> Floats:
    """∂(loss of one sample)/∂parameters, given the batch's ``output_delta``; overwritten by the next."""
    twin.output_delta.fill(0)
    twin.output_delta[:, :, sample] = twin.batch * delta[:, :, sample]
    twin.pull_back()
    gradient: Floats = twin.network.parameters.gradient
    return gradient


def spread(twin: Twin, samples: int) -> tuple[Floats, float]:
    """(‖g_i‖ of the first samples, the trace of their covariance), after ``twin.gradient()``."""
    delta = twin.output_delta.copy()
    total, squares = np.zeros(len(twin.value)), np.empty(samples)
    for sample in followed(range(samples), "Gradient noise", "samples"):
        gradient = sample_gradient(twin, delta, sample)
        total += gradient
        squares[sample] = gradient @ gradient
    trace = (float(squares.sum()) - float(total @ total) / samples) / (samples - 1)
    # What rounding leaves of alike gradients is no noise; NaN stays.
    return np.sqrt(squares), 0.0 if trace < 1e-14 * squares.sum() else trace


def cosine(one: Floats, other: Floats) -> float:
    """NaN where either is 0 or not finite."""
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(one @ other) / lengths if lengths > 0 else math.nan


def _next_gradient(training: Training, twin: Twin) -> Floats:
    """What the next step's gradient will be: the update made, the next batch loaded, new masks drawn."""
    index = copy.deepcopy(training.sampler).next()
    twin.value[...] += training.network.parameters.update
    twin.network.commit()
    np.copyto(twin.network.input[:-1], training.data.x_train[:, index])
    np.copyto(twin.y, training.data.y_train[:, index])
    return twin.gradient()
