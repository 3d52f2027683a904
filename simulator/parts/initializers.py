"""Initialisers: how a layer's weights and biases are drawn.

``fill(out, rng, fan_in, fan_out)`` draws into ``out``, stored inputs × outputs (THEORY.md section 3 gives the
variances). Normal and uniform versions of one name share one variance. A new initialiser is one class here.
"""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from simulator.arrays.draws import drawn
from simulator.arrays.numeric import Array, RandomGenerator
from simulator.schema.parameter import Part, any_of, knob


class Initializer(Part, frozen=True):
    """Draws the first values of a parameter."""

    data_dependent: ClassVar[bool] = False
    """Whether the layer rescales the draw until its pre-activations have unit standard deviation."""
    alike: ClassVar[bool] = False
    """Whether all units of a layer are drawn alike."""
    family: ClassVar[str] = ""
    """What normal and uniform draws with one variance from the layer's fans are called; empty: set by hand."""
    size_field: ClassVar[str] = ""
    """Name of the field that sets how large the draw is."""

    @abstractmethod
    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        """Draw into ``out`` of shape (inputs, outputs), or (outputs,) for biases."""

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        """Variance of one entry; None where entries are not drawn with mean 0 and a variance known beforehand."""
        return None

    def scaled_variance(self, fan_in: int, fan_out: int) -> float | None:
        """σ_w² = n_in · variance of the weights it draws; None where they are no random draw that theory knows."""
        variance = self.entry_variance(fan_in, fan_out)
        return variance * fan_in if variance else None

    def fixed_size(self) -> float:
        """Root mean square of an entry, where that is the same for every layer; else 0."""
        return 0.0

    def spectral_radius(self, units: int) -> float:
        """About: of a random draw of units × units it is σ_w (the circular law; Ginibre 1965)."""
        variance = self.entry_variance(units, units)
        return 1.0 if variance is None else math.sqrt(variance * units)


def _normal(out: Array, rng: RandomGenerator, std: float) -> None:
    out[...] = drawn(_standard_normals, rng, out.shape) * std


def _standard_normals(rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape)


def _uniform(out: Array, rng: RandomGenerator, limit: float) -> None:
    out[...] = drawn(_from_minus_one_to_one, rng, out.shape) * limit


