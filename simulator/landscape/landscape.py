"""A landscape as a file holds it: function, its settings, who races, from where and for how long."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from simulator.experiment.error_messages import explain
from simulator.experiment.experiment import ExperimentError
from simulator.landscape.entry import LONGEST_NAME, Racer
from simulator.landscape.function import Point
from simulator.landscape.functions import FUNCTIONS, AnyFunction, Ravine
from simulator.schema.numbers import exact, integer
from simulator.schema.parameter import Spec, builtins_of, knob

MOST_ENTRIES = 6
MOST_STEPS = 200_000
FIELDS = ("function", "set", "optimizers", "start", "steps", "epsilon")


class Landscape(Spec, frozen=True, kw_only=True):
    """A function of two parameters, and optimisers that race on it."""

    function: Annotated[AnyFunction, knob("function", "What is minimised.", live=True)] = Ravine()
    optimizers: Annotated[tuple[Racer, ...], knob("optimisers", "Who races.", live=True)] = (Racer(name="SGD"),)
    start: Annotated[tuple[float, float] | None, knob("start", "Where all begin: x, y.", unit="x, y", live=True)] = None
    steps: Annotated[
        int,
        knob(
            "steps", "Updates that each makes.", slider=(1, 10_000), log=True, ge=0, le=MOST_STEPS, unit="steps",
            live=True,
        ),
    ] = 200  # fmt: skip
    epsilon: Annotated[
        float,
        knob(
            "close", "What counts as having come to the minimum: f is above it by no more than this.", slider=(1e-9, 1),
            log=True, gt=0, unit="ε", live=True,
        ),
    ] = 1e-3  # fmt: skip

    @property
    def begin(self) -> Point:
        """Where all begin: the function's own start unless told otherwise."""
        return self.function.start if self.start is None else self.start

    @classmethod
    def from_builtins(cls, plain: Any) -> Landscape:
        """Check what JSON holds; ExperimentError says what is wrong and where."""
        if not isinstance(plain, Mapping):
            raise ExperimentError("expected an object with function, set, optimizers, start and steps")
        for name in plain:
            if name not in FIELDS:
                raise ExperimentError(f"unknown field {str(name)[:80]!r} (it has {', '.join(FIELDS)})")
        whole = {
            "function": _function(plain.get("function", "ravine"), plain.get("set", {})),
            "optimizers": [_entry(*item) for item in _named(plain.get("optimizers", {"SGD": {"kind": "sgd"}})).items()],
            **{name: plain[name] for name in ("start", "steps", "epsilon") if plain.get(name) is not None},
        }
        try:
            return cls.of(whole)
        except ExperimentError as error:
            raise ExperimentError(error.message, _as_written(error.path, whole)) from None

    @classmethod
    def of(cls, whole: Mapping[str, Any]) -> Landscape:
        """Of its fields as builtins, as forms edit them; ExperimentError with their paths."""
        try:
            landscape = msgspec.convert(whole, cls)
        except msgspec.ValidationError as error:
            raise ExperimentError(*explain(str(error), whole, cls)) from None
        return landscape.checked()

    def checked(self) -> Landscape:
        """Itself; ExperimentError for what no field can know alone."""
        if not all(map(math.isfinite, self.begin)):
            raise ExperimentError(f"expected two finite numbers, not {' and '.join(map(exact, self.begin))}", "start")
        if not 1 <= len(self.optimizers) <= MOST_ENTRIES:
            raise ExperimentError(
                f"1 to {MOST_ENTRIES} optimisers can race, not {integer(len(self.optimizers))}", "optimizers"
            )
        names = [entry.name for entry in self.optimizers]
        for name in names:
            if not name.strip() or len(name) > LONGEST_NAME:
                raise ExperimentError(f"a name has 1 to {LONGEST_NAME} characters", "optimizers")
            if names.count(name) > 1:
                raise ExperimentError(f"two optimisers are called {name!r}", "optimizers")
        try:
            self.function.check()
        except ValueError as error:
            raise ExperimentError(str(error), f"function.{self.function.checked_field}") from None
        return self

    def to_builtins(self) -> dict[str, Any]:
        """What JSON holds."""
        function = builtins_of(self.function)
        return {
            "function": function.pop("kind"), "set": function,
            "optimizers": {entry.name: _plain(entry) for entry in self.optimizers},
            "start": list(self.begin), "steps": self.steps, "epsilon": self.epsilon,
        }  # fmt: skip


def _function(kind: Any, settings: Any) -> dict[str, Any]:
    if not isinstance(settings, Mapping):
        raise ExperimentError("expected an object with fields of the function", "set")
    if not isinstance(kind, str) or kind not in FUNCTIONS:
        raise ExperimentError(f"{str(kind)[:80]!r} is not one of {', '.join(FUNCTIONS)}", "function")
    return {"kind": kind, **settings}


def _named(optimizers: Any) -> Mapping[str, Any]:
    if not isinstance(optimizers, Mapping):
        raise ExperimentError("expected an object with an optimiser for each name", "optimizers")
    return optimizers


def _entry(name: str, plain: Any) -> dict[str, Any]:
    if not isinstance(plain, Mapping):
        raise ExperimentError("expected an object with kind and its fields", f"optimizers.{name}")
    rule = dict(plain)
    schedule = {"schedule": rule.pop("schedule")} if "schedule" in rule else {}
    return {"name": name, "optimizer": {"kind": "sgd", **rule}, **schedule}


def _as_written(path: str, whole: Mapping[str, Any]) -> str:
    """``optimizers[0].optimizer.learning_rate`` → ``optimizers.heavy.learning_rate``, ``function.x`` → ``set.x``."""
    entry = re.match(r"optimizers\[(\d+)\](?:\.optimizer)?", path)
    if entry is not None:
        return f"optimizers.{whole['optimizers'][int(entry[1])]['name']}{path[entry.end() :]}"
    return re.sub(r"^function\.", "set.", path)


def _plain(entry: Racer) -> dict[str, Any]:
    return {**builtins_of(entry.optimizer), "schedule": builtins_of(entry.schedule)}
