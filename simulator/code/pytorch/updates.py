"""From the gradient to the update, in the words of PyTorch: penalties, clipping, optimiser and its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.code.equivalents import equivalent
from simulator.code.pytorch.parts import LIBRARY
from simulator.parts import optimizers as kinds
from simulator.parts.optimizers import Optimizer
from simulator.parts.regularization import Regularization
from simulator.schema.parameter import Part


@dataclass(frozen=True)
class TorchOptimizer:
    """An optimiser of PyTorch, and what it calls the state that the bench's keeps."""

    made: str
    """Arguments behind the parameters and the rate included."""
    state: tuple[tuple[str, float], ...]
    """Of each state vector the name and what PyTorch has it multiplied by; empty where nothing is kept."""
    counts: bool = True
    """Whether it counts its updates too."""


def _sgd(spec: kinds.SGD) -> TorchOptimizer:
    momentum = f", momentum={spec.momentum!r}" if spec.momentum else ""
    nesterov = ", nesterov=True" if spec.nesterov and spec.momentum else ""
    state = (("momentum_buffer", 1.0),) if spec.momentum else ()
    return TorchOptimizer(f"SGD(self.parameters, lr=RATE{momentum}{nesterov})", state, counts=False)


def _adam(spec: kinds.Adam | kinds.AdamW) -> TorchOptimizer:
    decay = f", weight_decay={spec.weight_decay!r}" if isinstance(spec, kinds.AdamW) else ""
    name = "AdamW" if isinstance(spec, kinds.AdamW) else "Adam"
    betas = f"betas=({spec.beta1!r}, {spec.beta2!r})"
    # The bench keeps the mean divided by 1 − β₁.
    state = (("exp_avg", 1 - spec.beta1), ("exp_avg_sq", 1.0))
    return TorchOptimizer(f"{name}(self.parameters, lr=RATE, {betas}, eps={spec.eps!r}{decay})", state)


OPTIMIZERS: Mapping[type[Part], Callable[[Any], TorchOptimizer]] = {
    kinds.SGD: _sgd,
    kinds.AdaGrad: lambda spec: TorchOptimizer(f"Adagrad(self.parameters, lr=RATE, eps={spec.eps!r})", (("sum", 1.0),)),
    kinds.RMSProp: lambda spec: TorchOptimizer(
        f"RMSprop(self.parameters, lr=RATE, alpha={spec.rho!r}, eps={spec.eps!r})", (("square_avg", 1.0),)
    ),
    kinds.Adam: _adam,
    kinds.AdamW: _adam,
}


def torch_optimizer(spec: Optimizer) -> TorchOptimizer:
    """The optimiser that makes the same updates."""
    return equivalent(OPTIMIZERS, spec, LIBRARY)(spec)


def follow_lines(rules: Regularization, directed: bool) -> list[str]:
    """What is done to the gradients of ``parameters`` before the update; nothing where there is nothing to do.

    ``directed``: some weights are written as length times direction, and a length is not penalised.
    """
    lines: list[str] = []
    if rules.l1 or rules.l2:
        terms = [f"{rules.l2!r} * p"] * bool(rules.l2) + [f"{rules.l1!r} * p.sign()"] * bool(rules.l1)
        penalty = f"p.grad += {' + '.join(terms)}"
        # PyTorch's weight_decay would act behind the clipping, and on biases too.
        if directed:
            chosen = 'p.requires_grad and p.dim() > 1 and not name.endswith("original0")'
            lines += ["for name, p in self.model.named_parameters():", f"    if {chosen}:", f"        {penalty}"]
        else:
            lines += ["for p in [p for p in self.parameters if p.dim() > 1]:", f"    {penalty}"]
    if rules.clip_value is not None:
        lines.append(f"nn.utils.clip_grad_value_(self.parameters, {rules.clip_value!r})")
    if rules.clip_norm is not None:
        # clip_grad_norm_ divides by the norm plus 1e-6.
        lines += [
            "norm = nn.utils.get_total_norm([p.grad for p in self.parameters])",
            "for p in self.parameters:",
            f"    p.grad *= min(1.0, {rules.clip_norm!r} / norm)",
        ]
    return lines
