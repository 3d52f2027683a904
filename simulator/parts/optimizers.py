"""Optimisers: from the gradient to the change of the parameters, on flat vectors.

``update`` writes the change ΔW into ``out`` and advances the optimiser's state vectors; the caller adds ΔW to the
parameters. All state vectors always exist, so that momentum may be raised from 0 in mid-run. Everything is
elementwise: the caller may hand in any piece of the flat vectors. Names and defaults are PyTorch's. A new optimiser
is one class here.
"""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
import numpy as np

from simulator.arrays.numeric import Array
from simulator.schema.parameter import Part, any_of, knob

RATE = knob("learning rate", "η: how far one update goes.", slider=(1e-5, 10), log=True, ge=0, unit="η", live=True)
_EPS = knob(
    "epsilon",
    "Keeps the division finite; gradients far below it no longer move anything.",
    slider=(1e-12, 1e-2),
    log=True,
    gt=0,
    unit="ε",
    live=True,
)


def share_knob(label: str, help: str, unit: str) -> msgspec.Meta:
    """Of a share of what was, from 0 to below 1."""
    return knob(label, help, slider=(0, 0.999), ge=0, lt=1, unit=unit, live=True)


_BETA1 = share_knob("beta 1", "Share of the old mean gradient kept at each step.", "β₁")
_BETA2 = share_knob("beta 2", "Share of the old mean squared gradient kept at each step.", "β₂")