def _from_minus_one_to_one(rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(-1.0, 1.0, shape)


class Zeros(Initializer, frozen=True, tag="zeros"):
    """All zero: fine for biases, fatal for weights, whose units then never differ."""

    formula: ClassVar[str] = r"$$w=0$$"

    alike: ClassVar[bool] = True

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        out.fill(0)

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return 0.0


class Constant(Initializer, frozen=True, tag="constant"):
    """One value everywhere: all units of a layer stay the same."""

    formula: ClassVar[str] = (
        r"$$w=c$$"
        "\n\n"
        r"$c$ is the value."
    )

    alike: ClassVar[bool] = True
    size_field: ClassVar[str] = "value"
    value: Annotated[float, knob("value", "The value of every entry.", slider=(-2, 2))] = 0.1

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        out.fill(self.value)

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return 0.0 if self.value == 0 else None

    def fixed_size(self) -> float:
        return abs(self.value)

    def spectral_radius(self, units: int) -> float:
        return abs(self.value) * units


class Normal(Initializer, frozen=True, tag="normal"):
    """Gaussian with mean 0 and a standard deviation of your choice, whatever the layer's size."""

    formula: ClassVar[str] = (
        r"$$w\sim\mathcal{N}(0,\sigma^2)$$"
        "\n\n"
        r"$\sigma$ is the standard deviation."
    )

    size_field: ClassVar[str] = "std"
    std: Annotated[
        float, knob("std", "Standard deviation of each weight.", slider=(1e-4, 10), log=True, ge=0, unit="σ")
    ] = 0.05

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _normal(out, rng, self.std)

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return self.std**2

    def fixed_size(self) -> float:
        return self.std


class Uniform(Initializer, frozen=True, tag="uniform"):
    """Uniform between −limit and limit; its standard deviation is limit / √3."""

    formula: ClassVar[str] = (
        r"$$w\sim\mathcal{U}(-c,c),\qquad\operatorname{var}\,w=\frac{c^2}{3}$$"
        "\n\n"
        r"$c$ is the limit."
    )

    size_field: ClassVar[str] = "limit"
    limit: Annotated[float, knob("limit", "Largest absolute value drawn.", slider=(1e-4, 10), log=True, ge=0)] = 0.05

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _uniform(out, rng, self.limit)

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return self.limit**2 / 3

    def fixed_size(self) -> float:
        return self.limit / math.sqrt(3)


class VarianceScaled(Initializer, frozen=True, tag="variance_scaled"):
    """Gaussian with variance σ_w² / n_in: the knob of mean-field theory, from order to chaos.

    Poole et al. 2016, Exponential expressivity in deep neural networks through transient chaos, arXiv:1606.05340.
    """

    label: ClassVar[str] = "variance scaled"
    formula: ClassVar[str] = r"$$w\sim\mathcal{N}(0,\sigma_w^2/n_{in})$$"
    size_field: ClassVar[str] = "weight_variance"
    weight_variance: Annotated[
        float,
        knob(
            "weight variance",
            "σ_w²: the variance of a weight times n_in.",
            slider=(0.05, 20),
            log=True,
            ge=0,
            unit="σ_w²",
        ),
    ] = 1.0

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _normal(out, rng, math.sqrt(self.weight_variance / fan_in))

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return self.weight_variance / fan_in


class FanScaled(Initializer, frozen=True):
    """Variance from the layer's fans."""

    @abstractmethod
    def variance(self, fan_in: int, fan_out: int) -> float: ...

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return self.variance(fan_in, fan_out)


class FanNormal(FanScaled, frozen=True):
    """The Gaussian version: std = √variance."""

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _normal(out, rng, math.sqrt(self.variance(fan_in, fan_out)))


class FanUniform(FanScaled, frozen=True):
    """The uniform version: limit = √(3 · variance)."""

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _uniform(out, rng, math.sqrt(3 * self.variance(fan_in, fan_out)))


class LeCunNormal(FanNormal, frozen=True, tag="lecun_normal"):
    """Gaussian with variance 1 / n_in: keeps the variance of linear units going forward.

    LeCun, Bottou, Orr and Müller 1998, Efficient BackProp.
    """

    label: ClassVar[str] = "LeCun normal"
    formula: ClassVar[str] = r"$$w\sim\mathcal{N}(0,\sigma^2),\qquad\sigma^2=\frac{1}{n_{in}}$$"
    family: ClassVar[str] = "LeCun"

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 1 / fan_in


class LeCunUniform(FanUniform, frozen=True, tag="lecun_uniform"):
    """Uniform with variance 1 / n_in.

    LeCun, Bottou, Orr and Müller 1998, Efficient BackProp.
    """

    label: ClassVar[str] = "LeCun uniform"
    formula: ClassVar[str] = r"$$w\sim\mathcal{U}(-c,c),\qquad c=\sqrt{\frac{3}{n_{in}}}$$"
    family: ClassVar[str] = "LeCun"

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 1 / fan_in


class GlorotNormal(FanNormal, frozen=True, tag="glorot_normal"):
    """Gaussian with variance 2 / (n_in + n_out) (Xavier): a compromise of forward and backward flow for tanh.

    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.
    """

    label: ClassVar[str] = "Glorot normal"
    formula: ClassVar[str] = r"$$w\sim\mathcal{N}(0,\sigma^2),\qquad\sigma^2=\frac{2}{n_{in}+n_{out}}$$"
    family: ClassVar[str] = "Glorot"

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 2 / (fan_in + fan_out)


class GlorotUniform(FanUniform, frozen=True, tag="glorot_uniform"):
    """Uniform with variance 2 / (n_in + n_out) (Xavier).

    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.
    """

    label: ClassVar[str] = "Glorot uniform"
    formula: ClassVar[str] = r"$$w\sim\mathcal{U}(-c,c),\qquad c=\sqrt{\frac{6}{n_{in}+n_{out}}}$$"
    family: ClassVar[str] = "Glorot"

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 2 / (fan_in + fan_out)


def _he(slope: float, fan_in: int) -> float:
    return 2 / ((1 + slope**2) * fan_in)


_HE_SLOPE = knob("slope", "Negative slope of the leaky ReLU it is meant for; 0 for ReLU.", slider=(0, 1), ge=0)


class HeNormal(FanNormal, frozen=True, tag="he_normal"):
    """Gaussian with variance 2 / n_in (Kaiming): makes up for the half that a ReLU cuts off.

    He, Zhang, Ren and Sun 2015, Delving deep into rectifiers, arXiv:1502.01852.
    """

    label: ClassVar[str] = "He normal"
    formula: ClassVar[str] = (
        r"$$w\sim\mathcal{N}(0,\sigma^2),\qquad\sigma^2=\frac{2}{(1+s^2)\,n_{in}}$$"
        "\n\n"
        r"$s$ is the slope of the leaky ReLU that it is meant for."
    )
    family: ClassVar[str] = "He"
    slope: Annotated[float, _HE_SLOPE] = 0.0

    def variance(self, fan_in: int, fan_out: int) -> float:
        return _he(self.slope, fan_in)


class HeUniform(FanUniform, frozen=True, tag="he_uniform"):
    """Uniform with variance 2 / n_in (Kaiming).

    He, Zhang, Ren and Sun 2015, Delving deep into rectifiers, arXiv:1502.01852.
    """

    label: ClassVar[str] = "He uniform"
    formula: ClassVar[str] = (
        r"$$w\sim\mathcal{U}(-c,c),\qquad c=\sqrt{\frac{6}{(1+s^2)\,n_{in}}}$$"
        "\n\n"
        r"$s$ is the slope of the leaky ReLU that it is meant for."
    )
    family: ClassVar[str] = "He"
    slope: Annotated[float, _HE_SLOPE] = 0.0

    def variance(self, fan_in: int, fan_out: int) -> float:
        return _he(self.slope, fan_in)


class Orthogonal(Initializer, frozen=True, tag="orthogonal"):
    """A random rotation (or its part, where the layer is not square) times a gain: every singular value equal.

    Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks, arXiv:1312.6120.
    """

    formula: ClassVar[str] = (
        r"$$W^{\top}W=g^2I\quad\text{or}\quad WW^{\top}=g^2I$$"
        "\n\n"
        r"$g$ is the gain."
    )

    size_field: ClassVar[str] = "gain"
    gain: Annotated[float, knob("gain", "The common singular value.", slider=(0.1, 5), log=True, ge=0)] = 1.0

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _orthogonal(out, rng, self.gain)

    def entry_variance(self, fan_in: int, fan_out: int) -> float | None:
        return self.gain**2 / max(fan_in, fan_out)


class Identity(Initializer, frozen=True, tag="identity"):
    """Ones on the diagonal, zeros elsewhere: a linear layer passes its input on unchanged.

    For recurrent weights: Le, Jaitly and Hinton 2015, A simple way to initialize recurrent networks of rectified
    linear units, arXiv:1504.00941.
    """

    formula: ClassVar[str] = (
        r"$$W=g\,I$$"
        "\n\n"
        r"$g$ is the gain."
    )

    size_field: ClassVar[str] = "gain"
    gain: Annotated[float, knob("gain", "The value on the diagonal.", slider=(0.1, 5), log=True, ge=0)] = 1.0

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        out[...] = self.gain * np.eye(*out.shape) if out.ndim == 2 else 0

    def spectral_radius(self, units: int) -> float:
        return self.gain


class LSUV(Initializer, frozen=True, tag="lsuv"):
    """Orthogonal, then rescaled layer by layer until the pre-activations of a batch have standard deviation 1.

    Mishkin and Matas 2016, All you need is a good init, arXiv:1511.06422.
    """

    label: ClassVar[str] = "LSUV"
    formula: ClassVar[str] = r"$$W\leftarrow\frac{W}{\operatorname{std}\,z}$$"
    data_dependent: ClassVar[bool] = True

    def fill(self, out: Array, rng: RandomGenerator, fan_in: int, fan_out: int) -> None:
        _orthogonal(out, rng, 1.0)


def _orthogonal(out: Array, rng: RandomGenerator, gain: float) -> None:
    out[...] = gain * drawn(_rotation, rng, out.shape)


def _rotation(rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
    rows, columns = shape if len(shape) == 2 else (math.prod(shape), 1)
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    # Without the sign correction the rotation is not uniformly distributed.
    q *= np.sign(np.diagonal(r))
    return (q if rows >= columns else q.T).reshape(shape)


if TYPE_CHECKING:
    AnyInitializer = Initializer
else:
    AnyInitializer = any_of(Initializer)
