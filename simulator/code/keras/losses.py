"""Losses in the words of Keras: of targets and outputs, which are the pre-activations z."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.code.equivalents import equivalent
from simulator.code.keras.parts import LIBRARY
from simulator.parts import losses as kinds
from simulator.parts.losses import Loss
from simulator.schema.parameter import Part

LOSSES: Mapping[type[Part], tuple[str, str]] = {
    kinds.SoftmaxCrossEntropy: (
        "ops.categorical_crossentropy(targets, outputs, from_logits=True)",
        "ops.softmax(outputs)",
    ),
    kinds.SigmoidCrossEntropy: (
        "ops.sum(ops.binary_crossentropy(targets, outputs, from_logits=True), axis=-1)",
        "ops.sigmoid(outputs)",
    ),
    kinds.MSE: ("ops.sum(ops.square(outputs - targets), axis=-1) / 2", "outputs"),
    kinds.SigmoidMSE: ("ops.sum(ops.square(ops.sigmoid(outputs) - targets), axis=-1) / 2", "ops.sigmoid(outputs)"),
}
"""Kind → the loss of each sample, and the answers that outputs are."""


def loss_and_answers(loss: Loss) -> tuple[str, str]:
    """The expressions for the loss of each sample and for the answers."""
    return equivalent(LOSSES, loss, LIBRARY)
