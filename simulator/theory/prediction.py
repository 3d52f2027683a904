"""What mean-field theory predicts of a network at step 0, read off its modules.

Schoenholz et al. 2017; Yang et al. 2019 for batch norm. What is measured, and so not predicted: the first batch, and
the output layer's error and gradient on it, where what flows back begins. The law of a sample, E‖∂C/∂W‖² = E‖δ‖² E‖a‖²,
is the diagonal of what is computed here; the gradient of a batch needs all pairs of its samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.arrays.numeric import Floats, frozen
from simulator.arrays.statistics import norm
from simulator.layers.base import Affine, Module
from simulator.layers.dense import Dense, DenseModule, is_dense
from simulator.layers.flatten import FlattenModule
from simulator.layers.normalization.base import EpsilonSettings, Normalization
from simulator.layers.normalization.block import BlockNormalization
from simulator.layers.output import Output, OutputModule
from simulator.layers.residual import ResidualModule
from simulator.network.network import Network
from simulator.parts.activations import Activation
from simulator.schema.numbers import count
from simulator.schema.parameter import title_of
from simulator.theory.gaussian import mean
from simulator.theory.mean_field import doubt
from simulator.theory.operations import Chain, Mask, OverBatch, OverUnits, Signal, Slope, Sum, TheoryOperation, Weights
from simulator.theory.predicted import Prediction

BATCH_SAMPLES = 128
"""Samples of the batch that stand for all of it."""
LEAST_WIDTH = 16
"""Units below which a layer is not wide by any means."""
LOG_VARIANCE_TIMES_UNITS = 5.0
"""Each layer of n units adds about this / n to the variance of the log of a squared norm (ReLU: 5)."""
PREDICTED_ARRAYS = 7
"""Arrays of a prediction."""


class UnpredictableError(Exception):
    """Why theory says nothing, in one sentence."""


@dataclass
class _Row:
    """One row of plots: the operations that it is read from."""

    units: int
    weights: Weights | None = None
    slope: Slope | None = None
    sum: Sum | None = None
    inner: list[_Row] = field(default_factory=list)

    @property
    def covariance(self) -> Floats | None:
        if self.slope is not None:
            return self.slope.covariance
        return None if self.sum is None else self.sum.output.second

    @property
    def scatter(self) -> float:
        return LOG_VARIANCE_TIMES_UNITS / self.units if self.weights is not None else 0.0


def predict(network: Network) -> Prediction:
    """The prediction for a network that stands at step 0 with its batch evaluated, forward and back."""
    try:
        with np.errstate(all="ignore"):
            return _predict(network)
    except UnpredictableError as error:
        nothing = frozen(np.full(len(network.taps), math.nan))
        return Prediction(str(error), *[nothing] * PREDICTED_ARRAYS)


def _predict(network: Network) -> Prediction:
    rows, hidden, output, last = _forward(network)
    assert output.weights is not None
    signal = output.weights.input
    count = len(signal.mean)
    error = network.output.delta[:, :count].astype(np.float64) * network.batch
    hidden.back(output.weights.back(error.T @ error))
    columns = [_columns(row, network.batch) for row in rows] + [_output_columns(network.output, output, last, network)]
    predicted = [np.array(column) for column in zip(*columns, strict=True)]
    # What is predicted is the profile: it starts from the output layer's own gradient.
    predicted[-1] *= norm(network.output.affine.kernel_gradient[:-1]) / predicted[-1][-1]
    return Prediction("", *[frozen(column) for column in [*predicted, *_spreads([*rows, output])]])


def _forward(network: Network) -> tuple[list[_Row], Chain, _Row, Signal]:
    """The hidden rows and their operations, the output's row and its pre-activations, the first batch sent through."""
    rows: list[_Row] = []
    hidden = Chain([operation for module in network.modules for operation in _operations(module, rows)])
    output = _Row(network.output.units, _weights(network.output.affine, network.output.spec, "the output layer"))
    assert output.weights is not None
    return rows, hidden, output, output.weights.forward(hidden.forward(_input(network)))


def covariances(network: Network) -> list[Floats | None]:
    """(samples, samples) E z_s z_t of each layer if it were freshly drawn, of a residual block E a_s a_t; None where it
    is not predicted. UnpredictableError where nothing is.
    """
    rows, _, _, last = _forward(network)
    return [row.covariance for row in rows] + [last.second]


def _input(network: Network) -> Signal:
    x = network.input[:-1, :BATCH_SAMPLES].astype(np.float64)
    return Signal(x.T @ x / len(x), x.mean(axis=0), len(x))


# -- from modules to operations ---------------------------------------------------------------------------------


def _operations(module: Module, rows: list[_Row]) -> Iterator[TheoryOperation]:
    if is_dense(module):
        yield from _dense(module, rows)
    elif isinstance(module, ResidualModule):
        yield _residual(module, rows)
    elif isinstance(module, FlattenModule):
        rows.append(_Row(module.units))
    else:
        raise UnpredictableError(f"the theory drawn here is for dense layers, not for {title_of(type(module.spec))}")


