"""A lesson: a text, what is run, what is asked before, why it comes so, and what to play with after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import presets
from simulator.experiment.lane import LaneSpec
from simulator.experiment.locks import FieldLocks, Locks
from simulator.landscape.landscape import Landscape
from simulator.lessons.formula import Formula, FormulaError, FormulaValue, as_float
from simulator.lessons.question import AnyQuestion, known_names
from simulator.lessons.reading import AnyReading, LandscapeReading, RunReading
from simulator.lessons.text import formulas_in
from simulator.schema.parameter import Part, Spec, any_of, knob
from simulator.schema.plain import FieldPath
from simulator.schema.settings import in_order, value_at

T = TypeVar("T")
FORMAT: Literal["nablascope-lesson/1"] = "nablascope-lesson/1"
LONGEST_TEXT = 20_000
"""Characters of one of its texts."""
MOST_STEPS = 100_000
MOST_QUESTIONS = 40
CLAIMS = 22
"""That the story makes."""


LessonSubject = Experiment | Landscape
"""What is run: an experiment with its lanes, or a race over a landscape."""


class Setup(Part, frozen=True, kw_only=True):
    """What a lesson runs."""

    def subject(self) -> LessonSubject:
        """ExperimentError where it cannot be described."""
        raise NotImplementedError


class PresetSetup(Setup, frozen=True, tag="preset"):
    """An experiment that comes with the program, some of its fields set otherwise."""

    preset: Annotated[str, knob("preset", "Its name.")]
    set: Annotated[dict[str, Any] | None, knob("set", "Paths of its fields, and their values here.")] = None
    lanes: Annotated[
        tuple[LaneSpec, ...] | None, knob("lanes", "Networks beside it; if left out, those of the preset.")
    ] = None

    def subject(self) -> LessonSubject:
        preset = next((each for each in presets() if each.id == self.preset), None)
        if preset is None:
            raise ExperimentError(f"there is no preset {self.preset[:80]!r}", "setup.preset")
        made = preset.load().with_values(in_order((self.set or {}).items()))
        if self.lanes is None:
            return made
        lanes = msgspec.to_builtins(self.lanes)
        return Experiment.from_builtins(
            {**msgspec.structs.replace(made, lanes=msgspec.UNSET).to_builtins(), "lanes": lanes}
        )


class ExperimentSetup(Setup, frozen=True, tag="experiment"):
    """An experiment of its own, whole, with its lanes."""

    described: Annotated[dict[str, Any], knob("experiment", "As a file of its own would have it.")]

    def subject(self) -> LessonSubject:
        return Experiment.from_builtins(self.described)


class LandscapeSetup(Setup, frozen=True, tag="landscape"):
    """Optimisers that race on a function of two parameters."""

    landscape: Annotated[dict[str, Any], knob("landscape", "Function, set, optimizers, start and steps.")]

    def subject(self) -> LessonSubject:
        return Landscape.from_builtins(self.landscape)


if TYPE_CHECKING:
    AnySetup = Setup
else:
    AnySetup = any_of(Setup)


class Suggestion(Spec, frozen=True, kw_only=True):
    """Something to try after the lesson."""

    text: Annotated[str, knob("text", "What, as Markdown with $formulas$.", min_length=1)]
    set: Annotated[dict[str, Any] | None, knob("set", "Paths of fields, and values that one press gives them.")] = None


class Lesson(Spec, frozen=True, kw_only=True):
    """A lesson as its file has it; whatever hangs together in it is checked by :func:`checked`."""

    format: Annotated[Literal["nablascope-lesson/1"], knob("format", "Version of this file's form.")] = FORMAT
    name: Annotated[str, knob("name", "What commands and tables call it.", min_length=1)]
    title: Annotated[str, knob("title", "What people read.", min_length=1)]
    claim: (
        Annotated[int, knob("claim", "Which of the story's claims it is about; if left out, none.", ge=1, le=CLAIMS)]
        | None
    ) = None
    minutes: Annotated[int, knob("minutes", "That it takes.", ge=1, le=60)] = 10
    text: Annotated[str, knob("text", "Before the prediction, as Markdown with $formulas$ and {{numbers}}.")] = ""
    setup: Annotated[AnySetup, knob("setup", "What is run.")]
    steps: Annotated[int, knob("steps", "How far.", ge=0, le=MOST_STEPS)] = 0
    settings: Annotated[
        dict[str, str] | None, knob("settings", "Names of numbers of the experiment, and the paths of their fields.")
    ] = None
    values: Annotated[
        dict[str, float | str] | None, knob("values", "Further numbers by their names: values or formulas.")
    ] = None
    readings: Annotated[dict[str, AnyReading], knob("readings", "What is read off the run, by names.")]
    questions: Annotated[tuple[AnyQuestion, ...], knob("questions", "What is asked before the run.")]
    why: Annotated[str, knob("why", "After the run: why it comes so. Readings may stand in it as numbers.")] = ""
    plots: Annotated[tuple[str, ...], knob("plots", "Keys of plots that show it.")] = ()
    knobs: Annotated[FieldLocks, knob("knobs", "What is free, locked and hidden until the reveal.")] = FieldLocks()
    playground: Annotated[tuple[Suggestion, ...], knob("playground", "What to try after.")] = ()
    sources: Annotated[tuple[str, ...], knob("sources", "As Markdown.")] = ()

    @property
    def subject(self) -> LessonSubject:
        """What is run."""
        return self.setup.subject()

    def locked(self) -> Experiment:
        """The experiment as a pupil has it: with the lesson's locks; ExperimentError where there is none."""
        subject = self.subject
        if not isinstance(subject, Experiment):
            raise ExperimentError(f"the lesson {self.title!r} is of a landscape, and has no experiment")
        locks = Locks(lesson=self.title, knobs=self.knobs, experiment=subject.to_builtins())
        return msgspec.structs.replace(subject, locks=locks)

    def locked_landscape(self, changed: Landscape) -> str:
        """Why a landscape may not stand in place of the lesson's, in a sentence; empty where it may."""
        begun, plain = self.subject.to_builtins(), changed.to_builtins()
        locked = (path for path in _differences(begun, plain) if not self.knobs.may_change(path))
        return "" if next(locked, None) is None else f"This is {self.knobs.because_of(self.title)}."

    def numbers(self, subject: LessonSubject) -> dict[str, FormulaValue]:
        """What is known before the run: ``steps``, settings of what is run, and values."""
        plain = subject.to_builtins()
        steps = self.steps if isinstance(subject, Experiment) else subject.steps
        known: dict[str, FormulaValue] = {"steps": np.float64(steps)}
        known |= {name: _setting(plain, path) for name, path in (self.settings or {}).items()}
        for name, given in (self.values or {}).items():
            known[name] = Formula(given).value(known)
        return known


