"""A table of the person's own: a CSV file with a header line."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from simulator.data.base import Data, DataError, Labels, Raw
from simulator.data.delimited import columns_of, is_number, name_of, read_columns, shown, status
from simulator.frame import frozen
from simulator.parameter import knob

MAX_CLASSES = 1000


class Csv(Data, frozen=True, kw_only=True, tag="csv"):
    """A table of your own: a CSV file with a header line, one row per sample."""

    label: ClassVar[str] = "CSV file"

    path: Annotated[
        str, knob("File", "The CSV file: UTF-8, cells separated by comma, semicolon or tab.", file=True)
    ] = ""
    target: Annotated[str, knob("Target", "The column that the network learns to predict.")] = ""
    task: Annotated[
        Literal["classification", "regression"],
        knob("Task", "Classification: the target names a class; regression: it is a quantity."),
    ] = "classification"
    columns: Annotated[
        tuple[str, ...], knob("Inputs", "The columns the network sees; all but the target if none is chosen.")
    ] = ()
    shape: Annotated[
        tuple[int, ...],
        knob("Image shape", "Channels, height, width where each row is an image, pixel by pixel; empty for a table."),
    ] = ()

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        if self.shape:
            return self.shape if len(self.shape) == 3 and min(self.shape) >= 1 else None
        return (len(self.columns),) if self.columns else None

    def load(self, rng: np.random.Generator) -> Raw:
        raw = _load(self.path, self.fingerprint(), self.target, self.task, self.columns)
        if self.shape:
            _check_shape(self.path, self.shape, len(raw.feature_names))
        return replace(raw, shape=self.shape)

    def fingerprint(self) -> tuple[int, ...]:
        found = status(self.path)
        return found.st_mtime_ns, found.st_size


# One table is kept, so that a new split, scale or label noise does not read the file again.
@functools.lru_cache(maxsize=1)
def _load(path: str, fingerprint: tuple[int, ...], target: str, task: str, columns: tuple[str, ...]) -> Raw:
    inputs = _inputs(path, target, columns)
    if task == "regression":
        numbers = read_columns(path, (*inputs, target), None).numbers
        return Raw(frozen(numbers[:, :-1]), frozen(numbers[:, -1]), (), inputs)
    table = read_columns(path, inputs, target)
    classes, y = _classes(path, target, table.texts)
    return Raw(frozen(table.numbers), frozen(y), classes, inputs)


def _check_shape(path: str, shape: tuple[int, ...], columns: int) -> None:
    text = " × ".join(map(str, shape))
    if len(shape) != 3 or min(shape) < 1:
        raise DataError(f"{name_of(path)}: an image shape is channels, height, width, three numbers from 1, not {text}")
    if math.prod(shape) != columns:
        raise DataError(f"{name_of(path)}: images of {text} need {math.prod(shape)} input columns, there are {columns}")


def _inputs(path: str, target: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The input columns, checked against the file's."""
    names, file = columns_of(path), name_of(path)
    known = ", ".join(shown(name, 20)[1:-1] for name in names[:6]) + (" …" if len(names) > 6 else "")
    if not target:
        raise DataError(f"{file}: no target column is chosen (there are {known})")
    for name in (target, *columns):
        if name not in names:
            raise DataError(f"{file}: there is no column {shown(name)} (there are {known})")
    if target in columns:
        raise DataError(f"{file}: column {shown(target)} is the target and cannot be an input too")
    if len(set(columns)) < len(columns):
        raise DataError(f"{file}: an input column is chosen twice")
    inputs = columns or tuple(name for name in names if name != target)
    if not inputs:
        raise DataError(f"{file}: there is no column but the target {shown(target)}")
    return inputs


def _classes(path: str, target: str, texts: list[str]) -> tuple[tuple[str, ...], Labels]:
    """Class names, sorted (by value where all are numbers), and the class index of each row."""
    found = set(texts)
    names = {text: text for text in found}
    ordered = sorted(found)
    if all(map(is_number, found)):
        names = {text: _plain(float(text)) for text in found}
        ordered = sorted(set(names.values()), key=float)
    where = f"{name_of(path)}, column {shown(target)}"
    if len(ordered) < 2:
        raise DataError(f"{where}: one class only ({shown(texts[0])}), at least 2 are needed")
    if len(ordered) > MAX_CLASSES:
        raise DataError(f"{where}: {len(ordered)} different classes, at most {MAX_CLASSES} are supported")
    position = {name: index for index, name in enumerate(ordered)}
    place = {text: position[name] for text, name in names.items()}
    class_names = tuple(" ".join(name.split()) for name in ordered)
    return class_names, np.fromiter((place[text] for text in texts), np.int64, len(texts))


def _plain(value: float) -> str:
    """``1`` and ``1.0`` are one class."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
