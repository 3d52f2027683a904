"""What a pupil commits to before the run: each kind is one class, which knows how far an answer is from the run's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.lessons.formula import Formula, FormulaValue
from simulator.schema.numbers import count, number, percent
from simulator.schema.parameter import Part, Spec, any_of, knob

Scored = Literal["decades", "percent", "difference"]
Answer = float | tuple[float, ...]
"""A number; a choice's place; an order's places; a curve's heights."""


def distance(measured: FormulaValue, expected: FormulaValue, scored: Scored) -> Floats:
    """How far apart they are, number by number; ∞ where one cannot be reached from the other.

    In decades |log₁₀ m/e|, in percent 100 |m − e| / |e|, else |m − e|. Equal ones are 0 apart, NaN and NaN too.
    """
    m, e = np.broadcast_arrays(np.atleast_1d(measured), np.atleast_1d(expected))
    with np.errstate(all="ignore"):
        apart = {
            "decades": np.abs(np.log10(m / e)), "percent": 100 * np.abs(m - e) / np.abs(e), "difference": np.abs(m - e),
        }[scored]  # fmt: skip
    same = (m == e) | (np.isnan(m) & np.isnan(e))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


class Question(Part, frozen=True, kw_only=True):
    """What is asked, what is measured of it, and what should come of that by a formula or as it was published."""

    name: Annotated[str, knob("name", "What tables call it.", min_length=1)]
    prompt: Annotated[str, knob("question", "As Markdown with $formulas$.", min_length=1)]
    measured: Annotated[str | float, knob("measured", "A formula over the lesson's readings and numbers.")]
    expected: Annotated[float | str, knob("expected", "A published value, or a formula over the lesson's numbers.")]
    tolerance: Annotated[float, knob("tolerance", "How far the run may be from it, as it is scored.", ge=0)]
    source: Annotated[str, knob("source", "Where what is expected comes from.", min_length=1)]
    scored: Annotated[Scored, knob("scored", "In decades, in percent of what is expected, or by the difference.")] = (
        "percent"
    )
    vector: ClassVar[bool] = False
    """Whether several numbers are measured."""

    def __post_init__(self) -> None:
        for formula in (self.measured, self.expected):
            Formula(formula)

    def apart(self, measured: FormulaValue, expected: FormulaValue) -> float:
        """How far the run is from what is expected, the worst of several numbers; ∞ where they are not alike."""
        if np.shape(measured) != np.shape(expected) and np.ndim(expected):
            return math.inf
        return float(distance(measured, expected, self.scored).max(initial=0.0))

    def holds(self, measured: FormulaValue, expected: FormulaValue) -> bool:
        """Whether the run does as expected."""
        return np.size(measured) > 0 and self.apart(measured, expected) <= self.tolerance

    def truth(self, measured: FormulaValue) -> Answer:
        """The answer that the run gives."""
        raise NotImplementedError

    def miss(self, answer: Answer, measured: FormulaValue) -> float:
        """How far an answer is from the run's, as it is scored: 0 is right."""
        raise NotImplementedError

    def in_words(self, answer: Answer, measured: FormulaValue) -> str:
        """That distance in a sentence."""
        raise NotImplementedError

    def right(self, answer: Answer, measured: FormulaValue) -> bool:
        """Whether an answer is the run's."""
        return self.miss(answer, measured) == 0


def _apart_in_words(apart: float, scored: Scored) -> str:
    if not math.isfinite(apart):
        return "no number of decades or percent leads from one to the other"
    if scored == "decades":
        return f"{number(apart, 2)} decades apart"
    return f"{percent(apart / 100)} of it apart" if scored == "percent" else f"{number(apart)} apart"


class NumberQuestion(Question, frozen=True, tag="number"):
    """One number."""

    unit: Annotated[str, knob("unit", "Behind the number.")] = ""
    near: (
        Annotated[float, knob("near", "What counts as near; if left out, half a decade or a tenth of it.", ge=0)] | None
    ) = None

    def truth(self, measured: FormulaValue) -> Answer:
        return _single(measured)

    def miss(self, answer: Answer, measured: FormulaValue) -> float:
        return float(distance(np.float64(_single(answer)), np.float64(_single(measured)), self.scored)[0])

    def right(self, answer: Answer, measured: FormulaValue) -> bool:
        usual = {"decades": 0.5, "percent": 10.0, "difference": self.tolerance}
        return self.miss(answer, measured) <= (usual[self.scored] if self.near is None else self.near)

    def in_words(self, answer: Answer, measured: FormulaValue) -> str:
        unit = f" {self.unit}" if self.unit else ""
        said, ran = (f"{number(_single(value))}{unit}" for value in (answer, measured))
        apart = self.miss(answer, measured)
        return f"You said {said}, the run measures {ran}: " + (
            "the same." if apart == 0 else f"{_apart_in_words(apart, self.scored)}."
        )


class Option(Spec, frozen=True, kw_only=True):
    """One answer of a choice: true of what is measured from the option before on, and up to here."""

    text: Annotated[str, knob("text", "As Markdown with $formulas$.", min_length=1)]
    up_to: Annotated[float | None, knob("up to", "Less than this; the last option has no end.")] = None


