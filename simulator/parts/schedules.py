"""Learning-rate schedules: the rate at a step, given the optimiser's own learning rate as the base.

Steps count updates from 0. The names are those of PyTorch's schedulers. A new schedule is one class here.
"""

import math
from abc import abstractmethod
from bisect import bisect_right
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from simulator.schema.parameter import Part, any_of, knob

_MINIMUM = knob("lowest rate", "The rate at the bottom of the curve.", slider=(0, 0.1), ge=0, unit="η", live=True)
_TOP = knob(
    "highest rate",
    "The rate at the top of the curve.",
    slider=(1e-5, 10),
    log=True,
    ge=0,
    unit="η",
    live=True,
)


def _steps(label: str, help: str) -> msgspec.Meta:
    return knob(label, help, slider=(1, 100_000), log=True, ge=1, unit="steps", live=True)


def _factor(help: str, slider_from: float) -> msgspec.Meta:
    return knob("factor", help, slider=(slider_from, 1), gt=0, unit="γ", live=True)


def _divisor(label: str, help: str, slider_to: float) -> msgspec.Meta:
    return knob(label, help, slider=(1, slider_to), log=True, ge=1, live=True)


class Schedule(Part, frozen=True):
    """How the learning rate changes with the step."""

    horizon: ClassVar[str] = ""
    """Name of the field that sets how long one period of the curve is."""
    uses_base: ClassVar[bool] = True
    """Whether the optimiser's own learning rate has any say; where it has none, the schedule sets the rate."""
    changes: ClassVar[bool] = True
    """Whether the rate is ever another than the base."""
    peak_field: ClassVar[str] = ""
    """Name of the field that sets the highest rate."""
    factor_field: ClassVar[str] = ""
    """Name of the field that the rate is multiplied by again and again."""

    @property
    def span(self) -> int:
        """Steps that one period of the curve takes; 0 where it has none."""
        return int(getattr(self, self.horizon)) if self.horizon else 0

    @abstractmethod
    def rate(self, base: float, step: int) -> float:
        """The learning rate of the update after ``step`` updates."""


class ConstantSchedule(Schedule, frozen=True, tag="constant"):
    """The optimiser's learning rate throughout."""

    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_0$$"
        "\n\n"
        r"$\eta_0$ is the optimiser's rate."
    )

    changes: ClassVar[bool] = False

    def rate(self, base: float, step: int) -> float:
        return base


class StepSchedule(Schedule, frozen=True, tag="step"):
    """Multiplies the rate by γ every so many steps."""

    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_0\,\gamma^{\lfloor s/k\rfloor}$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate, $k$ the steps between two drops."
    )

    horizon: ClassVar[str] = "step_size"
    factor_field: ClassVar[str] = "gamma"
    step_size: Annotated[int, _steps("every", "Steps between two drops.")] = 1000
    gamma: Annotated[float, _factor("What the rate is multiplied by at each drop.", 0.01)] = 0.1

    def rate(self, base: float, step: int) -> float:
        return base * _power(self.gamma, step // self.step_size) if base else 0.0


class ExponentialSchedule(Schedule, frozen=True, tag="exponential"):
    """Multiplies the rate by γ at every step: base · γ^step."""

    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_0\,\gamma^s$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate."
    )

    factor_field: ClassVar[str] = "gamma"
    gamma: Annotated[float, _factor("What the rate is multiplied by at each step.", 0.9)] = 0.999

    def rate(self, base: float, step: int) -> float:
        return base * _power(self.gamma, step) if base else 0.0


class CosineSchedule(Schedule, frozen=True, tag="cosine"):
    """Half a cosine from the base rate down to the lowest, then stays there.

    Loshchilov and Hutter 2017, SGDR, arXiv:1608.03983, without the restarts.
    """

    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_{min}+\frac{\eta_0-\eta_{min}}{2}\,(1+\cos\frac{\pi s}{T}),\qquad s\le T$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate, $T$ the length; then $\eta_{min}$."
    )

    horizon: ClassVar[str] = "t_max"
    t_max: Annotated[int, _steps("length", "Steps from the top to the bottom.")] = 1000
    eta_min: Annotated[float, _MINIMUM] = 0.0

    def rate(self, base: float, step: int) -> float:
        return _cosine(base, self.eta_min, min(step / self.t_max, 1.0))


class SGDRSchedule(Schedule, frozen=True, tag="sgdr"):
    """Cosine decay with warm restarts; each period is longer than the last by a factor.

    Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, arXiv:1608.03983.
    """

    label: ClassVar[str] = "SGDR warm restarts"
    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_{min}+\frac{\eta_0-\eta_{min}}{2}\,(1+\cos\frac{\pi\,(s-s_i)}{T_i}),\qquad T_{i+1}=m\,T_i$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate, $s_i$ the last restart, $T_i$ the present period, "
        r"$m$ the growth."
    )
    horizon: ClassVar[str] = "t_0"
    t_0: Annotated[int, _steps("first period", "Steps until the first restart.")] = 200
    t_mult: Annotated[
        int,
        knob(
            "growth",
            "Each period is so many times as long as the last.",
            slider=(1, 4),
            ge=1,
            le=100,
            unit="×",
            live=True,
        ),
    ] = 2
    eta_min: Annotated[float, _MINIMUM] = 0.0

    def rate(self, base: float, step: int) -> float:
        start, length = self.period(step)
        return _cosine(base, self.eta_min, (step - start) / length)

    def period(self, step: int) -> tuple[int, int]:
        """First step and length of the period that ``step`` falls into."""
        if self.t_mult == 1:
            return step // self.t_0 * self.t_0, self.t_0
        start, length = 0, self.t_0
        while step >= start + length:
            start, length = start + length, length * self.t_mult
        return start, length


