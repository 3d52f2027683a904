"""What each operation of a wide random network makes of a batch's second moments, forward and back.

Forward, E over units of a_s a_t; back, Σ over units of δ_s δ_t (δ = N ∂C/∂z), for all pairs of samples s, t. Pairs are
needed because the gradient of a batch is a sum over samples: ‖∂C/∂W‖² = (1/N²) Σ_st (δ_s·δ_t)(a_s·a_t).
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.parts.activations import Activation
from simulator.theory.kernels import Kernel


@dataclass(frozen=True)
class Signal:
    """A layer's output as theory knows it."""

    second: Floats
    """(samples, samples): E over units of a_s a_t."""
    mean: Floats
    """(samples,): E over units of a_s."""
    units: int

    @property
    def square(self) -> float:
        """E a² over units and samples."""
        return float(np.diagonal(self.second).mean())

    @property
    def std(self) -> float:
        """Over units and samples together."""
        return float(np.sqrt(max(self.square - float(self.mean.mean()) ** 2, 0.0)))


class TheoryOperation(ABC):
    """One step of a network; ``back`` may be called once ``forward`` has been."""

    @abstractmethod
    def forward(self, signal: Signal) -> Signal: ...

    @abstractmethod
    def back(self, gradient: Floats) -> Floats:
        """From the second moments of ∂C/∂output to those of ∂C/∂input."""


class Weights(TheoryOperation):
    """u = W a + b with independent entries: K' = σ_w² K + σ_b²; back σ_w² at any widths."""

    centred = False
    """Whether batch norm follows, so that δ sums to 0 over the batch."""

    def __init__(self, weight_variance: float, bias_variance: float, units: int) -> None:
        self.weight_variance, self.bias_variance, self.units = weight_variance, bias_variance, units

    def forward(self, signal: Signal) -> Signal:
        self.input = signal
        second = self.weight_variance * signal.second + self.bias_variance
        return Signal(second, np.zeros_like(signal.mean), self.units)

    def back(self, gradient: Floats) -> Floats:
        self.error = gradient
        return self.weight_variance * gradient

    def gradient_square(self, batch: int) -> float:
        """E ‖∂C/∂W‖² of a batch of so many samples, of which those here are a part."""
        pairs = self.error * self.input.second
        own = float(np.diagonal(pairs).mean())
        count = len(pairs)
        if batch == 1 or count == 1:
            return self.input.units * own / batch
        others = between(pairs)
        if self.centred:
            # Centring relates any two samples by −1/(N−1), with N the batch's size and not that of the part.
            pull = 1 / (count - 1) - 1 / (batch - 1)
            others += pull * float(np.diagonal(self.error).mean()) * between(self.input.second)
        return self.input.units * max(own / batch + (1 - 1 / batch) * others, 0.0)


class Slope(TheoryOperation):
    """a = φ(z), and back φ'."""

    def __init__(self, activation: Activation) -> None:
        self.activation = activation

    def forward(self, signal: Signal) -> Signal:
        self.variance, self.covariance = signal.square, signal.second
        kernel = Kernel(self.activation, signal.second)
        self.slope = kernel.slope
        self.output = Signal(kernel.value, kernel.mean, signal.units)
        return self.output

    def back(self, gradient: Floats) -> Floats:
        self.error = self.slope * gradient
        return self.error


class Mask(TheoryOperation):
    """Dropout with keep probability r: masks are independent, so only a sample with itself differs."""

    def __init__(self, keep: float, inverted: bool) -> None:
        self.own, self.others = (1 / keep, 1.0) if inverted else (keep, keep**2)

    def forward(self, signal: Signal) -> Signal:
        mean = signal.mean * np.sqrt(self.others)
        return Signal(self._masked(signal.second), mean, signal.units)

    def back(self, gradient: Floats) -> Floats:
        return self._masked(gradient)

    def _masked(self, moments: Floats) -> Floats:
        masked = moments * self.others
        np.fill_diagonal(masked, np.diagonal(moments) * self.own)
        return masked


