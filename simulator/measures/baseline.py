"""What a network scores that has learnt nothing but the mean of its targets."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Array
from simulator.parts.losses import Loss


def baseline_loss(loss: Loss, y: Array) -> float:
    """Mean loss over ``y`` (outputs, samples) of always answering its mean: class shares, or the mean target."""
    # Of equal numbers the mean is that number, and no sum rounds it.
    alike = (y == y[:, :1]).all(axis=1, keepdims=True)
    mean = np.where(alike, y[:, :1], y.mean(axis=1, keepdims=True, dtype=np.float64))
    z = np.broadcast_to(loss.before_output(mean), y.shape)
    a = np.empty(y.shape)
    loss.output(z, a)
    return float(np.mean(loss.per_sample(z, a, y)))


def noise_floor(loss: Loss, y: Array, noise: float, task: str) -> float:
    """Mean loss over ``y`` of answering the truth with the right doubt, where ``noise`` disturbs labels or targets.

    Of K classes, the right one has probability 1 − p and each other p / (K − 1); a target varies by p deviations.
    """
    if not noise:
        return 0.0
    if task == "regression":
        # The variance of what is seen is that of the truth times 1 + p².
        return float(0.5 * y.var(axis=1, dtype=np.float64).sum() * noise**2 / (1 + noise**2))
    classes = max(len(y), 2)
    answer = np.full((classes, 1), noise / (classes - 1))
    answer[0] = 1 - noise
    truth = np.eye(classes)
    z = np.broadcast_to(loss.before_output(answer), truth.shape)
    a = np.empty(truth.shape)
    loss.output(z, a)
    return float(answer[:, 0] @ loss.per_sample(z, a, truth))