class Optimizer(Part, frozen=True):
    """Turns a gradient g into an update ΔW."""

    learning_rate: Annotated[float, RATE] = 1e-3
    slots: ClassVar[int] = 0
    """How many state vectors it keeps; all start at 0."""
    adaptive: ClassVar[bool] = False
    """Whether a step is as long for a small gradient as for a large one, as long as that is far above ``epsilon``."""
    accumulates: ClassVar[bool] = False
    """Whether all gradients so far shorten the steps, which so only ever become shorter."""
    mean_field: ClassVar[str] = ""
    """Name of the field with the share β of the old mean gradient, or velocity, that is kept."""
    square_field: ClassVar[str] = ""
    """Name of the field with the share of the old mean squared gradient that is kept."""
    epsilon_field: ClassVar[str] = ""
    """Name of the field with what is added to the divisor."""
    decay_field: ClassVar[str] = ""
    """Name of the field with λ, where each update also shrinks every parameter by η·λ of it."""

    @property
    def epsilon(self) -> float:
        """What is added to the divisor; 0 where nothing is."""
        return float(getattr(self, self.epsilon_field)) if self.epsilon_field else 0.0

    @property
    def decay(self) -> float:
        """λ of what shrinks every parameter by η·λ of it; 0 where nothing does."""
        return float(getattr(self, self.decay_field)) if self.decay_field else 0.0

    @property
    def roles(self) -> tuple[str, ...]:
        """What each state vector holds: ``mean``, Σ βᵏ g over past gradients, or ``square``; ``""`` is neither."""
        named = ("mean",) * bool(self.mean_field) + ("square",) * bool(self.square_field)
        return named if len(named) == self.slots else ("",) * self.slots

    @property
    def gain(self) -> float:
        """What the steps of a constant gradient are multiplied with in the long run, beside η·g."""
        return 1.0

    def stability_limit(self) -> float:
        """Largest η·λ at which steps on ½ λ w² do not grow; NaN where the optimiser rescales what λ is about."""
        return math.nan

    @abstractmethod
    def update(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        """out ← ΔW at the ``t``-th update (from 1) with learning rate ``rate``; ``g`` is left as it is.

        ΔW is proportional to ``rate``, and the state does not depend on it: a rate may change after the update.
        """

    rewrites: ClassVar[bool] = False
    """Whether :meth:`write` gives ΔW once more."""

    def write(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        """out ← ΔW from the state as the ``t``-th update has left it: at any rate the digits of that update."""
        raise NotImplementedError

    def rescale_state(self, old: "Optimizer", state: tuple[Array, ...]) -> None:
        """Adjust the state vectors, in place, to a change of this optimiser's own knobs in mid-run."""


class SGD(Optimizer, frozen=True, tag="sgd"):
    """Gradient descent on mini-batches, with momentum and Nesterov's look-ahead by choice.

    v ← βv + g, ΔW = −ηv (Nesterov: −η(g + βv)): a changed rate acts at once.

    Robbins and Monro 1951, A stochastic approximation method; momentum: Polyak 1964, Some methods of speeding up
    the convergence of iteration methods; Nesterov 1983, as Sutskever et al. 2013 write it, On the importance of
    initialization and momentum in deep learning.
    """

    label: ClassVar[str] = "SGD"
    formula: ClassVar[str] = (
        r"$$v\leftarrow\beta v+g,\qquad\Delta w=-\eta v$$"
        "\n\n"
        r"With Nesterov's look-ahead:"
        "\n\n"
        r"$$\Delta w=-\eta\,(g+\beta v)$$"
    )
    learning_rate: Annotated[float, RATE] = 0.1
    momentum: Annotated[float, share_knob("momentum", "Share of the last step's velocity that is kept.", "β")] = 0.0
    nesterov: Annotated[
        bool, knob("Nesterov", "Take the gradient's effect after the momentum step, not before.", live=True)
    ] = False
    slots: ClassVar[int] = 1
    rewrites: ClassVar[bool] = True
    mean_field: ClassVar[str] = "momentum"

    @property
    def gain(self) -> float:
        return 1 / (1 - self.momentum)

    def stability_limit(self) -> float:
        """2, with momentum 2 (1 + β), with Nesterov's 2 (1 + β) / (1 + 2β)."""
        beta = self.momentum
        return 2 * (1 + beta) / (1 + 2 * beta) if self.nesterov else 2 + 2 * beta

    def update(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        (velocity,) = state
        np.multiply(velocity, self.momentum, out=velocity)
        np.add(velocity, g, out=velocity)
        self.write(state, w, g, out, rate, t)

    def write(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        (velocity,) = state
        if self.nesterov:
            np.multiply(velocity, self.momentum, out=out)
            np.add(out, g, out=out)
            np.multiply(out, -rate, out=out)
        else:
            np.multiply(velocity, -rate, out=out)


class RootScaled(Optimizer, frozen=True):
    """Divides the gradient by the root of what it keeps of squared gradients s: ΔW = −η g / (√s + ε)."""

    slots: ClassVar[int] = 1
    rewrites: ClassVar[bool] = True
    epsilon_field: ClassVar[str] = "eps"

    def update(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        self.keep(state[0], g, out)
        self.write(state, w, g, out, rate, t)

    @abstractmethod
    def keep(self, squares: Array, g: Array, scratch: Array) -> None:
        """Take g² into ``squares``."""

    def write(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        (squares,) = state
        np.sqrt(squares, out=out)
        np.add(out, self.epsilon, out=out)
        np.divide(g, out, out=out)
        np.multiply(out, -rate, out=out)


class AdaGrad(RootScaled, frozen=True, tag="adagrad"):
    """Divides by the root of all squared gradients so far: the t-th step of a constant gradient is η/√t.

    Duchi, Hazan and Singer 2011, Adaptive subgradient methods for online learning and stochastic optimization.
    """

    label: ClassVar[str] = "AdaGrad"
    formula: ClassVar[str] = r"$$s\leftarrow s+g^2,\qquad\Delta w=-\frac{\eta\,g}{\sqrt{s}+\varepsilon}$$"
    learning_rate: Annotated[float, RATE] = 1e-2
    eps: Annotated[float, _EPS] = 1e-10
    accumulates: ClassVar[bool] = True

    def keep(self, squares: Array, g: Array, scratch: Array) -> None:
        np.multiply(g, g, out=scratch)
        np.add(squares, scratch, out=squares)


class RMSProp(RootScaled, frozen=True, tag="rmsprop"):
    """Divides by the root of a running mean of squared gradients.

    Tieleman and Hinton 2012, Lecture 6.5 of Neural networks for machine learning.
    """

    label: ClassVar[str] = "RMSProp"
    formula: ClassVar[str] = r"$$s\leftarrow\rho s+(1-\rho)\,g^2,\qquad\Delta w=-\frac{\eta\,g}{\sqrt{s}+\varepsilon}$$"
    learning_rate: Annotated[float, RATE] = 1e-2
    rho: Annotated[float, share_knob("rho", "Share of the old mean squared gradient kept at each step.", "ρ")] = 0.9
    eps: Annotated[float, _EPS] = 1e-8
    adaptive: ClassVar[bool] = True
    square_field: ClassVar[str] = "rho"

    def keep(self, squares: Array, g: Array, scratch: Array) -> None:
        _average_square(squares, g, self.rho, scratch)


class MomentScaled(Optimizer, frozen=True):
    """Running means m of the gradient and v of its square, corrected for their start at zero.

    ΔW = −η m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ). The first state vector is m / (1 − β₁).
    """

    beta1: Annotated[float, _BETA1] = 0.9
    beta2: Annotated[float, _BETA2] = 0.999
    eps: Annotated[float, _EPS] = 1e-8
    slots: ClassVar[int] = 2
    rewrites: ClassVar[bool] = True
    adaptive: ClassVar[bool] = True
    mean_field: ClassVar[str] = "beta1"
    square_field: ClassVar[str] = "beta2"
    epsilon_field: ClassVar[str] = "eps"

    def update(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        mean, squares = state
        np.multiply(mean, self.beta1, out=mean)
        np.add(mean, g, out=mean)
        _average_square(squares, g, self.beta2, out)
        self.write(state, w, g, out, rate, t)

    def write(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        mean, squares = state
        mean_scale = (1 - self.beta1) / (1 - self.beta1**t)
        root_scale = 1 / math.sqrt(1 - self.beta2**t)
        # m̂/(√v̂ + ε) with every constant moved into one scalar.
        np.sqrt(squares, out=out)
        np.add(out, self.eps / root_scale, out=out)
        np.divide(mean, out, out=out)
        np.multiply(out, -rate * mean_scale / root_scale, out=out)

    def rescale_state(self, old: Optimizer, state: tuple[Array, ...]) -> None:
        """Another β₁ is another divisor of the first vector."""
        if isinstance(old, MomentScaled) and old.beta1 != self.beta1:
            np.multiply(state[0], (1 - old.beta1) / (1 - self.beta1), out=state[0])


class Adam(MomentScaled, frozen=True, tag="adam"):
    """Running means of gradient and squared gradient, corrected for their start at zero.

    For |g| ≫ ε every step of a constant gradient is η·sign g; for |g| ≪ ε only η·g/ε.

    Kingma and Ba 2015, Adam: a method for stochastic optimization, arXiv:1412.6980.
    """

    label: ClassVar[str] = "Adam"
    formula: ClassVar[str] = (
        r"$$m\leftarrow\beta_1m+(1-\beta_1)\,g,\qquad v\leftarrow\beta_2v+(1-\beta_2)\,g^2$$"
        "\n\n"
        r"$$\hat m=\frac{m}{1-\beta_1^t},\qquad\hat v=\frac{v}{1-\beta_2^t},\qquad\Delta w=-\frac{\eta\,\hat "
        r"m}{\sqrt{\hat v}+\varepsilon}$$"
    )


class AdamW(MomentScaled, frozen=True, tag="adamw"):
    """Adam with decoupled weight decay: each update also shrinks every parameter by η·λ·w.

    Loshchilov and Hutter 2019, Decoupled weight decay regularization, arXiv:1711.05101.
    """

    label: ClassVar[str] = "AdamW"
    formula: ClassVar[str] = (
        r"$$\Delta w=-\frac{\eta\,\hat m}{\sqrt{\hat v}+\varepsilon}-\eta\,\lambda\,w$$"
        "\n\n"
        r"$\hat m$ and $\hat v$ as in [Adam](adam.md)."
    )
    weight_decay: Annotated[
        float,
        knob(
            "weight decay",
            "λ: share of each parameter lost per unit of learning rate.",
            slider=(0, 1),
            ge=0,
            unit="λ",
            live=True,
        ),
    ] = 1e-2
    decay_field: ClassVar[str] = "weight_decay"

    def write(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        super().write(state, w, g, out, rate, t)
        if self.weight_decay:
            out -= (rate * self.weight_decay) * w


def _average_square(squares: Array, g: Array, keep: float, scratch: Array) -> None:
    """squares ← keep·squares + (1 − keep)·g², g scaled before it is squared: a mean may be finite where g² is not."""
    np.multiply(g, math.sqrt(1 - keep), out=scratch)
    np.square(scratch, out=scratch)
    np.multiply(squares, keep, out=squares)
    np.add(squares, scratch, out=squares)


if TYPE_CHECKING:
    AnyOptimizer = Optimizer
else:
    AnyOptimizer = any_of(Optimizer)
