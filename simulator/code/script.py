"""The whole script: imports, network, loss, updates, preprocessing and check, in the words of one library."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import ClassVar

from simulator.code.exported import ExportedNetwork
from simulator.code.rounding import REPORTED_DIFFERENCE
from simulator.code.schedules import rate_lines
from simulator.code.templates import GAPS, HEAD, MAIN, SHORT_HEAD
from simulator.code.text import filled, indented, lines_of, wrapped
from simulator.schema.numbers import count

MOST_TITLE = 50


class Density(IntEnum):
    """How a script is written; each takes fewer lines than the one before."""

    AIRY = 0
    """As ruff formats it."""
    DENSE = 1
    """One empty line between definitions, and as many modules on a line as it takes."""
    TERSE = 2
    """Without docstrings; lines of the network are full."""
    TIGHT = 3
    """No empty lines between definitions, and what it is on one line."""
    LOADED = 4
    """Weights come from their file alone: nothing draws them anew."""


class Script(ABC):
    """What one library's script consists of besides what all have."""

    library: ClassVar[str]
    most_lines: ClassVar[int]
    chain: ClassVar[str]
    """The network of ``layers``."""
    precision: ClassVar[str]
    """The line that sets the precision of a check, if it is to be set there."""
    array: ClassVar[str]
    """The array of numpy that ``a`` is."""
    predict: ClassVar[str]
    """What answers rows."""

    def __init__(self, exported: ExportedNetwork) -> None:
        self.exported, self.experiment, self.made = exported, exported.experiment, exported.preprocessing

    @abstractmethod
    def imports(self, body: str) -> list[str]:
        """Lines that import the library and what else ``body`` uses of others."""

    @abstractmethod
    def constants(self, body: str) -> list[str]:
        """Lines of constants."""

    @abstractmethod
    def definitions(self, code: str) -> Iterator[str]:
        """Sources of what the modules of ``code`` are made of."""

    @abstractmethod
    def objective(self) -> Iterator[list[str]]:
        """Loss and answers, where they are functions of their own."""

    @abstractmethod
    def optimizer(self) -> Iterator[list[str]]:
        """The updates, where they are classes of their own."""

    @abstractmethod
    def training(self, **words: object) -> Iterator[list[str]]:
        """Loading, training on and predicting; ``words`` are what is said of the data."""

    @abstractmethod
    def check(self, gaps: str) -> list[str]:
        """The comparison with the bench, which ends with ``gaps``."""

    def undrawn(self, code: str) -> str:
        """The same modules whose weights are only loaded, if that is shorter."""
        return code

    def first(self) -> str:
        """What the list of layers begins with, if it does with anything."""
        return ""

    def followed(self, some: str, every: str) -> str:
        """What makes updates of the bench's gradients: lines for ``some``, small ones, for ``every`` one, or none."""
        size = self.exported.rounding.followed
        return some.replace("«size»", repr(size)) * (size > 0) if math.isfinite(size) else every

    def lines(self, density: Density) -> list[str]:
        """``model.py``."""
        sections = [*self._network(density), *self.objective(), *self._rate(), *self.optimizer(), *self._data()]
        sections += [self.check(GAPS.replace("«array»", self.array)), self._main()]
        if density >= Density.TERSE:
            sections = [_without_words(section) for section in sections]
        between = [""] * (2 if density == Density.AIRY else density < Density.TIGHT)
        body = [line for section in sections for line in (*between, *section)]
        return [*self._head("\n".join(body), HEAD if density < Density.TIGHT else SHORT_HEAD), *body]

    def _head(self, body: str, head: str) -> list[str]:
        """What it is, by ``head``, what it imports for ``body``, and its constants."""
        imported = [f"import {name}" for name in ("csv", "math") if f"{name}." in body] + ["import sys"]
        imported += ["from functools import partial"] * ("partial(" in body) + ["from pathlib import Path"]
        steps = count(self.exported.step, "update")
        return [
            *lines_of(head, title=self._title(), steps=steps, library=self.library), "", *imported, "",
            *self.imports(body), "", "HERE = Path(__file__).parent", *self.constants(body),
        ]  # fmt: skip

    def _title(self) -> str:
        """What a script is called in its first line: without what would end the text that it stands in."""
        title = " ".join(self.exported.title.replace("\\", "/").replace('"', "'").split())
        return title if len(title) <= MOST_TITLE else f"{title[:MOST_TITLE]} …"

    def _network(self, density: Density) -> Iterator[list[str]]:
        layers = [", ".join(piece.code for piece in pieces) for pieces in self.exported.layers]
        summary = ['    """The network, its weights drawn as before the first step."""']
        if density >= Density.LOADED:
            layers = [self.undrawn(code) for code in layers]
            summary = [
                "    # For want of lines nothing draws weights as before the first step: those of the file are loaded."
            ]
        for source in self.definitions(" ".join(layers)):
            yield lines_of(source)
        yield ["def build():", *summary, *_chained(layers, density, self.first()), f"    return {self.chain}"]

    def _rate(self) -> Iterator[list[str]]:
        schedule, base = self.experiment.schedule, float(self.experiment.optimizer.learning_rate)
        if schedule.changes:
            lines = rate_lines(schedule, base, self.library)
            body = (wrapped(line.lstrip(), 4 + len(line) - len(line.lstrip())) for line in lines)
            yield ["def learning_rate(step):", *itertools.chain.from_iterable(body)]

    def _data(self) -> Iterator[list[str]]:
        """Scaling, loading, training on and predicting."""
        if self.made.table:
            yield list(self.made.table)
        yield ["def scaled(rows):", f"    return {self.made.scaled}"]
        targets = "the numbers of their classes" if self.made.classes else "targets as they are measured"
        units = ", a share of each class" if self.made.classes else " in the targets' units"
        yield from self.training(batch=self.experiment.batch_size, targets=targets, units=units)

    def _main(self) -> list[str]:
        """What the script does when it is run: what it checks, and that it answers the rows of a file."""
        header = ', header=",".join(CLASSES), comments=""' if self.made.named else ""
        rows = [*self.made.rows, f'np.savetxt(sys.stdout, {self.predict}(rows), "%.6g", ","{header})']
        predicted = "\n".join(indented(rows, 8))
        return lines_of(MAIN, predicted=predicted, condition=self._condition(), precision=self.precision)

    def _condition(self) -> str:
        """The line that says how much a rounding grows where that decides how well two programs agree."""
        rounding = self.exported.rounding
        if rounding.unavoidable("float32") < REPORTED_DIFFERENCE:
            return ""
        exact, single = (float(f"{rounding.unavoidable(kind):.0e}") for kind in ("float64", "float32"))
        times = int(float(f"{rounding.condition:.1e}"))
        grows = f"a rounding grows up to {times} times in this network: differences of about"
        return f'        print("{grows}", {exact} if exact else {single})\n'


