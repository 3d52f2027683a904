"""What a lesson reads off a run: each kind is one class, and gives a number or a row of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.trace import FACTORS
from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.landscape.race import RacedPath
from simulator.layers.info import LayerInfo
from simulator.lessons.formula import FormulaValue
from simulator.measures import RECORDED_NAMES
from simulator.network.memory import need_of
from simulator.observations.base import Observation
from simulator.observations.factors import FactorsObservation
from simulator.observations.graph.what_if import Changes, WhatIf
from simulator.observations.registry import analyses
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.frame import Frame
from simulator.schema.numbers import count
from simulator.schema.parameter import Part, any_of, knob
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

SCALARS = ("loss", "accuracy", "learning_rate", "gradient_norm")
"""What every step has; a validation's scores are only looked up where they are read."""
HELD_OUT = ("validation_loss", "validation_accuracy")


class ReadingError(ValueError):
    """Why there is nothing to read, in one sentence."""


class RunReading(Part, frozen=True, kw_only=True):
    """A number, or several, of one of the lesson's runs."""

    lane: Annotated[str, knob("network", "Whose: A is the experiment itself, another one of its lanes.")] = OWN_NAME
    step: Annotated[int, knob("step", "At which step; if left out, the lesson's last.", ge=0)] | None = None

    observation: ClassVar[Observation[Any] | None] = None
    """What has to be looked at beside the measures of a step."""
    trained: ClassVar[bool] = True
    """Whether the run has to be made for it."""

    @property
    def asked(self) -> Observation[Any] | None:
        """What has to be looked at for it."""
        return self.observation

    def value(self, frame: Frame) -> FormulaValue:
        """As of a frame that has what was :attr:`asked`; ReadingError where it is not there."""
        raise NotImplementedError

    def untrained(self, experiment: Experiment) -> FormulaValue:
        """Of what need not be trained."""
        raise NotImplementedError

    def _seen(self, frame: Frame) -> Any:
        assert self.asked is not None
        observed = frame.observed(self.asked)
        if observed is None or observed.result is None:
            raise ReadingError("nothing was seen" if observed is None else observed.refusal)
        return observed.result


def _row(layer: int, rows: int) -> int:
    """The place of a row that is counted from 1, or from the end on by −1."""
    place = layer - 1 if layer > 0 else rows + layer
    if not layer or not 0 <= place < rows:
        raise ReadingError(f"there is no layer {layer}: there are 1 to {rows}, and −1 is the output layer")
    return place


class QuantityReading(RunReading, frozen=True, tag="quantity"):
    """A scalar of a step, or a measure of its layers."""

    quantity: Annotated[str, knob("quantity", "A column of steps.csv, layers.csv or flow.csv.")]
    layer: Annotated[int | None, knob("layer", "Its row, from 1; −1 is the output layer. If left out, all rows.")] = (
        None
    )

    def __post_init__(self) -> None:
        known = (*SCALARS, *HELD_OUT, *RECORDED_NAMES)
        if self.quantity not in known:
            raise ValueError(f"no quantity is called {self.quantity[:40]!r}; there are {', '.join(known)}")

    def value(self, frame: Frame) -> FormulaValue:
        if self.quantity not in RECORDED_NAMES:
            if self.quantity not in frame.scalars:
                raise ReadingError(f"there is no {self.quantity.replace('_', ' ')} here")
            return np.float64(frame.scalars[self.quantity])
        values = np.where(frame.defined[self.quantity], frame.measures[self.quantity], np.nan)
        return values if self.layer is None else np.float64(values[_row(self.layer, len(values))])


class SeriesReading(RunReading, frozen=True, tag="series"):
    """A scalar at every step from 0 on, to the step that is read."""

    quantity: Annotated[Literal["loss", "accuracy", "learning_rate", "gradient_norm"], knob("quantity", "Which.")]


