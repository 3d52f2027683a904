"""What crosses from the worker to the screen: frozen, read-only, and complete in itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct, field
from numpy import bool_
from numpy.typing import NDArray

from simulator.arrays.numeric import frozen

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

    def __reduce__(self) -> tuple[Callable[..., Frame], tuple[Any, ...]]:
        """With its measures as two tables: an array takes as long to pickle as all of them together."""
        others = (getattr(self, name) for name in _OTHERS)
        return _from_tables, (_table(self.measures), _table(self.defined), *others)

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


_OTHERS = tuple(name for name in Frame.__struct_fields__ if name not in ("measures", "defined"))
_Table = tuple[tuple[str, ...], NDArray[Any]]
"""Names and rows."""


def _table(rows: Mapping[str, NDArray[Any]]) -> _Table:
    return tuple(rows), np.array(list(rows.values()))


def _rows(table: _Table) -> dict[str, NDArray[Any]]:
    names, values = table
    return dict(zip(names, frozen(values), strict=True))


def _from_tables(measures: _Table, defined: _Table, *others: Any) -> Frame:
    return Frame(measures=_rows(measures), defined=_rows(defined), **dict(zip(_OTHERS, others, strict=True)))


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