def _without_words(lines: list[str]) -> list[str]:
    """A definition without docstrings, each of which is one line, and empty lines."""
    return [line for line in lines if line and not line.lstrip().startswith('"""')]


def _chained(layers: Sequence[str], density: Density, first: str = "") -> list[str]:
    """Lines that put the modules of all layers into the list ``layers``, behind ``first``; those alike in a loop."""
    lines: list[str] = [f"    layers = [{first}]"] if first else []
    for code, repeats in _in_turn(layers, density > Density.AIRY):
        if repeats == 1:
            lines += _written(f"layers {'+=' if lines else '='} [{code}]", 4, density)
        else:
            lines += ["    layers = []"] * (not lines) + [f"    for _ in range({repeats}):"]
            lines += _written(f"layers += [{code}]", 8, density)
    return lines


def _written(code: str, indent: int, density: Density) -> list[str]:
    if density >= Density.TERSE:
        return filled(code, indent)
    return wrapped(code, indent, filled=density == Density.DENSE)


def _in_turn(layers: Sequence[str], joined: bool) -> list[tuple[str, int]]:
    """The modules of each layer, and how many such layers follow each other; ``joined``: single ones together."""
    turns: list[tuple[str, int]] = []
    for code, alike in itertools.groupby(filter(None, layers)):
        repeats = len(list(alike))
        if joined and turns and repeats == turns[-1][1] == 1:
            turns[-1] = f"{turns[-1][0]}, {code}", 1
        else:
            turns.append((code, repeats))
    return turns
