"""The peer: PyTorch eager on the CPU, with hooks that compute the same measures at the same cadence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.gemm import CLASSES, INPUTS
from benchmarks.nets import hidden_layers
from benchmarks.rounds import Work
from simulator.experiment.experiment import Experiment
from simulator.schema.parameter import kind_of
from simulator.training.training import Training

BINS = 64
SATURATION = 0.05


def torch_or_none() -> Any:
    """PyTorch, which is no dependency of this project; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch


class Peer:
    """The same network in PyTorch. Measures stay tensors until the step is over, then cross in one go."""

    def __init__(self, torch: Any, experiment: Experiment) -> None:
        self.torch = torch
        self.activation = kind_of(type(hidden_layers(experiment)[0].activation))
        self.hidden: list[Any] = []
        self.linear: list[Any] = []
        self.model = self._build(experiment)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.loss = torch.nn.CrossEntropyLoss()
        data = Training(experiment).data
        self.x = torch.from_numpy(np.ascontiguousarray(data.x_train.T, np.float32))
        self.y = torch.from_numpy(data.y_train.argmax(axis=0))
        self.batch = experiment.batch_size
        self.measuring = self.counting = False
        self.found: list[Any] = []
        self.counts: list[Any] = []
        self.odd: list[tuple[int, ...]] = []
        self.calls = 0
        for module in self.hidden:
            module.register_forward_hook(self._see_activation)
        for module in self.linear:
            module.weight.register_post_accumulate_grad_hook(self._see_gradient)

    def _build(self, experiment: Experiment) -> Any:
        nn = self.torch.nn
        self.torch.manual_seed(0)
        layers: list[Any] = []
        width = INPUTS
        for layer in hidden_layers(experiment):
            units = layer.units
            self.linear.append(nn.Linear(width, units))
            self.hidden.append(nn.Tanh() if self.activation == "tanh" else nn.ReLU())
            layers += [self.linear[-1], self.hidden[-1]]
            width = units
        self.linear.append(nn.Linear(width, CLASSES))
        for linear in self.linear:
            start = nn.init.xavier_normal_ if self.activation == "tanh" else nn.init.kaiming_normal_
            start(linear.weight)
            nn.init.zeros_(linear.bias)
        return nn.Sequential(*layers, self.linear[-1])

    def _see_activation(self, _module: Any, _inputs: Any, output: Any) -> None:
        if not self.measuring:
            return
        torch = self.torch
        with torch.no_grad():
            steep = 1 - output * output if self.activation == "tanh" else output
            flat = steep < SATURATION if self.activation == "tanh" else steep <= 0
            dead = (steep == 0).all(dim=0).float().mean()
            self.found += [output.mean(), output.std(correction=0), flat.float().mean(), dead]
            if self.counting:
                self._count(output)

    def _see_gradient(self, weight: Any) -> None:
        if self.measuring:
            self.found.append(weight.grad.norm())
            if self.counting:
                self._count(weight.grad)

    def _count(self, x: Any) -> None:
        """A histogram with what lies outside it told apart, as ours: NaN, +Inf, −Inf and exact zeros."""
        torch = self.torch
        low, high = torch.aminmax(x)
        odd: tuple[int, ...] = (0, 0, 0)
        if not torch.isfinite(low + high):
            odd = tuple(int(found.sum()) for found in (torch.isnan(x), x == math.inf, x == -math.inf))
            x = x[torch.isfinite(x)]
            low, high = torch.aminmax(x)
        self.counts.append(torch.histc(x, BINS, float(low), float(high)))
        self.odd.append((*odd, x.numel() - int(torch.count_nonzero(x))))

    def _next(self) -> tuple[Any, Any]:
        if self.calls % (len(self.x) // self.batch) == 0:
            self.order = self.torch.randperm(len(self.x))
        start = self.calls % (len(self.x) // self.batch) * self.batch
        self.calls += 1
        index = self.order[start : start + self.batch]
        return self.x[index], self.y[index]

    def step(self) -> None:
        torch = self.torch
        x, y = self._next()
        self.optimizer.zero_grad()
        answer = self.model(x)
        loss = self.loss(answer, y)
        loss.backward()
        if not self.measuring:
            self.optimizer.step()
            return
        self.found += [loss.detach(), (answer.detach().argmax(dim=1) == y).float().mean()]
        before = [linear.weight.detach().clone() for linear in self.linear]
        self.optimizer.step()
        with torch.no_grad():
            for linear, old in zip(self.linear, before, strict=True):
                self.found.append((linear.weight - old).norm() / old.norm())
            torch.stack(self.found).tolist()
            if self.counts:
                torch.stack(self.counts).numpy()
        self.found.clear()
        self.counts.clear()
        self.odd.clear()

    def work(self, measuring: bool, histograms_each: int | None = None) -> Work:
        def work(steps: int) -> None:
            self.measuring = measuring
            for step in range(steps):
                self.counting = histograms_each is not None and step % histograms_each == 0
                self.step()

        return work


def variants(torch: Any, experiment: Experiment) -> dict[str, Work]:
    """The same names as :func:`benchmarks.ours.variants`, after ``torch ``."""
    peer = Peer(torch, experiment)
    works: dict[str, Callable[[int], None]] = {
        "plain": peer.work(False),
        "scalars": peer.work(True),
        "full": peer.work(True, 1),
        "tenth": peer.work(True, 10),
    }
    return {f"torch {name}": work for name, work in works.items()}
