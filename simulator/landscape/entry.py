"""What races on a landscape: the bench's own optimisers with their schedules, and momentum as it was once printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from simulator.arrays.numeric import Array
from simulator.parts.optimizers import RATE, SGD, AnyOptimizer, Optimizer, share_knob
from simulator.parts.schedules import AnySchedule, ConstantSchedule
from simulator.schema.parameter import Part, Spec, knob

LONGEST_NAME = 80


class MomentumAsPrinted(Part, frozen=True, tag="momentum_as_printed"):
    """Momentum with the sign as one document prints it: it climbs, as w goes along the gradient and not against it.

    v ← ρv + g, w ← w + ηv. What is meant is w ← w − ηv, as :class:`SGD` has it; no network can be trained by this.
    """

    label: ClassVar[str] = "momentum as printed"
    formula: ClassVar[str] = r"$$v\leftarrow\rho v+g,\qquad\Delta w=+\eta v$$"
    learning_rate: Annotated[float, RATE] = 0.01
    momentum: Annotated[float, share_knob("momentum", "Share of the last step's velocity that is kept.", "ρ")] = 0.9
    slots: ClassVar[int] = 1
    rewrites: ClassVar[bool] = True
    adaptive: ClassVar[bool] = False
    mean_field: ClassVar[str] = "momentum"
    decay: ClassVar[float] = 0.0

    @property
    def roles(self) -> tuple[str, ...]:
        return ("mean",)

    def stability_limit(self) -> float:
        """0: it leaves every minimum at whatever rate."""
        return 0.0

    def update(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        """out ← ΔW, as :meth:`Optimizer.update`."""
        self._as_meant().update(state, w, g, out, -rate, t)

    def write(self, state: tuple[Array, ...], w: Array, g: Array, out: Array, rate: float, t: int) -> None:
        self._as_meant().write(state, w, g, out, -rate, t)

    def _as_meant(self) -> SGD:
        return SGD(self.learning_rate, self.momentum)


UpdateRule = Optimizer | MomentumAsPrinted
"""What makes updates of gradients."""
if TYPE_CHECKING:
    AnyUpdateRule = UpdateRule
else:
    AnyUpdateRule = AnyOptimizer | MomentumAsPrinted


class Racer(Spec, frozen=True, kw_only=True):
    """One of those that race: an optimiser with its knobs and its schedule, by its own name."""

    name: Annotated[str, knob("name", "What its path is called.", live=True)]
    optimizer: Annotated[AnyUpdateRule, knob("optimiser", "How gradients become updates.", live=True)] = SGD()
    schedule: Annotated[AnySchedule, knob("schedule", "How the learning rate changes.", live=True)] = ConstantSchedule()

    def rate(self, step: int) -> float:
        """The learning rate of the update after ``step`` updates."""
        return self.schedule.rate(self.optimizer.learning_rate, step)