def _differences(base: Any, other: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    """Paths of what two landscapes have apart."""
    if isinstance(base, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*base, *other)):
            yield from _differences(base.get(name), other.get(name), (*path, name))
    elif base != other:
        yield path


def _setting(plain: Any, path: str) -> FormulaValue:
    """A number of what is run; FormulaError where none stands there."""
    value = value_at(plain, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormulaError(f"there is no number at {path[:80]!r}")
    return np.float64(as_float(value))


def checked(lesson: Lesson) -> Lesson:
    """The lesson; ExperimentError says where it does not hang together."""
    _check_form(lesson)
    subject = lesson.subject
    _check_lanes(subject)
    known = _at("values", lambda: lesson.numbers(subject))
    if clash := next((name for name in lesson.readings if name in known), None):
        raise ExperimentError(f"{clash!r} is a reading and a number", f"readings.{clash}")
    for name, reading in lesson.readings.items():
        _check_reading(lesson, subject, reading, f"readings.{name}")
    both = {*known, *lesson.readings}
    for index, question in enumerate(lesson.questions):
        _check_names(known_names(question), both, f"questions[{index}]")
        _check_names(
            formulas_names(question.prompt, f"questions[{index}].prompt"), {*known}, f"questions[{index}].prompt"
        )
    _check_names(formulas_names(lesson.text, "text"), {*known}, "text")
    _check_names(formulas_names(lesson.why, "why"), both, "why")
    for index, suggestion in enumerate(lesson.playground):
        if suggestion.set and isinstance(subject, Experiment):
            _check_settings(subject, suggestion.set, f"playground[{index}].set")
        _check_names(formulas_names(suggestion.text, f"playground[{index}]"), both, f"playground[{index}].text")
    return lesson


def _check_settings(experiment: Experiment, settings: dict[str, Any], place: str) -> None:
    """Whether the experiment takes them."""
    try:
        experiment.with_values(settings.items())
    except ExperimentError as error:
        raise ExperimentError(error.message, f"{place}.{error.path}".rstrip(".")) from None


def _check_reading(lesson: Lesson, subject: LessonSubject, reading: RunReading, place: str) -> None:
    """Whether it can be read off what is run."""
    if isinstance(subject, Landscape) is not isinstance(reading, LandscapeReading):
        raise ExperimentError(f"{reading.title} cannot be read off a lesson's {lesson.setup.title}", place)
    steps = lesson.steps
    if isinstance(subject, Experiment):
        lanes = subject.all_lanes()
        if reading.lane not in lanes:
            raise ExperimentError(
                f"there is no network {reading.lane!r}; there are {', '.join(lanes)}", f"{place}.lane"
            )
    else:
        steps = subject.steps
        names = [entry.name for entry in subject.optimizers]
        if isinstance(reading, LandscapeReading) and reading.optimizer not in names:
            raise ExperimentError(
                f"no optimiser is called {reading.optimizer[:80]!r}; there are {', '.join(names)}", place
            )
    if reading.step is not None and reading.step > steps:
        raise ExperimentError(f"the lesson ends at step {steps}", f"{place}.step")


def _check_lanes(subject: LessonSubject) -> None:
    """All of them begin at step 0, as the lesson's run does."""
    lanes = subject.lanes or () if isinstance(subject, Experiment) else ()
    if branch := next((lane.name for lane in lanes if lane.origin), None):
        raise ExperimentError(f"{branch!r} is a branch of a run, and what a lesson runs begins at step 0", "setup")


def _check_form(lesson: Lesson) -> None:
    if not lesson.name.replace("-", "").isalnum() or not lesson.name.isascii() or len(lesson.name) > 60:
        raise ExperimentError("a lesson's name is made of up to 60 letters, digits and hyphens", "name")
    if not 1 <= len(lesson.questions) <= MOST_QUESTIONS:
        raise ExperimentError(
            f"a lesson asks 1 to {MOST_QUESTIONS} questions, not {len(lesson.questions)}", "questions"
        )
    names = [question.name for question in lesson.questions]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ExperimentError(f"two questions are called {twice[:80]!r}", "questions")
    for place, text in _texts(lesson):
        if len(text) > LONGEST_TEXT:
            raise ExperimentError(f"a text has at most {LONGEST_TEXT} characters, not {len(text)}", place)
    for name in (*(lesson.settings or {}), *(lesson.values or {}), *lesson.readings):
        if not name.isidentifier() or not name.isascii():
            raise ExperimentError(f"a number's name is made of letters, digits and _, unlike {name[:80]!r}")


def _texts(lesson: Lesson) -> Iterator[tuple[str, str]]:
    yield "text", lesson.text
    yield "why", lesson.why
    yield "title", lesson.title
    for index, question in enumerate(lesson.questions):
        yield f"questions[{index}].prompt", question.prompt
    for index, suggestion in enumerate(lesson.playground):
        yield f"playground[{index}].text", suggestion.text
    for index, source in enumerate(lesson.sources):
        yield f"sources[{index}]", source


def formulas_names(text: str, place: str) -> frozenset[str]:
    """What the numbers in a text need to know."""
    return _at(place, lambda: frozenset(name for formula in formulas_in(text) for name in formula.names))


def _check_names(needed: frozenset[str], known: Collection[str], place: str) -> None:
    if unknown := sorted(needed - {*known}):
        names = ", ".join(sorted(known)) or "none"
        raise ExperimentError(f"there is no number {unknown[0]!r} here; there are {names}", place)


def _at(place: str, make: Callable[[], T]) -> T:
    """What ``make`` gives; its FormulaError as one of the lesson's."""
    try:
        return make()
    except FormulaError as error:
        raise ExperimentError(str(error), place) from None