class CyclicalSchedule(Schedule, frozen=True, tag="cyclical"):
    """A triangle between the base rate and the highest, for ever.

    Smith 2017, Cyclical learning rates for training neural networks, arXiv:1506.01186.
    """

    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_0+(\eta_{max}-\eta_0)\,(1-|1-\tau|),\qquad\tau=\frac{s}{k}\;\operatorname{mod}\;2$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate, $k$ the half cycle."
    )

    horizon: ClassVar[str] = "step_size_up"
    peak_field: ClassVar[str] = "max_lr"
    max_lr: Annotated[float, _TOP] = 0.5
    step_size_up: Annotated[int, _steps("half cycle", "Steps from the base rate to the highest.")] = 2000

    def rate(self, base: float, step: int) -> float:
        phase = step / self.step_size_up % 2
        return base + (self.max_lr - base) * (phase if phase <= 1 else 2 - phase)


class OneCycleSchedule(Schedule, frozen=True, tag="one_cycle"):
    """One rise from a small rate to the highest and one long fall to almost nothing.

    Starts at max_lr / div_factor and ends at that / final_div_factor, both ways along half a cosine; the
    optimiser's own rate is not used.

    Smith and Topin 2019, Super-convergence, arXiv:1708.07120.
    """

    label: ClassVar[str] = "one cycle"
    formula: ClassVar[str] = (
        r"$$\frac{\eta_{max}}{d}\;\to\;\eta_{max}\;\to\;\frac{\eta_{max}}{d\,d_{end}}$$"
        "\n\n"
        r"$d$ is the start divisor, $d_{end}$ the end divisor."
    )
    horizon: ClassVar[str] = "total_steps"
    peak_field: ClassVar[str] = "max_lr"
    uses_base: ClassVar[bool] = False
    max_lr: Annotated[float, _TOP] = 0.5
    total_steps: Annotated[
        int,
        knob(
            "length",
            "Steps of the whole cycle.",
            slider=(10, 100_000),
            log=True,
            ge=2,
            unit="steps",
            live=True,
        ),
    ] = 2000
    pct_start: Annotated[
        float,
        knob("rising share", "Share of the cycle spent rising.", slider=(0.01, 0.99), gt=0, lt=1, live=True),
    ] = 0.3
    div_factor: Annotated[
        float, _divisor("start divisor", "The cycle starts at the highest rate divided by this.", 100)
    ] = 25.0
    final_div_factor: Annotated[float, _divisor("end divisor", "The cycle ends at its start divided by this.", 1e5)] = (
        1e4
    )

    def rate(self, base: float, step: int) -> float:
        first = self.max_lr / self.div_factor
        top = self.pct_start * self.total_steps - 1
        if step <= top and top > 0:
            return _cosine(first, self.max_lr, step / top)
        fall = self.total_steps - 1 - top
        return _cosine(self.max_lr, first / self.final_div_factor, min((step - top) / fall, 1.0))


class WarmupSchedule(Schedule, frozen=True, tag="warmup"):
    """A straight rise from a share of the base rate to the whole of it, then constant.

    Goyal et al. 2017, Accurate, large minibatch SGD, arXiv:1706.02677.
    """

    label: ClassVar[str] = "warm-up"
    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_0\,(f+(1-f)\,\frac{s}{T}),\qquad s\le T$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate, $f$ the start share, $T$ the length; then $\eta_0$."
    )
    horizon: ClassVar[str] = "total_iters"
    total_iters: Annotated[int, _steps("length", "Steps until the whole rate is reached.")] = 500
    start_factor: Annotated[
        float, knob("start share", "Share of the base rate at step 0.", slider=(0, 1), ge=0, le=1, live=True)
    ] = 0.01

    def rate(self, base: float, step: int) -> float:
        done = min(step / self.total_iters, 1.0)
        return base * (self.start_factor + (1 - self.start_factor) * done)


class PiecewiseSchedule(Schedule, frozen=True, tag="piecewise"):
    """The base rate until the first boundary, then from each boundary on the rate that stands at its place.

    A learning rate that was dragged by hand is such a schedule, with a boundary where each change acted. A boundary for
    which there is no rate changes nothing; a rate for which there is no boundary never acts. Boundaries count as they
    do for PyTorch's MultiStepLR: a rate acts in the update of its boundary's step.
    """

    formula: ClassVar[str] = (
        r"$$\eta_s=\eta_k,\qquad b_k\le s<b_{k+1},\quad b_0=0$$"
        "\n\n"
        r"$s$ counts updates, $\eta_0$ is the optimiser's rate, $b_k$ and $\eta_k$ the $k$-th boundary and rate."
    )

    boundaries: Annotated[
        tuple[int, ...],
        knob("boundaries", "Steps from which on the next of the rates holds, ascending.", unit="steps", live=True),
    ] = (1000, 2000)
    rates: Annotated[
        tuple[Annotated[float, msgspec.Meta(ge=0)], ...],
        knob("rates", "The rate from each boundary on.", unit="η", live=True),
    ] = (0.01, 0.001)

    @property
    def span(self) -> int:
        return max(self.boundaries[: len(self.rates)], default=0)

    def rate(self, base: float, step: int) -> float:
        passed = min(bisect_right(sorted(self.boundaries), step), len(self.rates))
        return float(self.rates[passed - 1]) if passed else base


def _power(gamma: float, exponent: int) -> float:
    """gamma^exponent; Inf where that is too large, as the growing rate that it is."""
    try:
        return float(gamma**exponent)
    except OverflowError:
        return math.inf


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


if TYPE_CHECKING:
    AnySchedule = Schedule
else:
    AnySchedule = any_of(Schedule)
