"""What looks at a run beyond the measures of each step: asked with a frame, answered with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, get_args, get_origin

from msgspec import Struct

from simulator.arrays.quantiles import Quartiles, quartiles_of
from simulator.observations.sampled import Sampled
from simulator.schema.parameter import Part
from simulator.system.text import capitalized
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

Result = TypeVar("Result")
CellValue = str | int | float | None
"""None is "not defined"; NaN and ∞ are values."""


class AnalysisRow(Struct, frozen=True):
    """One row of one file."""

    file: str
    cells: Mapping[str, CellValue]


class Observation(Part, Generic[Result], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value that pickles: what is asked. A new one is one class in a file of this folder.

    ``observe`` finds the network at the present step with every tap and the update up to date, perhaps in the middle
    of the step: it must leave all of the training as it is. What it tries out, it tries out on a twin.
    """

    share: ClassVar[float] = 0.04
    """Of the worker's time while training, for all that are asked with the same share together; 0: every frame."""
    traced: ClassVar[bool] = False
    """Whether the backward pass has to be followed for it."""
    standard: ClassVar[bool] = False
    """Whether the first frame of a run and the last of a headless one bring it unasked."""
    initial: ClassVar[bool] = False
    """Whether it is about step 0."""
    past: ClassVar[Sampled | None] = None
    """With it the record keeps a past of its results."""
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """File → its columns; ``step`` comes first. What has files is an analysis, called by its kind."""
    spans_seeds: ClassVar[bool] = False
    """Whether each number of it has a median over runs that differ in the seed alone."""
    order: ClassVar[float] = math.inf
    """Its place among the analyses; equal ones go by their names."""

    def observe(self, training: Training) -> Result:
        """What was asked for, to the end: frozen and picklable. ValueError in one sentence where there is nothing."""
        raise NotImplementedError

    def watch(self) -> Callable[[Training], Result]:
        """What observes one run again and again: it may end sooner, or go on from what it found last."""
        return self.observe

    def rows(self, result: Result, info: RunInfo) -> Iterator[AnalysisRow]:
        """A result in files; ValueError in one sentence where there is nothing to tell."""
        raise NotImplementedError

    def over_seeds(self, results: Sequence[Result]) -> Quartiles[Result]:
        """Median and quartiles of such runs; ValueError where they are not of one form."""
        return quartiles_of(results)

    @classmethod
    def result_type(cls) -> Any:
        """The type of what it finds."""
        bases = getattr(cls, "__orig_bases__", ())
        return next(get_args(base)[0] for base in bases if get_origin(base) is Observation)

    @classmethod
    def variants(cls) -> tuple[Self, ...]:
        """Every way of asking that differs in more than a number."""
        return (cls(),)

    def drawn(self) -> tuple[Observation[Any], ...]:
        """What plots show of an analysis."""
        return (self,)


class Observed(Struct, Generic[Result], frozen=True):
    """A result and when it was true, or why there is none."""

    step: int
    result: Result | None = None
    refusal: str = ""
    """In one sentence; then there is no result."""
    seconds: float = 0.0
    """What it cost."""


def known(value: float) -> float | None:
    """Where theory says nothing, nothing is written."""
    return None if math.isnan(value) else float(value)


def sentence(reason: str) -> str:
    """``no layer has …`` as a sentence of its own."""
    return f"{capitalized(reason)}."