def _dense(module: DenseModule[Dense], rows: list[_Row]) -> Iterator[TheoryOperation]:
    spec, where = module.spec, f"layer {module.info.label}"
    if module.units < LEAST_WIDTH:
        raise UnpredictableError(
            f"{where} has {count(module.units, 'unit')}; the theory is for wide layers, {LEAST_WIDTH} or more"
        )
    weights = _weights(module.affine, spec, where)
    _check_gain(spec.activation, weights, where)
    slope = Slope(spec.activation)
    rows.append(_Row(module.units, weights, slope))
    norm = _norm(spec.normalization, module.units, where)
    weights.centred = isinstance(norm, OverBatch) and spec.normalization.first
    yield weights
    if norm is not None and spec.normalization.first:
        yield norm
    yield slope
    if norm is not None and not spec.normalization.first:
        yield norm
    if spec.dropout.keep < 1:
        yield Mask(spec.dropout.keep, spec.dropout.scaled)


def _weights(affine: Affine, spec: Dense | Output, where: str) -> Weights:
    weight_variance = spec.initializer.scaled_variance(*affine.fans)
    bias_variance = spec.bias_initializer.entry_variance(*affine.fans)
    if spec.initializer.data_dependent:
        raise UnpredictableError(f"the weights of {where} are scaled by the data (LSUV), not drawn by a known variance")
    if weight_variance is None:
        raise UnpredictableError(f"the weights of {where} are not random: {title_of(type(spec.initializer))}")
    if bias_variance is None:
        raise UnpredictableError(f"the biases of {where} do not have mean 0: {title_of(type(spec.bias_initializer))}")
    return Weights(weight_variance, bias_variance, affine.outputs)


def _check_gain(activation: Activation, weights: Weights, where: str) -> None:
    if reason := doubt(activation, weights.weight_variance, where):
        raise UnpredictableError(reason)


def _norm(spec: Normalization | BlockNormalization, units: int, where: str) -> TheoryOperation | None:
    over = spec.over
    if over and isinstance(spec, EpsilonSettings):
        return OverBatch(spec.epsilon) if over == "batch" else OverUnits(spec.epsilon)
    if spec.stage(units) is not None:
        raise UnpredictableError(f"the theory drawn here does not know what {title_of(type(spec))} does in {where}")
    return None


def _residual(module: ResidualModule, rows: list[_Row]) -> TheoryOperation:
    where = f"layer {module.info.label}"
    if module.projection is not None:
        raise UnpredictableError(f"{where} projects its input; the theory drawn here adds the input itself")
    inner: list[_Row] = []
    branch = [operation for child in module.inner for operation in _operations(child, inner)]
    last = next((op for op in reversed(branch) if isinstance(op, Slope)), None)
    if last is None or not _odd(last.activation):
        name = "flatten" if last is None else title_of(type(last.activation))
        raise UnpredictableError(
            f"the branch of {where} ends in {name}, so it leans to one side; the theory needs a linear map last"
        )
    norm, at = _norm(module.spec.normalization, module.units, where), module.spec.normalization.at
    if norm is not None and at("before"):
        branch.insert(0, norm)
    if norm is not None and at("last"):
        branch.append(norm)
    added = Sum(Chain(branch), module.factor)
    rows.extend(inner)
    rows.append(_Row(module.units, sum=added, inner=inner))
    return Chain([added, norm]) if norm is not None and at("after") else added


def _odd(activation: Activation) -> bool:
    return abs(mean(activation, 1.0)) < 1e-9


# -- from operations to numbers ----------------------------------------------------------------------------------


def _columns(row: _Row, batch: int) -> tuple[float, ...]:
    """(pre-activation variance, activation mean, std, delta RMS, ‖∂W‖)"""
    if row.slope is not None and row.weights is not None:
        out = row.slope.output
        gradient = math.sqrt(row.weights.gradient_square(batch))
        return row.slope.variance, float(out.mean.mean()), out.std, _rms(row.slope.error, row.units), gradient
    if row.sum is not None:
        out = row.sum.output
        return math.nan, float(out.mean.mean()), out.std, _rms(row.sum.error, row.units), math.nan
    return (math.nan,) * 5


def _output_columns(module: OutputModule, row: _Row, last: Signal, network: Network) -> tuple[float, ...]:
    assert row.weights is not None
    gradient = math.sqrt(row.weights.gradient_square(network.batch))
    error = _rms(row.weights.error, row.units)
    if module.loss.activation is None:
        return last.square, math.nan, math.nan, error, gradient
    slope = Slope(module.loss.activation)
    out = slope.forward(last)
    return last.square, float(out.mean.mean()), out.std, error, gradient


def _rms(error: Floats, units: int) -> float:
    return math.sqrt(max(float(np.diagonal(error).mean()) / units, 0.0))


def _spreads(rows: Sequence[_Row]) -> tuple[Floats, Floats]:
    """(forward, backward): what the layers on the way add up to; a branch counts by its share of the sum."""
    parts = np.array([row.scatter for row in rows])
    place = {id(row): index for index, row in enumerate(rows)}
    for row in rows:
        if row.sum is not None:
            for inner in row.inner:
                parts[place[id(inner)]] *= row.sum.share**2
    parts[-1] = 0.0
    forward = np.sqrt(np.cumsum(parts))
    backward = np.sqrt(np.cumsum(parts[::-1])[::-1])
    return forward, backward
