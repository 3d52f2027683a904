"""Activation functions: value a = φ(z), slope φ'(z) and its supremum.

All work elementwise on arrays of any shape, write into ``out`` and let NaN and Inf through. ``derivative`` may use the
value ``a = φ(z)`` where that is cheaper. A new activation is one class here.
"""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Array, zeros
from simulator.parts.initializers import GlorotNormal, HeNormal, Initializer, LeCunNormal
from simulator.schema.parameter import Part, any_of, knob

CERTAIN = 1e-12
"""Shares of classes stay this far from 0 and 1: their logarithms are finite."""
WIDEST, HALVINGS = 1e15, 120
"""Where the z of an answer is looked for: within ± ``WIDEST``, until nothing smaller than rounding is left."""


class Activation(Part, frozen=True):
    """An elementwise nonlinearity."""

    supremum: ClassVar[float] = 1.0
    monotone: ClassVar[bool] = True
    """Whether φ' is never negative."""
    linear: ClassVar[bool] = False
    """Whether φ is the identity, which makes a layer no deeper."""
    values: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """Between what its values lie, where that is the same for all of its kind."""
    dies: ClassVar[bool] = False
    """Whether its slope is exactly 0 over a whole range: a unit that no sample leads out of it is dead."""
    kinks: ClassVar[tuple[float, ...]] = ()
    """Where its slope jumps, but 0: averages are taken piece by piece."""
    fitting_initializer: ClassVar[type[Initializer]] = GlorotNormal
    """What draws weights that keep a signal's size: He makes up for the half that a rectifier cuts off."""
    reliable_gain: ClassVar[float] = math.inf
    """σ_w² from which single networks are known not to follow mean-field theory."""

    @classmethod
    def squashing(cls) -> bool:
        """Whether its values are bounded on both sides, so that it is flat, saturated, far from the middle."""
        return all(map(math.isfinite, cls.values))

    @classmethod
    def centred(cls) -> bool:
        """Whether its values reach as far below 0 as above."""
        return cls.values[0] == -cls.values[1]

    @abstractmethod
    def apply(self, z: Array, out: Array) -> None:
        """out ← φ(z); ``out`` is not ``z``."""

    @abstractmethod
    def derivative(self, z: Array, a: Array, out: Array) -> None:
        """out ← φ'(z), given a = φ(z); ``out`` is neither of them."""

    def evaluated(self, z: Array) -> tuple[Array, Array]:
        """(φ(z), φ'(z)) in arrays of their own."""
        value, slope = np.empty_like(z), np.empty_like(z)
        with np.errstate(all="ignore"):
            self.apply(z, value)
            self.derivative(z, value, slope)
        return value, slope

    @property
    def sup_slope(self) -> float:
        """sup |φ'|, the γ of the gradient bounds and the scale of "saturated"."""
        return self.supremum

    def inverse(self, a: Array) -> Array:
        """z with φ(z) = a, of a φ that never falls; the end of the search where φ does not reach ``a``."""
        low, high = np.full(a.shape, -WIDEST), np.full(a.shape, WIDEST)
        value = np.empty(a.shape)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            self.apply(middle, value)
            low, high = np.where(value < a, middle, low), np.where(value < a, high, middle)
        z: Array = np.where(np.isnan(a), a, high)
        return z


class Linear(Activation, frozen=True, tag="linear"):
    """Passes the pre-activation through unchanged."""

    formula: ClassVar[str] = r"$$\varphi(z)=z,\qquad\varphi'(z)=1$$"
    linear: ClassVar[bool] = True

    def apply(self, z: Array, out: Array) -> None:
        np.copyto(out, z)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        out.fill(1)

    def inverse(self, a: Array) -> Array:
        return a


