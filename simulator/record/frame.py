"""What crosses from the worker to the screen: frozen, read-only, and complete in itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from numpy import bool_
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulator.arrays.numeric import Floats
    from simulator.experiment.experiment import Experiment
    from simulator.observations.base import Observation, Observed, Result
    from simulator.observations.observer import Made
    from simulator.training.nonfinite import Began, LostState
    from simulator.training.run_info import RunInfo
    from simulator.training.training import Training


class Frame(Struct, frozen=True):
    """The network at one step: after ``step`` updates, in training mode, on the batch of its next update."""

    info: RunInfo
    step: int
    epoch: float
    scalars: Mapping[str, float]
    """``loss, accuracy, validation_loss, validation_accuracy, learning_rate, gradient_norm``; NaN is a value,
    a missing key is "not defined"."""
    measures: Mapping[str, Floats]
    """Measure name → (layers,); NaN is a value; where ``defined`` is False the measure does not exist there."""
    defined: Mapping[str, NDArray[bool_]]
    observations: Mapping[Observation[Any], Observed[Any]] = field(default_factory=dict)
    """What was asked of the run → what was found last, perhaps at a step before."""
    began: Began | None = None
    """Where NaN or Inf came in, at this step or before; None while all has been finite."""
    lost_state: LostState | None = None
    experiment: Experiment | None = None
    """That is trained as of this step; None where it is that of the frame before, or a file does not say."""

    @property
    def run(self) -> int:
        return self.info.run

    def observed(self, observation: Observation[Result]) -> Observed[Result] | None:
        """What was found last, and when, or why nothing is; None where it was not asked or is still awaited."""
        return self.observations.get(observation)

    def result(self, observation: Observation[Result]) -> Result | None:
        """What was found last; None where nothing is."""
        observed = self.observed(observation)
        return None if observed is None else observed.result


def frame_of(training: Training, scalars: Mapping[str, float], observations: Made | None = None) -> Frame:
    """All of the step that ``propose`` or ``look`` has brought the network to, with what was observed of it."""
    meter = training.meter
    return Frame(
        info=training.info,
        step=training.step,
        epoch=training.step * training.network.batch / training.info.train_samples,
        scalars=scalars,
        measures=dict(zip(meter.names, training.values, strict=True)),
        defined=dict(zip(meter.names, training.defined, strict=True)),
        observations=observations or {},
        began=training.watch.present.began,
        lost_state=training.watch.present.lost_state,
        experiment=training.experiment,
    )
