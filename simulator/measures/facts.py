"""What decides about a step beside the layers: the data, the penalties, the clipping and the output's slope."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Array, Floats
from simulator.arrays.statistics import norm
from simulator.data.base import Dataset
from simulator.experiment.experiment import Experiment
from simulator.layers.output import OutputModule
from simulator.layers.parameters import Parameters
from simulator.measures.base import SATURATION
from simulator.measures.baseline import baseline_loss, noise_floor
from simulator.parts.regularization import Regularization


class DataFacts(Struct, frozen=True):
    """What the training data are like as the network sees them, after scaling."""

    input_size: float
    """RMS of the inputs."""
    target_low: float
    target_high: float
    """Least and greatest of the targets; of one-hot classes: of their zeros and ones."""
    guessing_loss: float
    """Mean loss of always answering the class shares, or the mean target."""
    floor: float
    """Mean loss of whoever knows everything but which labels were disturbed; 0 without label noise."""
    likeness: float
    """How much better than by chance a sample's nearest neighbour tells its label: 1 always, 0 no better."""
    likeness_error: float
    """Standard error of ``likeness``, if neighbours told nothing."""


class Facts(Struct, frozen=True):
    """What decides about a step beside the layers' own measures."""

    data: DataFacts
    l1_norm: float
    l2_norm: float
    """‖∂(penalty)/∂W‖ of each penalty."""
    kept_by_value: float
    kept_by_norm: float
    """Share of the gradient's norm that each kind of clipping leaves."""
    gradient_size: float
    """RMS of the entries of the gradient that the optimiser follows."""
    output_slope: float
    """Mean φ'(z) of the output beside the steepest; NaN where it has no slope of its own (softmax)."""
    flat_mistakes: float
    """Of the outputs that are more than ½ off their target, the share with slopes below 5 % of the steepest."""


NEIGHBOUR_SAMPLES = 400
"""Samples whose nearest neighbours are looked for."""
NEIGHBOUR_FEATURES = 512
"""Features that say how near they are, evenly chosen."""
MISTAKE = 0.5


def each_answer(data: Dataset) -> Array:
    """The training targets (outputs, answers)."""
    y: Array = data.y_train
    return y.reshape(-1, data.outputs, y.shape[1]).swapaxes(0, 1).reshape(data.outputs, -1)


@np.errstate(all="ignore")
def data_facts(data: Dataset, experiment: Experiment) -> DataFacts:
    """Once per run."""
    targets, loss = each_answer(data), experiment.objective
    likeness, error = _likeness(data)
    return DataFacts(
        input_size=norm(data.x_train) / math.sqrt(data.x_train.size),
        target_low=float(targets.min()),
        target_high=float(targets.max()),
        guessing_loss=baseline_loss(loss, targets),
        floor=noise_floor(loss, targets, experiment.data.label_noise, data.task),
        likeness=likeness,
        likeness_error=error,
    )


def _likeness(data: Dataset) -> tuple[float, float]:
    """How well the label of the nearest other sample tells a sample's own, and the standard error if it tells nothing.

    Two that are each other's nearest count twice, which doubles the variance at most.
    Classes: (agreement − Σ p²) / (1 − Σ p²). Targets: 1 − mean (y − y')² / (2 variance). NaN for sequences, whose
    answers hang on what was marked or came first: there neighbours are no judges.
    """
    if len(data.input_shape) == 2:
        return math.nan, math.nan
    x = data.x_train[:: 1 + len(data.x_train) // NEIGHBOUR_FEATURES, :NEIGHBOUR_SAMPLES].astype(np.float64)
    y = data.y_train[: data.outputs, :NEIGHBOUR_SAMPLES].astype(np.float64)
    count = x.shape[1]
    if count < 3:
        return math.nan, math.nan
    nearest = _nearest(x)
    if data.task == "classification":
        labels = y.argmax(axis=0)
        chance = float(np.square(np.bincount(labels) / count).sum())
        if chance == 1:
            return math.nan, math.nan
        agreement = float((labels == labels[nearest]).mean())
        return (agreement - chance) / (1 - chance), math.sqrt(2 * chance / (1 - chance) / count)
    return float(1 - np.square(y - y[:, nearest]).mean() / (2 * y.var(axis=1).mean())), math.sqrt(2 / count)


def _nearest(x: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """(samples,): index of the nearest other sample of x (features, samples), each feature by its own spread."""
    spread = x.std(axis=1, keepdims=True)
    x = (x - x.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    square = np.square(x).sum(axis=0)
    distance = square[:, np.newaxis] + square - 2 * x.T @ x
    np.fill_diagonal(distance, np.inf)
    return np.asarray(distance.argmin(axis=1))


@np.errstate(all="ignore")
def facts(data: DataFacts, rules: Regularization, parameters: Parameters, output: OutputModule, y: Array) -> Facts:
    """Of the step that was evaluated last, with the targets ``y`` of its batch."""
    l1, l2 = _penalties(parameters, rules)
    gradient = _penalised(parameters, rules)
    whole = norm(gradient)
    cut = whole if rules.clip_value is None else norm(np.clip(gradient, -rules.clip_value, rules.clip_value))
    kept = 1.0 if rules.clip_norm is None or not cut > rules.clip_norm else rules.clip_norm / cut
    slope, flat = _output(output, y)
    return Facts(
        data=data,
        l1_norm=l1,
        l2_norm=l2,
        kept_by_value=cut / whole if whole else 1.0,
        kept_by_norm=kept,
        gradient_size=kept * cut / math.sqrt(max(gradient.size, 1)),
        output_slope=slope,
        flat_mistakes=flat,
    )


def _penalties(parameters: Parameters, rules: Regularization) -> tuple[float, float]:
    """‖∂(penalty)/∂W‖ of L1 and of L2."""
    weights = [parameters.value[start:stop] for start, stop in parameters.weight_ranges]
    l1 = rules.l1 * math.sqrt(sum(int(np.count_nonzero(part)) for part in weights)) if rules.l1 else 0.0
    return l1, rules.l2 * math.hypot(*(norm(part) for part in weights)) if rules.l2 else 0.0


def _penalised(parameters: Parameters, rules: Regularization) -> Array:
    """The gradient with its penalties."""
    if not (rules.l1 or rules.l2):
        return parameters.gradient
    gradient: Array = parameters.gradient.copy()
    for start, stop in parameters.weight_ranges:
        weights = parameters.value[start:stop]
        gradient[start:stop] += rules.l2 * weights + rules.l1 * np.sign(weights)
    return gradient


def _output(output: OutputModule, y: Array) -> tuple[float, float]:
    """Mean slope of the answers beside the steepest, and how many of the wrong ones are flat; NaN for softmax."""
    activation = output.loss.activation
    if output.slope is None or activation is None:
        return math.nan, math.nan
    share = np.abs(output.slope) / activation.sup_slope
    wrong = np.abs(output.a - y) > MISTAKE
    flat = float((share[wrong] < SATURATION).mean()) if wrong.any() else 0.0
    return float(share.mean(dtype=np.float64)), flat