class Sigmoid(Activation, frozen=True, tag="sigmoid"):
    """Squashes to 0 … 1; its slope never exceeds ¼, so every layer costs the gradient at least a factor 4."""

    formula: ClassVar[str] = r"$$\varphi(z)=\frac{1}{1+e^{-z}},\qquad\varphi'(z)=a\,(1-a)\le\tfrac14$$"
    supremum: ClassVar[float] = 0.25
    values: ClassVar[tuple[float, float]] = (0, 1)

    def apply(self, z: Array, out: Array) -> None:
        logistic(z, out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.subtract(1, a, out=out)
        np.multiply(out, a, out=out)

    def inverse(self, a: Array) -> Array:
        share = np.clip(a, CERTAIN, 1 - CERTAIN)
        z: Array = np.log(share / (1 - share))
        return z


class Tanh(Activation, frozen=True, tag="tanh"):
    """Squashes to −1 … 1, centred on zero, slope 1 at zero and almost none beyond ±2."""

    formula: ClassVar[str] = r"$$\varphi(z)=\tanh z,\qquad\varphi'(z)=1-a^2$$"
    values: ClassVar[tuple[float, float]] = (-1, 1)

    def apply(self, z: Array, out: Array) -> None:
        np.tanh(z, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)


class ReLU(Activation, frozen=True, tag="relu"):
    """Passes positive values and cuts negative ones to zero; half the units are off at any time.

    Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines.
    """

    label: ClassVar[str] = "ReLU"
    formula: ClassVar[str] = r"$$\varphi(z)=\max(0,z)$$"
    values: ClassVar[tuple[float, float]] = (0, math.inf)
    dies: ClassVar[bool] = True
    fitting_initializer: ClassVar[type[Initializer]] = HeNormal

    def apply(self, z: Array, out: Array) -> None:
        np.maximum(z, zeros(z.shape, z.dtype), out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.greater(z, zeros(z.shape, z.dtype), out=out)


class LeakyReLU(Activation, frozen=True, tag="leaky_relu"):
    """A ReLU that keeps a small slope for negative values, so no unit can die.

    Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models.
    """

    label: ClassVar[str] = "leaky ReLU"
    formula: ClassVar[str] = (
        r"$$\varphi(z)=\begin{cases} z & z>0\\ s\,z & z\le 0\end{cases}$$"
        "\n\n"
        r"$s$ is the slope."
    )
    fitting_initializer: ClassVar[type[Initializer]] = HeNormal
    slope: Annotated[
        float,
        knob("slope", "Slope for negative pre-activations.", slider=(0, 1), ge=0, le=1, live=True),
    ] = 0.01

    def apply(self, z: Array, out: Array) -> None:
        np.multiply(z, self.slope, out=out)
        np.maximum(z, out, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        out.fill(self.slope)
        np.copyto(out, 1, where=z > 0)


class ELU(Activation, frozen=True, tag="elu"):
    """Linear above zero, saturating smoothly at −α below it.

    Clevert, Unterthiner and Hochreiter 2016, Fast and accurate deep network learning by exponential linear units,
    arXiv:1511.07289.
    """

    label: ClassVar[str] = "ELU"
    formula: ClassVar[str] = r"$$\varphi(z)=\begin{cases} z & z>0\\ \alpha\,(e^z-1) & z\le 0\end{cases}$$"
    fitting_initializer: ClassVar[type[Initializer]] = HeNormal
    alpha: Annotated[
        float,
        knob("alpha", "Depth of the negative plateau.", slider=(0.1, 3), gt=0, le=100, unit="α", live=True),
    ] = 1.0

    def apply(self, z: Array, out: Array) -> None:
        _elu(z, self.alpha, 1.0, out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.add(a, self.alpha, out=out)
        np.copyto(out, 1, where=z > 0)

    @property
    def sup_slope(self) -> float:
        return max(1.0, self.alpha)


class SELU(Activation, frozen=True, tag="selu"):
    """An ELU scaled so that mean 0 and variance 1 are a stable fixed point through depth.

    Klambauer et al. 2017, Self-normalizing neural networks, arXiv:1706.02515.
    """

    label: ClassVar[str] = "SELU"
    formula: ClassVar[str] = (
        r"$$\varphi(z)=\lambda\begin{cases} z & z>0\\ \alpha\,(e^z-1) & z\le 0\end{cases}$$"
        "\n\n"
        r"$\lambda=1.0507$, $\alpha=1.6733$"
    )
    fitting_initializer: ClassVar[type[Initializer]] = LeCunNormal
    scale: ClassVar[float] = 1.0507009873554805
    alpha: ClassVar[float] = 1.6732632423543772
    supremum: ClassVar[float] = 1.0507009873554805 * 1.6732632423543772
    values: ClassVar[tuple[float, float]] = (-supremum, math.inf)

    def apply(self, z: Array, out: Array) -> None:
        _elu(z, self.alpha, self.scale, out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.add(a, self.scale * self.alpha, out=out)
        np.copyto(out, self.scale, where=z > 0)


class Softplus(Activation, frozen=True, tag="softplus"):
    """A smooth ReLU, always positive; its slope is the sigmoid."""

    formula: ClassVar[str] = r"$$\varphi(z)=\ln(1+e^z),\qquad\varphi'(z)=\frac{1}{1+e^{-z}}$$"
    values: ClassVar[tuple[float, float]] = (0, math.inf)
    fitting_initializer: ClassVar[type[Initializer]] = HeNormal

    def apply(self, z: Array, out: Array) -> None:
        np.logaddexp(z, 0, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        logistic(z, out)


class Softsign(Activation, frozen=True, tag="softsign"):
    """Squashes to −1 … 1 like tanh, but with slowly fading tails."""

    formula: ClassVar[str] = r"$$\varphi(z)=\frac{z}{1+|z|},\qquad\varphi'(z)=\frac{1}{(1+|z|)^2}$$"
    values: ClassVar[tuple[float, float]] = (-1, 1)

    def apply(self, z: Array, out: Array) -> None:
        np.abs(z, out=out)
        np.add(out, 1, out=out)
        np.divide(z, out, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.abs(z, out=out)
        np.add(out, 1, out=out)
        np.multiply(out, out, out=out)
        np.reciprocal(out, out=out)


class GELU(Activation, frozen=True, tag="gelu"):
    """Weighs z by the probability that a standard normal lies below it; a smooth ReLU that dips below zero.

    Hendrycks and Gimpel 2016, Gaussian error linear units, arXiv:1606.08415.
    """

    label: ClassVar[str] = "GELU"
    monotone: ClassVar[bool] = False
    formula: ClassVar[str] = (
        r"$$\varphi(z)=z\,\Phi(z)$$"
        "\n\n"
        r"$\Phi$ is the distribution function of the standard normal."
    )
    fitting_initializer: ClassVar[type[Initializer]] = HeNormal
    reliable_gain: ClassVar[float] = 1.8
    # At z = √2: Φ(√2) + √2 φ(√2).
    supremum: ClassVar[float] = 0.5 * (1 + math.erf(1.0)) + math.exp(-1.0) / math.sqrt(math.pi)

    def apply(self, z: Array, out: Array) -> None:
        from scipy.special import ndtr

        ndtr(z, out=out)
        np.multiply(z, out, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        from scipy.special import ndtr

        density = np.exp(-0.5 * z * z)
        density *= 1 / math.sqrt(2 * math.pi)
        density *= z
        ndtr(z, out=out)
        np.add(out, density, out=out)


class SiLU(Activation, frozen=True, tag="silu"):
    """z weighed by its own sigmoid, also called swish.

    Elfwing, Uchibe and Doya 2018, Sigmoid-weighted linear units, arXiv:1702.03118; Ramachandran, Zoph and Le 2017,
    Searching for activation functions, arXiv:1710.05941.
    """

    label: ClassVar[str] = "SiLU"
    monotone: ClassVar[bool] = False
    formula: ClassVar[str] = r"$$\varphi(z)=\frac{z}{1+e^{-z}}$$"
    fitting_initializer: ClassVar[type[Initializer]] = HeNormal
    reliable_gain: ClassVar[float] = 1.8
    supremum: ClassVar[float] = 1.0998393201288669

    def apply(self, z: Array, out: Array) -> None:
        logistic(z, out)
        np.multiply(z, out, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        gate = np.empty_like(out)
        logistic(z, gate)
        # σ (1 + z (1 − σ)) = σ + a (1 − σ)
        np.subtract(1, gate, out=out)
        np.multiply(out, a, out=out)
        np.add(out, gate, out=out)


class Erf(Activation, frozen=True, tag="erf"):
    """The error function: a tanh-like squash whose mean-field theory has closed forms."""

    formula: ClassVar[str] = r"$$\varphi(z)=\operatorname{erf}\,z,\qquad\varphi'(z)=\frac{2}{\sqrt\pi}\,e^{-z^2}$$"
    values: ClassVar[tuple[float, float]] = (-1, 1)
    supremum: ClassVar[float] = 2 / math.sqrt(math.pi)

    def apply(self, z: Array, out: Array) -> None:
        from scipy.special import erf

        erf(z, out=out)

    def derivative(self, z: Array, a: Array, out: Array) -> None:
        np.multiply(z, z, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.multiply(out, 2 / math.sqrt(math.pi), out=out)


def logistic(z: Array, out: Array) -> None:
    """out ← 1 / (1 + e^−z), exact down to the smallest numbers; e^−z may overflow to Inf, which gives 0."""
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.reciprocal(out, out=out)


def _elu(z: Array, alpha: float, scale: float, out: Array) -> None:
    np.minimum(zeros(z.shape, z.dtype), z, out=out)
    np.expm1(out, out=out)
    np.multiply(out, alpha * scale, out=out)
    positive = np.maximum(z, zeros(z.shape, z.dtype))
    np.multiply(positive, scale, out=positive)
    np.add(out, positive, out=out)


if TYPE_CHECKING:
    AnyActivation = Activation
else:
    AnyActivation = any_of(Activation)