class ChoiceQuestion(Question, frozen=True, tag="choice"):
    """One of several answers, each true of a range of the measured number."""

    options: Annotated[tuple[Option, ...], knob("options", "By rising numbers.")]

    def __post_init__(self) -> None:
        super().__post_init__()
        ends = [option.up_to for option in self.options]
        known = [end for end in ends if end is not None]
        if len(ends) < 2 or ends[-1] is not None or len(known) < len(ends) - 1:
            raise ValueError("a choice has two options or more, and each but the last says up to where it is true")
        if any(after <= before for before, after in itertools.pairwise(known)):
            raise ValueError("the options of a choice come by rising numbers")

    def truth(self, measured: FormulaValue) -> Answer:
        value = _single(measured)
        if math.isnan(value):
            return -1.0
        ends = [option.up_to for option in self.options[:-1]]
        return float(sum(value >= end for end in ends if end is not None))

    def holds(self, measured: FormulaValue, expected: FormulaValue) -> bool:
        return super().holds(measured, expected) and self.truth(measured) == self.truth(expected)

    def miss(self, answer: Answer, measured: FormulaValue) -> float:
        return float(answer != self.truth(measured))

    def in_words(self, answer: Answer, measured: FormulaValue) -> str:
        said, ran = (self._text(place) for place in (answer, self.truth(measured)))
        return (
            f"You said “{said}”, and so does the run." if said == ran else f"You said “{said}”, the run says “{ran}”."
        )

    def _text(self, place: Answer) -> str:
        index = int(place) if isinstance(place, float | int) else -1
        return self.options[index].text.rstrip(".") if 0 <= index < len(self.options) else "nothing of these"


class OrderQuestion(Question, frozen=True, tag="order"):
    """Layers, or networks, by rising numbers."""

    items: Annotated[tuple[str, ...], knob("items", "What is put in order, one for each measured number.")]
    vector: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.items) < 2 or len(set(self.items)) < len(self.items):
            raise ValueError("an order is of two items or more, no two of one name")

    def apart(self, measured: FormulaValue, expected: FormulaValue) -> float:
        """Pairs that stand the other way round."""
        if np.shape(measured) != np.shape(expected) or np.size(measured) != len(self.items):
            return math.inf
        return float(self._swapped(np.atleast_1d(measured), np.atleast_1d(expected)))

    def truth(self, measured: FormulaValue) -> Answer:
        """The items' places, the smallest number's first."""
        return tuple(float(place) for place in np.argsort(np.atleast_1d(measured), kind="stable"))

    def miss(self, answer: Answer, measured: FormulaValue) -> float:
        values = np.atleast_1d(measured)
        if sorted(_several(answer)) != [*map(float, range(len(self.items)))] or len(values) != len(self.items):
            return math.inf
        return float(self._swapped(values, np.argsort([int(place) for place in _several(answer)]).astype(float)))

    def in_words(self, answer: Answer, measured: FormulaValue) -> str:
        order = " < ".join(self.items[int(place)] for place in _several(self.truth(measured)))
        swapped = self.miss(answer, measured)
        if swapped == 0:
            return f"The run has the same order: {order}."
        pairs = math.comb(len(self.items), 2)
        said = " < ".join(self.items[int(place)] for place in _several(answer))
        return f"You said {said}, the run has {order}: {number(swapped)} of {count(pairs, 'pair')} the other way round."

    @staticmethod
    def _swapped(values: Floats, others: Floats) -> int:
        pairs = itertools.combinations(range(len(values)), 2)
        return sum(bool((values[a] - values[b]) * (others[a] - others[b]) < 0) for a, b in pairs)


class CurveQuestion(Question, frozen=True, tag="curve"):
    """A curve that is drawn: a number for each layer or step."""

    axis: Annotated[str, knob("axis", "What runs along it: layer, step, time step.")] = "layer"
    low: Annotated[float, knob("from", "The least number that can be drawn.")] = 1e-6
    high: Annotated[float, knob("to", "The largest.")] = 10.0
    unit: Annotated[str, knob("unit", "What the numbers are.")] = ""
    vector: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high or (self.scored == "decades" and self.low <= 0):
            raise ValueError("a curve is drawn between two numbers, in decades both above 0")

    @property
    def first(self) -> int:
        """What stands at the left end: steps are counted from 0, all else from 1."""
        return 0 if self.axis == "step" else 1

    def truth(self, measured: FormulaValue) -> Answer:
        return tuple(map(float, np.atleast_1d(measured)))

    def miss(self, answer: Answer, measured: FormulaValue) -> float:
        """The mean distance of the points; points that are off the drawing count from its edge."""
        values = np.atleast_1d(measured)
        drawn = np.array(_several(answer))
        if len(drawn) != len(values) or not len(drawn):
            return math.inf
        return float(np.mean(distance(drawn, np.clip(values, self.low, self.high), self.scored)))

    def right(self, answer: Answer, measured: FormulaValue) -> bool:
        return (
            self.miss(answer, measured) <= {"decades": 0.5, "percent": 20.0, "difference": self.tolerance}[self.scored]
        )

    def in_words(self, answer: Answer, measured: FormulaValue) -> str:
        return f"On average your curve and the run's are {_apart_in_words(self.miss(answer, measured), self.scored)}."


def _single(value: Answer | FormulaValue) -> float:
    """The first of several."""
    values = np.atleast_1d(np.asarray(value, np.float64))
    return float(values[0]) if values.size else math.nan


def _several(answer: Answer) -> Sequence[float]:
    return answer if isinstance(answer, tuple) else (float(answer),)


def known_names(question: Question) -> frozenset[str]:
    """What its formulas need to know."""
    return Formula(question.measured).names | Formula(question.expected).names


def evaluated(question: Question, names: Mapping[str, FormulaValue]) -> tuple[FormulaValue, FormulaValue]:
    """(measured, expected) where the names have these values."""
    return Formula(question.measured).value(names), Formula(question.expected).value(names)


if TYPE_CHECKING:
    AnyQuestion = Question
else:
    AnyQuestion = any_of(Question)