class AnalysisReading(RunReading, frozen=True, tag="analysis"):
    """A column of the table that an analysis writes."""

    analysis: Annotated[str, knob("analysis", "Its name, as for --analyses.")]
    column: Annotated[str, knob("column", "Of one of its tables.")]
    where: Annotated[
        dict[str, str | int] | None, knob("where", "Columns, and what stands in them in the rows that are read.")
    ] = None

    def __post_init__(self) -> None:
        known = analyses()
        if self.analysis not in known:
            raise ValueError(f"no analysis is called {self.analysis[:40]!r}; there are {', '.join(known)}")
        columns = dict.fromkeys(column for each in known[self.analysis].columns.values() for column in each)
        for column in (self.column, *(self.where or {})):
            if column not in columns:
                raise ValueError(f"{self.analysis} has no column {column[:40]!r}; it has {', '.join(columns)}")

    @property
    def asked(self) -> Observation[Any]:
        return analyses()[self.analysis]

    def value(self, frame: Frame) -> FormulaValue:
        return self._single(np.array([*self._cells(frame.info, self._seen(frame))], np.float64))

    def _cells(self, info: RunInfo, result: Any) -> list[float]:
        try:
            rows = [row.cells for row in self.asked.rows(result, info) if self.column in row.cells]
        except ValueError as error:
            raise ReadingError(str(error)) from None
        wanted = (self.where or {}).items()
        return [
            np.nan if cells[self.column] is None else float(str(cells[self.column]))
            for cells in rows
            if all(str(cells.get(name)) == str(value) for name, value in wanted)
        ]

    def _single(self, cells: NDArray[np.float64]) -> FormulaValue:
        """One cell is a number."""
        if not cells.size:
            raise ReadingError(f"{self.analysis} has no such row")
        return np.float64(cells[0]) if cells.size == 1 else cells


class FactorReading(RunReading, frozen=True, tag="factor"):
    """log₁₀ of what an operation does to the error signal on its way back to each layer (the waterfall)."""

    factor: Annotated[str, knob("factor", "An operation, or total for all of them.")]
    layer: Annotated[int | None, knob("layer", "Its row, from 1. If left out, all rows.")] = None
    observation: ClassVar = FactorsObservation()

    def __post_init__(self) -> None:
        if self.factor not in (*FACTORS, "total"):
            raise ValueError(f"no factor is called {self.factor[:40]!r}; there are {', '.join(FACTORS)}, total")

    def value(self, frame: Frame) -> FormulaValue:
        gains = {gain.layer: gain for gain in self._seen(frame)}
        values = np.array([self._of(gains.get(info.label)) for info in frame.info.layers])
        return values if self.layer is None else np.float64(values[_row(self.layer, len(values))])

    def _of(self, gain: Any) -> float:
        if gain is None:
            return np.nan
        return float(gain.total if self.factor == "total" else gain.factors.get(self.factor, np.nan))


class TimeReading(RunReading, frozen=True, tag="time"):
    """What is measured at each time step of a layer with a state."""

    quantity: Annotated[
        Literal["hidden_gradient_norm", "hidden_mean", "hidden_std"], knob("quantity", "A column of time.csv.")
    ] = "hidden_gradient_norm"
    layer: Annotated[int, knob("layer", "Of the layers with a state, from 1.", ge=1)] = 1
    observation: ClassVar = TimeProfilesObservation()

    def value(self, frame: Frame) -> FormulaValue:
        profiles = [*self._seen(frame).values()]
        if self.layer > len(profiles):
            raise ReadingError(
                f"there {'is' if len(profiles) == 1 else 'are'} {count(len(profiles), 'layer')} with a state"
            )
        return np.array(getattr(profiles[self.layer - 1], self.quantity), np.float64)


