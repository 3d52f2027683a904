"""From the gradient to the update, in the words of Keras: penalties, clipping, an optimiser equal to the bench's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.code.equivalents import equivalent
from simulator.code.keras.parts import LIBRARY
from simulator.parts import optimizers as kinds
from simulator.parts.optimizers import Optimizer
from simulator.parts.regularization import Regularization
from simulator.schema.parameter import Part


@dataclass(frozen=True)
class KerasOptimizer:
    """An optimiser of Keras, how a subclass makes it equal to the bench's, and what it keeps."""

    base: str
    arguments: str
    """Behind the rate."""
    step: tuple[str, ...]
    """The body of ``update_step(gradient, variable, learning_rate)``."""
    reason: str
    """Why it is not Keras's own, in a comment's words."""
    state: tuple[tuple[str, float], ...]
    """Of each state vector the attribute that holds it in Keras, and what it is multiplied by there."""


def _sgd(spec: kinds.SGD) -> KerasOptimizer:
    if not spec.momentum:
        return KerasOptimizer("SGD", "", (), "", ())
    change = f"gradient + {spec.momentum!r} * velocity" if spec.nesterov else "velocity"
    step = (
        "velocity = self.momentums[self._get_variable_index(variable)]",
        f"self.assign(velocity, {spec.momentum!r} * velocity + gradient)",
        f"self.assign_sub(variable, learning_rate * ({change}))",
    )
    reason = "That of Keras keeps the rate inside the velocity: a changed rate would act late."
    return KerasOptimizer("SGD", f", momentum={spec.momentum!r}", step, reason, (("momentums", 1.0),))


def _adagrad(spec: kinds.AdaGrad) -> KerasOptimizer:
    step = (
        "squares = self._accumulators[self._get_variable_index(variable)]",
        "self.assign_add(squares, gradient * gradient)",
        "self.assign_sub(variable, learning_rate * gradient / (ops.sqrt(squares) + self.epsilon))",
    )
    reason = "That of Keras puts epsilon under the root."
    arguments = f", initial_accumulator_value=0.0, epsilon={spec.eps!r}"
    return KerasOptimizer("Adagrad", arguments, step, reason, (("_accumulators", 1.0),))


def _rmsprop(spec: kinds.RMSProp) -> KerasOptimizer:
    step = (
        "squares = self._velocities[self._get_variable_index(variable)]",
        "self.assign(squares, self.rho * squares + (1 - self.rho) * gradient * gradient)",
        "self.assign_sub(variable, learning_rate * gradient / (ops.sqrt(squares) + self.epsilon))",
    )
    reason = "That of Keras puts epsilon under the root: up to 3 times as short a first step."
    return KerasOptimizer("RMSprop", f", rho={spec.rho!r}, epsilon={spec.eps!r}", step, reason, (("_velocities", 1.0),))


def _adam(spec: kinds.Adam | kinds.AdamW) -> KerasOptimizer:
    step = (
        "count = ops.cast(self.iterations + 1, variable.dtype)",
        f"self.epsilon = {spec.eps!r} * ops.sqrt(1 - self.beta_2**count)",
        "super().update_step(gradient, variable, learning_rate)",
    )
    reason = "That of Keras adds epsilon before the bias correction: up to 29 times as short a first step."
    state = (("_momentums", 1 - spec.beta1), ("_velocities", 1.0))
    arguments = f", beta_1={spec.beta1!r}, beta_2={spec.beta2!r}"
    if isinstance(spec, kinds.AdamW):
        return KerasOptimizer("AdamW", f"{arguments}, weight_decay={spec.weight_decay!r}", step, reason, state)
    return KerasOptimizer("Adam", arguments, step, reason, state)


OPTIMIZERS: Mapping[type[Part], Callable[[Any], KerasOptimizer]] = {
    kinds.SGD: _sgd,
    kinds.AdaGrad: _adagrad,
    kinds.RMSProp: _rmsprop,
    kinds.Adam: _adam,
    kinds.AdamW: _adam,
}


def keras_optimizer(spec: Optimizer) -> KerasOptimizer:
    """The optimiser that makes the same updates."""
    return equivalent(OPTIMIZERS, spec, LIBRARY)(spec)


def follow_lines(rules: Regularization) -> list[str]:
    """What is done to ``grads`` before the update; nothing where there is nothing to do."""
    lines: list[str] = []
    if rules.l1 or rules.l2:
        terms = [f"{rules.l2!r} * v"] * bool(rules.l2) + [f"{rules.l1!r} * ops.sign(v)"] * bool(rules.l1)
        pairs = "zip(grads, trainable_variables, strict=True)"
        lines += [
            "grads = [",
            f'    g + {" + ".join(terms)} if v.name.endswith("kernel") else g',
            f"    for g, v in {pairs}",
            "]",
        ]
    if rules.clip_value is not None:
        lines.append(f"grads = [ops.clip(g, -{rules.clip_value!r}, {rules.clip_value!r}) for g in grads]")
    if rules.clip_norm is not None:
        lines += [
            "norm = ops.sqrt(sum(ops.sum(ops.square(g)) for g in grads))",
            f"grads = [ops.where(norm > {rules.clip_norm!r}, g * ({rules.clip_norm!r} / norm), g) for g in grads]",
        ]
    return lines
