"""What crosses from the worker to the screen: frozen, read-only, and complete in itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.trace import Gains
from simulator.unit import Unit

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array itself, made read-only."""
    array.setflags(write=False)
    return array


def inner_number(number: int, count: int) -> str:
    """The number of one of ``count`` inner layers, of equal length for all: as text "1.1" and "1.10" are two numbers
    that a reader of a table takes for one."""
    return str(number).zfill(len(str(count)))


class LayerInfo(Struct, frozen=True):
    """One row of every plot and table: a layer as the network runs it (``repeat`` expanded)."""

    label: str
    """``"1"`` … in depth order; inner layers of a composite are ``"3.1"``, of one with ten or more ``"3.01"``."""
    name: str
    kind: str
    activation: str
    """Kind of the activation function, ``""`` where there is none."""
    units: int
    entry: int
    """Index into ``experiment.layers``; ``-1`` for the output layer."""


class Points(Struct, frozen=True):
    """The samples of a two-input data set, for the decision boundary."""

    x: Floats
    """(samples, 2)"""
    target: Floats
    """(samples,): class index or regression target."""
    validation: NDArray[np.bool_]
    """(samples,): held out from training."""


class RunInfo(Struct, frozen=True):
    """What stays the same for all frames of one run."""

    run: int
    layers: tuple[LayerInfo, ...]
    parameter_count: int
    memory_bytes: int
    batch_size: int
    train_samples: int
    validation_samples: int
    task: str
    """``classification`` or ``regression``."""
    input_names: tuple[str, ...]
    class_names: tuple[str, ...]
    points: Points | None = None
    baseline_loss: float | None = None
    """What always predicting the mean target scores on the training data; for sequences only."""
    notes: tuple[str, ...] = ()
    """What was done to the data on the way: rows left out, values filled, images stretched."""
    target_names: tuple[str, ...] = ()
    """Of a regression, where the data name them."""

    @property
    def depth(self) -> int:
        return len(self.layers)


class Histograms(Struct, frozen=True):
    """Layer × bin counts of one quantity, with what does not fit a histogram counted beside it.

    A layer's range is ±r (or 0 … r where nothing is negative) with r the next of 1, 2, 5 × 10^k, so it moves in
    steps and holds every finite value.
    """

    counts: Counts
    """(layers, bins)"""
    edges: Floats
    """(layers, bins + 1)"""
    nan: Counts
    plus_inf: Counts
    minus_inf: Counts
    zeros: Counts
    """(layers,) each; exact zeros are in ``counts`` too."""

    @property
    def totals(self) -> Counts:
        totals: Counts = self.counts.sum(axis=1)
        return totals


class Boundary(Struct, frozen=True):
    """What the network answers over the plane of a two-input data set."""

    image: Floats
    """(outputs, rows, columns): output activations; row 0 at the lowest second input."""
    x_range: tuple[float, float]
    y_range: tuple[float, float]


class TimeProfile(Struct, frozen=True):
    """A layer with a state, time step by time step; (steps,) each."""

    hidden_gradient_norm: Floats
    """RMS over the batch of ‖∂(sample loss)/∂h_t‖₂, through all later uses of h_t."""
    hidden_mean: Floats
    hidden_std: Floats
    """Mean and standard deviation of h_t over units and batch."""


class Gates(Struct, frozen=True):
    """How far the gates of layers stand open, one row per layer and gate."""

    layers: tuple[str, ...]
    """Label of each row's layer."""
    names: tuple[str, ...]
    """``carry``, ``transform``, ``forget``, ``input``, ``output``, ``reset``."""
    histograms: Histograms
    """Over 0 … 1."""
    saturated: Floats
    """(rows,): share of the gates whose slope σ (1 − σ) is below 5 % of its largest value ¼; NaN where any gate is."""


class Maps(Struct, frozen=True):
    """What a layer finds in the first training sample, and what it looks for; no more than a picture shows."""

    maps: Floats
    """(channels, height, width): the layer's answer, in evaluation mode."""
    kernels: Floats | None
    """(channels, inputs, height, width); None where it only pools."""
    channels: int
    inputs: int
    """How many of both the layer has."""


class Prediction(Struct, frozen=True):
    """What mean-field theory says of a wide random network at step 0, row by row; NaN where it says nothing.

    Conditional on the first batch and on the output layer's own error, which anchors what flows back.
    """

    reason: str
    """Why nothing is predicted; ``""`` where something is."""
    preactivation_variance: Floats
    """E z² over units and samples."""
    activation_mean: Floats
    activation_std: Floats
    """Over units and samples together."""
    delta_rms: Floats
    """√ mean δ² over units and samples; its square times the units is E‖δ‖², whose growth per layer is χ."""
    weight_gradient_norm: Floats
    """‖∂C/∂W‖ of the whole batch, √(Σ over pairs of samples of δδ · aa) and not of a sample; the output layer's own."""
    forward_spread: Floats
    backward_spread: Floats
    """Standard deviation of the log of a squared norm from one draw of the weights to the next."""