class WhatIfReading(RunReading, frozen=True, tag="what_if"):
    """By what a change by hand multiplies each layer's matrix, as the computation graph tells of a small dense net."""

    box: Annotated[
        Literal["weight_gradient", "bias_gradient", "delta", "activation", "weights"], knob("box", "Which matrices.")
    ] = "weight_gradient"
    part: Annotated[
        Literal["norm", "entry", "zeros"],
        knob("part", "Their norms' ratio, the one ratio of all entries that are left, or how many have become 0."),
    ] = "norm"
    input_scale: Annotated[float, knob("input", "The input times so much.")] = 1.0
    error_scale: Annotated[float, knob("error", "The output's error times so much.")] = 1.0
    weight_scales: Annotated[dict[str, float] | None, knob("weights", "Layer, from 1 → its weights times so much.")] = (
        None
    )
    biases: Annotated[dict[str, float] | None, knob("biases", "Layer, from 1 → all of its biases are so much.")] = None
    off: Annotated[tuple[str, ...], knob("off", "Units that are switched off: layer:unit, both from 1.")] = ()
    held: Annotated[bool, knob("error held", "Keep the output's error as it is without the change.")] = False
    ones: Annotated[bool, knob("ones", "One sample of ones with target 0 in place of the batch.")] = False

    def __post_init__(self) -> None:
        for place in (*(self.weight_scales or {}), *(self.biases or {})):
            if not place.isdecimal() or not int(place):
                raise ValueError(f"expected a layer from 1 on, not {place[:40]!r}")
        for place in self.off:
            layer, colon, unit = place.partition(":")
            if not colon or not layer.isdecimal() or not unit.isdecimal() or not int(layer) * int(unit):
                raise ValueError(f"expected layer:unit, both from 1 on, not {place[:40]!r}")

    def changes(self, layers: tuple[LayerInfo, ...], inputs: int) -> Changes:
        """What is done by hand; ReadingError where there is no such layer or unit."""
        off = [tuple(int(part) - 1 for part in place.split(":")) for place in self.off]
        scales = {_row(int(layer), len(layers)): scale for layer, scale in (self.weight_scales or {}).items()}
        edits: dict[tuple[int, int, int], float] = {}
        for number, value in (self.biases or {}).items():
            layer = _row(int(number), len(layers))
            below = layers[layer - 1].units if layer else inputs
            edits |= {(layer, unit, below): value for unit in range(layers[layer].units)}
        for layer, unit in off:
            if layer >= len(layers) - 1 or unit >= layers[layer].units:
                raise ReadingError(f"there is no hidden unit {layer + 1}:{unit + 1}")
        return Changes(
            off=frozenset((layer, unit) for layer, unit in off), input_scale=self.input_scale, held=self.held,
            error_scale=self.error_scale, weight_scales=scales, edits=edits, ones=self.ones,
        )  # fmt: skip

    def observe(self, training: Training) -> FormulaValue:
        """By layer, the output's last."""
        layers = training.info.layers
        outcome = WhatIf(changes=self.changes(layers, len(training.network.input) - 1)).observe(training)
        ratios = [outcome.ratio(f"{self.box}:{layer}") for layer in range(len(layers))]
        return np.array([float(getattr(ratio, self.part)) for ratio in ratios])


class MemoryReading(RunReading, frozen=True, tag="memory"):
    """Bytes that training takes: buffers, parameters, optimiser."""

    trained: ClassVar[bool] = False

    def untrained(self, experiment: Experiment) -> FormulaValue:
        from simulator.data.base import prepare

        data = prepare(experiment.data, experiment.seed, experiment.precision)
        batch = min(experiment.batch_size, data.x_train.shape[1])
        return np.float64(need_of(experiment, data.input_shape, data.outputs, batch).memory_bytes)


class LandscapeReading(RunReading, frozen=True, tag="landscape"):
    """Where an optimiser stands in a race over a landscape: at a step, or at each one from 0 on."""

    optimizer: Annotated[str, knob("optimiser", "The name that it races under.")]
    quantity: Annotated[
        Literal["x", "y", "value", "gradient_x", "gradient_y"], knob("quantity", "A column of paths.csv.")
    ] = "value"

    def of_path(self, path: RacedPath) -> FormulaValue:
        columns = {
            "x": path.places[:, 0], "y": path.places[:, 1], "value": path.values,
            "gradient_x": path.gradients[:, 0], "gradient_y": path.gradients[:, 1],
        }  # fmt: skip
        values = columns[self.quantity]
        return values if self.step is None else np.float64(values[self.step])


if TYPE_CHECKING:
    AnyReading = RunReading
else:
    AnyReading = any_of(RunReading)
