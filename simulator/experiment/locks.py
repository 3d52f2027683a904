"""Which fields of an experiment may be changed: a lesson's locks, held wherever an experiment is checked."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import msgspec

from simulator.schema.parameter import Spec, knob
from simulator.schema.plain import FieldPath
from simulator.schema.settings import keys_of
from simulator.system.json_text import as_in_a_file

LockState = Literal["free", "locked", "hidden"]
PATH = re.compile(r"[a-z0-9_]+(\.(\*|[a-z0-9_]+))*")
"""Of a field, as lessons' files name it; ``*`` stands for any entry."""


class FieldLocks(Spec, frozen=True, kw_only=True):
    """What is free, shown but locked, or hidden: paths of fields, each with all that is inside it.

    The longest path that leads to a field decides.
    """

    otherwise: Annotated[LockState, knob("otherwise", "What no path leads to.")] = "free"
    free: Annotated[tuple[str, ...], knob("free", "Paths of what may be changed.")] = ()
    locked: Annotated[tuple[str, ...], knob("locked", "Paths of what is shown and may not be changed.")] = ()
    hidden: Annotated[tuple[str, ...], knob("hidden", "Paths of what is not shown and may not be changed.")] = ()
    because: Annotated[str, knob("because", "Why what is locked is locked, as the end of a sentence.")] = (
        "the lesson is about it"
    )

    def __post_init__(self) -> None:
        paths = (*self.free, *self.locked, *self.hidden)
        if (twice := next((path for path in paths if paths.count(path) > 1), None)) is not None:
            raise ValueError(f"{twice[:80]!r} stands twice among free, locked and hidden")
        odd = next((path for path in paths if not PATH.fullmatch(path)), None)
        if odd is not None:
            raise ValueError(f"expected a path as in optimizer.learning_rate, not {odd[:80]!r}")

    def _stated(self) -> Iterator[tuple[FieldPath, LockState]]:
        stated: tuple[tuple[tuple[str, ...], LockState], ...] = (
            (self.free, "free"), (self.locked, "locked"), (self.hidden, "hidden"),
        )  # fmt: skip
        for paths, state in stated:
            yield from ((keys_of(path), state) for path in paths)

    def state(self, path: FieldPath) -> LockState:
        """Of the field that a path leads to; what an experiment is called is nobody's knob."""
        if path == ("name",):
            return "free"
        leading = [(len(keys), state) for keys, state in self._stated() if leads(keys, path)]
        return max(leading)[1] if leading else self.otherwise

    def because_of(self, lesson: str) -> str:
        """Why what is locked is not to be changed, as a sentence without its beginning and end."""
        return f"locked in the lesson “{lesson[:80]}”, since {self.because[:200]}"

    def may_change(self, path: FieldPath) -> bool:
        """Whether the field, as a whole with all that is inside it, may be changed."""
        inside = (state for keys, state in self._stated() if len(keys) > len(path) and leads(keys[: len(path)], path))
        return self.state(path) == "free" and all(state == "free" for state in inside)


def leads(keys: FieldPath, path: FieldPath) -> bool:
    """Whether the field at ``path`` is the one that ``keys`` name, or inside it."""
    return len(keys) <= len(path) and all(key in ("*", at) for key, at in zip(keys, path, strict=False))


class Locks(Spec, frozen=True, kw_only=True):
    """The locks of the lesson that an experiment is of, and what stands behind them."""

    lesson: Annotated[str, knob("lesson", "Its title.", live=True)]
    knobs: Annotated[FieldLocks, knob("knobs", "What is free, locked and hidden.", live=True)]
    experiment: Annotated[dict[str, Any], knob("experiment", "As the lesson begins, without locks.", live=True)]

    def __post_init__(self) -> None:
        if "locks" in self.experiment:
            raise ValueError("what is behind locks has none itself")
        msgspec.structs.force_setattr(self, "experiment", as_in_a_file(self.experiment))

    def __hash__(self) -> int:
        return hash((self.lesson, self.knobs))

    @property
    def because(self) -> str:
        """Why what is locked is not to be changed, in a sentence."""
        return self.knobs.because_of(self.lesson)

    def first(self, changed: Iterable[FieldPath]) -> FieldPath | None:
        """The first of the changed fields that may not be."""
        return next((path for path in changed if not self.knobs.may_change(path)), None)
