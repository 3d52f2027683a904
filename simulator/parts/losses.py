"""Losses: the output's activation, the loss per sample and its gradient with respect to the output's z.

Arrays are (outputs, samples). A new loss is one class here.

| kind | output a | sample loss | ∂loss/∂z |
|---|---|---|---|
| softmax_cross_entropy | softmax z | −Σ y log a | a − y |
| sigmoid_cross_entropy | σ(z) | −Σ y log a + (1−y) log(1−a) | a − y |
| mse | z | ½‖a − y‖² | a − y |
| sigmoid_mse | σ(z) | ½‖a − y‖² | (a − y) a (1 − a) |
"""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.activations import CERTAIN, Activation, Linear, Sigmoid
from simulator.schema.parameter import Part, any_of


class Loss(Part, frozen=True):
    """What is minimised, together with the output's activation."""

    activation: ClassVar[Activation | None] = None
    """The output's elementwise activation; None for softmax, whose Jacobian is not diagonal."""
    tasks: ClassVar[tuple[str, ...]] = ("classification", "regression")
    sloped: ClassVar[bool] = False
    """Whether its gradient carries the output's slope φ'(z): where that is flat, no mistake is learnt."""

    def output(self, z: Array, out: Array) -> None:
        """out ← the network's answer a."""
        assert self.activation is not None
        self.activation.apply(z, out)

    def before_output(self, a: Array) -> Array:
        """z whose answer is ``a``."""
        assert self.activation is not None
        return self.activation.inverse(a)

    @abstractmethod
    def per_sample(self, z: Array, a: Array, y: Array) -> Array:
        """(samples,) loss of each sample, given z, a = output(z) and the target y."""

    def gradient(self, z: Array, a: Array, y: Array, out: Array) -> None:
        """out ← ∂loss/∂z of each sample."""
        np.subtract(a, y, out=out)


class SoftmaxCrossEntropy(Loss, frozen=True, tag="softmax_cross_entropy"):
    """Cross-entropy of class probabilities that sum to 1: the usual choice for classification."""

    label: ClassVar[str] = "softmax + cross-entropy"
    formula: ClassVar[str] = (
        r"$$a_k=\frac{e^{z_k}}{\sum_j e^{z_j}},\qquad\ell=-\sum_k y_k\ln a_k$$"
        "\n\n"
        r"$$\frac{\partial\ell}{\partial z}=a-y$$"
    )
    tasks: ClassVar[tuple[str, ...]] = ("classification",)

    def output(self, z: Array, out: Array) -> None:
        np.subtract(z, z.max(axis=0), out=out)
        np.exp(out, out=out)
        np.divide(out, out.sum(axis=0), out=out)

    def before_output(self, a: Array) -> Array:
        logits: Array = np.log(np.clip(a, CERTAIN, 1 - CERTAIN))
        return logits

    def per_sample(self, z: Array, a: Array, y: Array) -> Array:
        # log Σe^z − Σ y z, both less the largest z: a probability that underflows to 0 still has its finite log,
        # and the largest term, exactly 1, stays out of the sum so that the smallest loss is not rounded away.
        top = np.maximum.reduce(z, axis=0)
        below = z - top
        others = np.exp(below)
        largest = np.equal(z, top)
        if np.count_nonzero(largest) == top.size and math.isfinite(np.dot(top, top)):
            # One in each sample, as mostly, and each of them is exactly 1.
            np.subtract(others, largest, out=others)
        else:
            others[below.argmax(axis=0), np.arange(z.shape[1])] = 0
        result: Array = np.log1p(np.add.reduce(others, axis=0)) - np.add.reduce(y * below, axis=0)
        return result


class SigmoidCrossEntropy(Loss, frozen=True, tag="sigmoid_cross_entropy"):
    """Binary cross-entropy of each output on its own; a confident mistake still learns at full speed."""

    label: ClassVar[str] = "sigmoid + cross-entropy"
    formula: ClassVar[str] = (
        r"$$a=\sigma(z),\qquad\ell=-\sum_k[\,y_k\ln a_k+(1-y_k)\ln(1-a_k)\,]$$"
        "\n\n"
        r"$$\frac{\partial\ell}{\partial z}=a-y$$"
    )
    activation: ClassVar[Activation | None] = Sigmoid()
    tasks: ClassVar[tuple[str, ...]] = ("classification",)

    def per_sample(self, z: Array, a: Array, y: Array) -> Array:
        # log(1 + e^z) = log(1 + e^−|z|) + max(z, 0), of which the latter cancels exactly where y = 1.
        result: Array = (np.logaddexp(-np.abs(z), 0) + (np.maximum(z, 0) - y * z)).sum(axis=0)
        return result


class MSE(Loss, frozen=True, tag="mse"):
    """Half the squared distance of linear outputs from the target."""

    label: ClassVar[str] = "linear + squared error"
    formula: ClassVar[str] = (
        r"$$a=z,\qquad\ell=\tfrac12\|a-y\|^2$$"
        "\n\n"
        r"$$\frac{\partial\ell}{\partial z}=a-y$$"
    )
    activation: ClassVar[Activation | None] = Linear()

    def per_sample(self, z: Array, a: Array, y: Array) -> Array:
        return _half_square(a, y)


class SigmoidMSE(Loss, frozen=True, tag="sigmoid_mse"):
    """Half the squared distance after a sigmoid: its slope makes a confident mistake learn slowly."""

    label: ClassVar[str] = "sigmoid + squared error"
    formula: ClassVar[str] = (
        r"$$a=\sigma(z),\qquad\ell=\tfrac12\|a-y\|^2$$"
        "\n\n"
        r"$$\frac{\partial\ell}{\partial z}=(a-y)\odot a\odot(1-a)$$"
    )
    sloped: ClassVar[bool] = True
    activation: ClassVar[Activation | None] = Sigmoid()

    def per_sample(self, z: Array, a: Array, y: Array) -> Array:
        return _half_square(a, y)

    def gradient(self, z: Array, a: Array, y: Array, out: Array) -> None:
        np.subtract(1, a, out=out)
        np.multiply(out, a, out=out)
        np.multiply(out, a - y, out=out)


def _half_square(a: Array, y: Array) -> Array:
    error = a - y
    result: Array = 0.5 * (error * error).sum(axis=0)
    return result


if TYPE_CHECKING:
    AnyLoss = Loss
else:
    AnyLoss = any_of(Loss)
