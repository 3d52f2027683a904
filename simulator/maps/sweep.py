"""The description of a map: what is varied in which experiment, with which seeds, how long, and what is measured."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any

import numpy as np
from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.labels import labels_of
from simulator.maps import measures
from simulator.maps.axes import MapAxis
from simulator.schema.numbers import integer
from simulator.schema.settings import in_order, keys_of
from simulator.system.text import shortened

MOST_CELLS = 1_000_000
SweepValues = tuple[Any, ...]


class MapCell(Struct, frozen=True):
    """One place of the map with one seed."""

    values: SweepValues
    """Of the axes, in their order."""
    seed: int

    @property
    def key(self) -> str:
        """The same for the same cell; values may be lists and dictionaries."""
        return json.dumps([self.values, self.seed])


class Sweep(Struct, frozen=True, kw_only=True):
    """One or two axes over an experiment."""

    experiment: Experiment
    axes: tuple[MapAxis, ...]
    seeds: int = 1
    """How many, from the experiment's on."""
    steps: int
    until: str = ""
    """The rule that may end a cell's run before, as it is written on a command line."""
    measures: tuple[str, ...] = measures.USUAL
    brief: bool = False
    """Whether cells are measured at their last step alone and findings are those of rules: several times as fast."""

    def check(self) -> None:
        """ExperimentError where it is no map, or where no cell of it can be trained."""
        if not 1 <= len(self.axes) <= 2:
            raise ExperimentError(f"a map varies one or two paths, not {len(self.axes)}")
        self._check_paths()
        for each in self.axes:
            if not each.values:
                raise ExperimentError("an axis needs a value", each.path)
            each.check(each.values[0])
        if self.seeds < 1 or self.steps < 0:
            raise ExperimentError("a map needs a seed, and no fewer than 0 steps")
        if any(each.path.partition(".")[0] in ("seed", "lanes", "format") for each in self.axes):
            raise ExperimentError("seed, lanes and format are not varied: --seeds trains from several seeds")
        cells = math.prod(len(each.values) for each in self.axes) * self.seeds
        if cells > MOST_CELLS:
            raise ExperimentError(f"{integer(cells)} cells are more than the {integer(MOST_CELLS)} a map may have")
        measures.check(self.measures)
        self.trained(MapCell(self.cells_of_seed(0)[0].values, self.experiment.seed + self.seeds - 1), seed_alone=True)
        self._check_values()
        self._check_layers()

    def _check_paths(self) -> None:
        """ExperimentError where what one axis sets is set again by the other, which then alone would act."""
        if len(self.axes) < 2:
            return
        (first, _), (last, _) = in_order((axis.path, None) for axis in self.axes)
        if keys_of(first)[: len(keys_of(last))] == keys_of(last):
            twice = keys_of(first) == keys_of(last)
            raise ExperimentError(
                f"the path {first} is varied twice" if twice else f"{last} sets all of {first}, which is varied too"
            )

    def _check_values(self) -> None:
        """The first error where every cell has one: then it is the path, or what else they have in common."""
        first: ExperimentError | None = None
        for cell in self.cells_of_seed(0):
            try:
                self.trained(cell)
            except ExperimentError as error:
                first = first or error
            else:
                return
        if first is not None:
            raise first

    def _check_layers(self) -> None:
        """ExperimentError where a layer is asked for that no cell's network has."""
        asked = {label: name for name in self.measures if (label := measures.layer_of(name)) is not None}
        if missing := asked.keys() - self._labels(asked.keys()):
            name = asked[min(missing)]
            raise ExperimentError(f"no network of this map has the layer that {shortened(name)!r} asks for")

    def _labels(self, wanted: Set[str]) -> set[str]:
        """Those of ``wanted`` that are layers of some cell."""
        labels: set[str] = set()
        tried: set[str] = set()
        for cell in self.cells_of_seed(0):
            pairs = zip(self.axes, cell.values, strict=True)
            stack = repr([value for axis, value in pairs if axis.path.partition(".")[0] == "layers"])
            if labels == wanted:
                break
            if stack not in tried:
                with suppress(ExperimentError):
                    labels |= wanted & labels_of(self.trained(cell))
                    tried.add(stack)
        return labels

    def cells_of_seed(self, number: int) -> list[MapCell]:
        """Every place with one seed, the last axis running fastest."""
        seed = self.experiment.seed + number
        return [MapCell(values, seed) for values in itertools.product(*(each.values for each in self.axes))]

    def cells(self) -> Iterator[MapCell]:
        """All cells, first seeds last: after a part of the time the whole map is there from one seed."""
        for number in range(self.seeds):
            yield from self.cells_of_seed(number)

    def settings(self, cell: MapCell) -> list[tuple[str, Any]]:
        """The cell as ``--set`` and ``--seed`` say it."""
        pairs = zip((each.path for each in self.axes), cell.values, strict=True)
        return [*in_order(pairs), ("seed", cell.seed)]

    def trained(self, cell: MapCell, seed_alone: bool = False) -> Experiment:
        """What is trained in a cell; ExperimentError where it cannot be."""
        return self.experiment.with_values(self.settings(cell)[-1:] if seed_alone else self.settings(cell))


def in_rows(cells: Iterable[MapCell], axes: Sequence[MapAxis]) -> list[MapCell]:
    """In the order of the map's table: along the axes, seeds within a place."""

    def rank(cell: MapCell) -> tuple[float, ...]:
        return (*(place_on(axis, value) for value, axis in zip(cell.values, axes, strict=True)), cell.seed)

    return sorted(cells, key=rank)


def ranks(axis: MapAxis) -> Mapping[str, int]:
    """The number of each value, for whoever asks for many."""
    return {_key(value): number for number, value in enumerate(axis.values)}


def place_on(axis: MapAxis, value: Any, known: Mapping[str, int] | None = None) -> float:
    """The number of a value on its axis; of one that a refined map has besides, between those of its neighbours."""
    known = ranks(axis) if known is None else known
    if _key(value) in known:
        return float(known[_key(value)])
    values = np.log(axis.values) if axis.log else np.asarray(axis.values, float)
    order = np.argsort(values)
    return float(np.interp(math.log(value) if axis.log else value, values[order], order))


def _key(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"