class OrderChaos(Struct, frozen=True):
    """The map of weight against bias variance, and where the hidden layers stand on it."""

    activation: str
    layer: str
    """Label of the layer whose place it is."""
    reason: str
    """Why the network has no place on it; ``""`` where it has one."""
    weight_variance: float
    bias_variance: float
    edge: Floats
    """(2, points): σ_w² and σ_b² where χ = 1 and q settles, in order along the edge; NaN where it breaks."""
    border: Floats
    """(2, points): the σ_w² from which on there is chaos, by growing σ_b²; where it is no edge, χ jumps past 1."""
    alike: bool
    """Whether all hidden layers (but the first) stand at this place."""
    settled: float
    """The q at which a deep stack of such layers settles; Inf where it grows without end."""
    chi: float
    """χ there."""
    doubt: str = ""
    """Why χ is not to be relied on; ``""`` where nothing speaks against it."""


class Bounds(Struct, frozen=True):
    """Norms of one sample's gradients beside what bounds them; (layers,) each, output layer last."""

    reason: str
    """Why there are none; ``""`` where there are."""
    step: int
    """When they were measured: they keep a pace of their own."""
    sample: int
    """Index in the training set."""
    bias_gradient_norm: Floats
    """‖∂C/∂b‖, which is ‖δ‖ for one sample."""
    weight_gradient_norm: Floats
    """‖∂C/∂W‖"""
    input_norm: Floats
    """‖a‖ of the layer below: ‖∂C/∂b‖ times this is ‖∂C/∂W‖ exactly."""
    bound: Floats
    """γ^(L−l) Π_{r>l} ‖W_r‖₂ ‖δ_L‖, never below ‖∂C/∂b‖."""
    slack: Floats
    """log₁₀ of the bound over ‖∂C/∂b‖."""
    spectral_norm: Floats
    """‖W‖₂"""
    seconds: float
    """What the spectral norms have cost."""


BoxRole = Literal[
    "input", "weights", "norm", "slope", "activation", "tail", "layer", "delta", "weight_gradient", "bias_gradient"
]


class Box(Struct, frozen=True):
    """One box of the computation graph."""

    key: str
    """``role:depth``, depth counted from 0; the input's is -1."""
    layer: int
    """Row of the layer in the run's ``layers``; -1 for the input."""
    role: BoxRole
    title: str
    norm: float
    """Frobenius norm; of a signal the root of the mean square norm of a sample."""
    shape: tuple[int, int]
    """Signals units × observations, weights outputs × inputs."""

    @property
    def backward(self) -> bool:
        return self.role in ("delta", "weight_gradient", "bias_gradient")


class Graph(Struct, frozen=True):
    """The network as boxes, in depth order."""

    boxes: tuple[Box, ...]
    step: int
    """When they were looked over: while training, at a pace of their own."""


class DataFacts(Struct, frozen=True):
    """What the training data are like as the network sees them, after scaling."""

    input_size: float
    """RMS of the inputs."""
    target_low: float
    target_high: float
    target_mean: float
    target_spread: float
    """Least, greatest, mean and standard deviation of the targets; of one-hot classes: of their zeros and ones."""
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


class Began(Struct, frozen=True):
    """The first quantity of a run that was not finite, in the order of computation."""

    layer: str
    """Label."""
    quantity: Literal["z", "a", "delta", "weight_gradient", "update"]
    """Of a layer: a loss may overflow before any of them."""
    direction: Literal["forward", "backward"]
    step: int
    """The present one when it was computed; of an update the one that it was made at."""
    entries: int
    """How many of it were not finite."""


class LostState(Struct, frozen=True):
    """Entries of the optimiser's state that are not finite: a parameter whose mean square is infinite stands still."""

    entries: int
    step: int
    """The one whose update first left any."""


class Frame(Struct, frozen=True):
    """The network at one step: after ``step`` updates, in training mode, on the batch of its next update."""

    info: RunInfo
    step: int
    epoch: float
    scalars: Mapping[str, float]
    """``loss, accuracy, validation_loss, validation_accuracy, learning_rate, gradient_norm``; NaN is a value,
    a missing key is "not defined"."""
    measures: Mapping[str, Floats]
    """Measure name → (layers,); NaN is a value; where ``defined`` is False the measure does not exist there."""
    defined: Mapping[str, NDArray[np.bool_]]
    histograms: Mapping[str, Histograms] = field(default_factory=dict)
    """``activation`` and ``weight_gradient``."""
    boundary: Boundary | None = None
    time: Mapping[str, TimeProfile] = field(default_factory=dict)
    """Layer label → its profile, for layers with a state."""
    gates: Gates | None = None
    factors: tuple[Gains, ...] = ()
    """What each operation does to the error signal going back to each layer, in depth order."""
    maps: Mapping[str, Maps] = field(default_factory=dict)
    """Layer label → maps and kernels, for layers whose answer is an image."""
    prediction: Prediction | None = None
    order_chaos: OrderChaos | None = None
    bounds: Bounds | None = None
    unit: Unit | None = None
    """The one under the microscope."""
    graph: Graph | None = None
    facts: Facts | None = None
    began: Began | None = None
    """Where NaN or Inf came in, at this step or before; None while all has been finite."""
    lost_state: LostState | None = None

    @property
    def run(self) -> int:
        return self.info.run