class OverBatch(TheoryOperation):
    """Batch norm: each unit less its mean over the batch, over its standard deviation.

    A unit's u over the batch is Gaussian with covariance K; in K's eigenbasis x_i = √λ_i g_i, x̂ = √N x/√S with
    S = Σ x_i². All averages that are needed are integrals over one t, by 1/S = ∫ e^(−tS) dt and its like for higher
    powers, with E e^(−tS) = Π (1 + 2λ_i t)^(−½). So batches of any size and relatedness of samples are covered.
    """

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon

    def forward(self, signal: Signal) -> Signal:
        eigenvalues, self.basis = np.linalg.eigh(centred(signal.second))
        self.count = len(eigenvalues)
        total = float(eigenvalues.sum())
        share = np.maximum(eigenvalues / total, 0)
        t, weights = _scales()
        each = share[:, np.newaxis] / (1 + 2 * np.outer(share, t))
        self.each, self.t = each, t
        self.weights = weights * np.exp(-0.5 * np.log1p(2 * np.outer(share, t)).sum(axis=0))
        # What ε adds to every unit's variance, as if all were the same.
        self.damping = 1 / (1 + self.epsilon * self.count / total)
        self.variance = total / self.count
        spread = each @ self.weights
        second = (self.basis * (self.count * self.damping * spread)) @ self.basis.T
        return Signal(second, np.zeros_like(signal.mean), signal.units)

    def back(self, gradient: Floats) -> Floats:
        inner = self.basis.T @ centred(gradient) @ self.basis
        once = float(self.weights.sum())
        twice = self.each @ (self.weights * self.t)
        thrice = (self.each * (self.weights * self.t**2 / 2)) @ self.each.T
        gradients = inner * (once - twice[:, np.newaxis] - twice + 2 * thrice)
        gradients[np.diag_indices(self.count)] += thrice @ np.diagonal(inner)
        result: Floats = self.basis @ gradients @ self.basis.T * (self.damping / self.variance)
        return centred(result)


@functools.lru_cache(maxsize=1)
def _scales() -> tuple[Floats, Floats]:
    """Nodes and weights for integrals over t from 0 to ∞, even in log t."""
    step = 0.25
    t = np.exp(np.arange(-14.0, 16.0, step))
    return t, t * step


class OverUnits(TheoryOperation):
    """Layer norm: each sample less its mean over units, over its standard deviation. For wide layers."""

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon

    def forward(self, signal: Signal) -> Signal:
        second = signal.second - np.outer(signal.mean, signal.mean)
        spread = np.sqrt(np.maximum(np.diagonal(second), 0) + self.epsilon)
        self.scale = np.outer(spread, spread)
        return Signal(second / self.scale, np.zeros_like(signal.mean), signal.units)

    def back(self, gradient: Floats) -> Floats:
        scaled: Floats = gradient / self.scale
        return scaled


class Chain(TheoryOperation):
    """Several operations as one."""

    def __init__(self, operations: Sequence[TheoryOperation]) -> None:
        self.operations = operations

    def forward(self, signal: Signal) -> Signal:
        for operation in self.operations:
            signal = operation.forward(signal)
        return signal

    def back(self, gradient: Floats) -> Floats:
        for operation in reversed(self.operations):
            gradient = operation.back(gradient)
        return gradient


class Sum(TheoryOperation):
    """a = x + s F(x) where F ends in zero-mean weights, so that both parts are uncorrelated."""

    def __init__(self, branch: TheoryOperation, scale: float) -> None:
        self.branch, self.scale = branch, scale

    def forward(self, signal: Signal) -> Signal:
        inner = self.branch.forward(signal)
        second = signal.second + self.scale**2 * inner.second
        self.output = Signal(second, signal.mean + self.scale * inner.mean, signal.units)
        self.share = 1 - signal.square / self.output.square
        return self.output

    def back(self, gradient: Floats) -> Floats:
        self.error = gradient
        total: Floats = gradient + self.branch.back(self.scale**2 * gradient)
        return total


def centred(second: Floats) -> Floats:
    """Less the mean over samples, on both sides."""
    down = second - second.mean(axis=0, keepdims=True)
    both: Floats = down - down.mean(axis=1, keepdims=True)
    return both


def between(second: Floats) -> float:
    """The mean over pairs of different samples."""
    count = len(second)
    return float(second.sum() - np.trace(second)) / (count * (count - 1))
