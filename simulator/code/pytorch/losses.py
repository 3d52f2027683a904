"""Losses in the words of PyTorch: of outputs, which are the pre-activations z, and targets."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.code.equivalents import equivalent
from simulator.code.pytorch.parts import LIBRARY
from simulator.parts import losses as kinds
from simulator.parts.losses import Loss
from simulator.schema.parameter import Part

BINARY = 'nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")'
LOSSES: Mapping[type[Part], tuple[str, str]] = {
    kinds.SoftmaxCrossEntropy: ("nn.functional.cross_entropy(outputs, targets)", "outputs.softmax(-1)"),
    kinds.SigmoidCrossEntropy: (f"{BINARY}.sum(-1).mean()", "outputs.sigmoid()"),
    kinds.MSE: ("(outputs - targets).square().sum(-1).mean() / 2", "outputs"),
    kinds.SigmoidMSE: ("(outputs.sigmoid() - targets).square().sum(-1).mean() / 2", "outputs.sigmoid()"),
}
"""Kind → the mean loss of a batch, and the answers that outputs are."""


def loss_and_answers(loss: Loss, several: bool) -> tuple[str, str]:
    """The expressions for the mean loss and for the answers; ``several``: each sample is answered at several steps."""
    mean, answers = equivalent(LOSSES, loss, LIBRARY)
    if several and isinstance(loss, kinds.SoftmaxCrossEntropy):
        mean = "nn.functional.cross_entropy(outputs.mT, targets.mT)"
    return mean, answers
