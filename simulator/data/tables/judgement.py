"""What each column of a table is taken for, and why some are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulator.data.base import DataError, Task
from simulator.data.phrases import name_of, shown
from simulator.data.tables.column import Column
from simulator.data.tables.reading import ReadTable
from simulator.schema.numbers import integer, percent

Kind = Literal["number", "category", "date", "text"]
TaskWish = Literal["auto", "classification", "regression"]

MAX_CATEGORIES = 20
"""Different values up to which text becomes one input each."""
MAX_CLASSES = 1000
MOST_NUMBER_CLASSES = 10
"""Different whole numbers up to which a target is a class, if it has :data:`ROWS_PER_CLASS` rows of each."""
ROWS_PER_CLASS = 10
"""Rows of each different whole number, on average, that make a target a class."""
TARGETS = ("target", "label", "class", "y")
NAMES_ROWS, COUNTS_ROWS = "names the rows", "counts the rows"
IDS = frozenset({"id", "index", "row", "rowname", "rownames", "row_names", "row.names", "unnamed: 0"})


@dataclass(frozen=True)
class Judged:
    """One column and what is to be said of it."""

    column: Column
    kind: Kind
    reason: str = ""
    """Why it is left out unless it is chosen; ``""`` where it is an input."""

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True)
class Judgement:
    """A table with its target, its inputs, and a reason for every column that is neither."""

    table: ReadTable
    columns: tuple[Judged, ...]
    target: str
    task: Task
    inputs: tuple[str, ...]
    doubt: str = ""
    """Why the task may be another one; ``""`` where it is clear."""
    further: tuple[str, ...] = ()
    """Other targets of a regression."""

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target, *self.further)

    def column(self, name: str) -> Column:
        return self.table.columns[self.table.names.index(name)]

    def judged(self, name: str) -> Judged:
        return self.columns[self.table.names.index(name)]

    @property
    def left_out(self) -> tuple[Judged, ...]:
        """Columns that are neither target nor input."""
        taken = {*self.targets, *self.inputs}
        return tuple(each for each in self.columns if each.name not in taken)


def survey(table: ReadTable) -> tuple[Judged, ...]:
    """Every column by itself, target or not."""
    return tuple(_judged(table, at) for at in range(len(table.columns)))


def targets_of(target: str | Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The names that ``target`` holds: a name of the table's as it is, else those between its commas; none: empty."""
    if not isinstance(target, str):
        return tuple(target)
    if target in names:
        return (target,)
    return tuple(name.strip() for name in target.split(",") if name.strip())


def judge(
    table: ReadTable,
    target: str | Sequence[str] = "",
    task: TaskWish = "auto",
    inputs: Sequence[str] | None = None,
    columns: tuple[Judged, ...] | None = None,
) -> Judgement:
    """Decide what is left open: target, task and inputs. Raises :class:`DataError` where nothing can be learnt.

    Several targets are those of a regression. ``columns`` are those of an earlier :func:`survey`, to spare it.
    """
    columns = survey(table) if columns is None else columns
    named = targets_of(target, table.names)
    _check_names(table, named, inputs)
    targets = named or (_target(table, columns),)
    chosen = [columns[table.names.index(name)] for name in targets]
    if len(chosen) > 1 and task == "classification":
        raise DataError(f"{name_of(table.path)}: several targets are of a regression; a class is named by one column")
    wish = "regression" if len(chosen) > 1 else task
    task, doubt = task_of(chosen[0]) if wish == "auto" else (wish, "")
    wanted = tuple(inputs) if inputs else _inputs(table, columns, targets)
    for each in chosen:
        _check(table, columns, each, task, wanted)
    return Judgement(table, columns, targets[0], task, wanted, doubt, targets[1:])


def _check_names(table: ReadTable, targets: Sequence[str], inputs: Sequence[str] | None) -> None:
    file, names = name_of(table.path), table.names
    for name in (*targets, *(inputs or ())):
        if name not in names:
            # Who asks may be somebody who should not see what is in the file: one name must do.
            raise DataError(
                f"{file}: there is no column {shown(name)} (the first of {integer(len(names))} is {shown(names[0])})"
            )
    for name in targets:
        if inputs and name in inputs:
            raise DataError(f"{file}: column {shown(name)} is the target and cannot be an input too")
    for chosen, what in ((inputs or (), "an input"), (targets, "a target")):
        if len(set(chosen)) < len(chosen):
            raise DataError(f"{file}: {what} column is chosen twice")


def _judged(table: ReadTable, at: int) -> Judged:
    column = table.columns[at]
    kind = _kind(column)
    for reason in (_orange(table, at), _emptiness(column), _identity(table, at, kind)):
        if reason:
            return Judged(column, kind, reason)
    if kind == "text":
        return Judged(column, kind, f"text with {_count(column)} different values, more than {MAX_CATEGORIES}")
    return Judged(column, kind)


def _kind(column: Column) -> Kind:
    if column.numeric:
        return "number"
    if column.days is not None:
        return "date"
    return "category" if column.different <= MAX_CATEGORIES else "text"


def _count(column: Column) -> str:
    return f"{'more than ' if column.crowded else ''}{integer(column.different)}"


def _orange(table: ReadTable, at: int) -> str:
    role = table.layout.roles[at] if table.layout.roles else ""
    return "the file says that it is no input" if role in ("meta", "ignore") else ""


def _emptiness(column: Column) -> str:
    if column.present == 0:
        return "empty"
    share = column.missing / len(column.values)
    if share > 0.5:
        return f"{percent(share)} of its values are missing"
    return "" if column.varied else "the same value in every row"


def _identity(table: ReadTable, at: int, kind: Kind) -> str:
    column = table.columns[at]
    differ = len(column.values) > 2 and column.unrepeated
    unnamed = at == 0 and table.layout.header and not table.layout.named[at]
    if column.name.lower() in IDS or (unnamed and differ and (kind != "number" or column.whole)):
        return NAMES_ROWS
    if kind == "number":
        return COUNTS_ROWS if _counts_rows(column) else ""
    return "a different text in every row" if differ and kind != "date" else ""


def _counts_rows(column: Column) -> bool:
    """0, 1, 2 … or 1, 2, 3 … from the first row to the last."""
    values = column.values
    if len(values) < 3 or column.missing or values[0] not in (0, 1) or values[-1] != values[0] + len(values) - 1:
        return False
    return bool(np.array_equal(values, np.arange(len(values)) + values[0]))


# -- the target --------------------------------------------------------------------------------------------------


def _target(table: ReadTable, columns: Sequence[Judged]) -> str:
    """A column that is called so, else the last that is not left out; dates come last."""
    roles = table.layout.roles
    flagged = [each.name for each, role in zip(columns, roles, strict=False) if role == "class"]
    named = [each.name for name in TARGETS for each in columns if each.name.lower() == name and _learnable(each)]
    able = [each for each in columns if _learnable(each)]
    whole = [each.name for each in able if not each.reason and each.kind != "date"]
    for names in (flagged[:1], named[:1], whole[-1:], [each.name for each in able][-1:]):
        if names:
            return names[0]
    if len(columns) == 1:
        raise DataError(f"{name_of(table.path)}: one column only; a target and something to learn it from are needed")
    raise DataError(f"{name_of(table.path)}: no column can be learnt: {_reasons(columns)}")


def _learnable(each: Judged) -> bool:
    """Whether it can be a target at all."""
    column = each.column
    if not column.varied:
        return False
    return (
        column.numeric
        or each.kind == "date"
        or (not column.crowded and column.different <= min(MAX_CLASSES, column.present // 2))
    )


def _reasons(columns: Sequence[Judged]) -> str:
    """Of the first column, why it cannot be used; of the others, how many they are."""
    first, more = columns[0], len(columns) - 1
    return f"{shown(first.name, 20)} ({first.reason or 'one value'})" + (f" and {more} more" if more else "")


def task_of(target: Judged) -> tuple[Task, str]:
    """(class or quantity, why it may be the other): judged on the whole column."""
    column = target.column
    classes, rows = column.different, column.present
    if target.kind == "date":
        return "regression", ""
    if not column.numeric:
        many = classes > max(rows / 5, 2)
        return "classification", f"{classes} classes in {rows} rows" if many else ""
    if not column.whole:
        return "regression", ""
    if classes == 2:
        return "classification", ""
    if classes <= MOST_NUMBER_CLASSES and rows >= ROWS_PER_CLASS * classes:
        spread = float(column.numbers.max() - column.numbers.min())
        doubtful = classes > 5 or spread >= classes
        return "classification", f"{classes} different whole numbers: classes or a count" if doubtful else ""
    near = classes <= 2 * MAX_CATEGORIES and rows >= 2 * classes
    return "regression", f"{classes} different whole numbers: a count or classes" if near else ""


# -- the inputs --------------------------------------------------------------------------------------------------


def _inputs(table: ReadTable, columns: Sequence[Judged], targets: Sequence[str]) -> tuple[str, ...]:
    """All that have no reason against them; where those are few, what counts the rows too: a series in its order."""
    others = [(at, each) for at, each in enumerate(columns) if each.name not in targets]
    chosen = {at for at, each in others if not each.reason}
    if len(chosen) < 2:
        chosen |= {at for at, each in others if each.reason == COUNTS_ROWS and table.layout.named[at]}
    if not chosen:
        chosen = {at for at, each in others if each.column.whole and each.reason in (COUNTS_ROWS, NAMES_ROWS)}
    return tuple(columns[at].name for at in sorted(chosen))


def _check(table: ReadTable, columns: Sequence[Judged], chosen: Judged, task: Task, inputs: Sequence[str]) -> None:
    file, target = name_of(table.path), chosen.column
    if not inputs:
        others = [each for each in columns if each.name != target.name]
        if not others:
            raise DataError(f"{file}: one column only; a target and something to learn it from are needed")
        raise DataError(f"{file}: no column to learn the target from: {_reasons(others)}")
    where = f"{file}, column {shown(target.name)}"
    if target.present < 2:
        raise DataError(f"{where}: at least 2 rows with a value are needed, found {target.present}")
    if task == "regression" and not target.numeric and target.days is None:
        raise DataError(f"{where}: {shown(target.words[0])} is not a number, so it cannot be a quantity")
    if task == "classification" and target.different < 2:
        raise DataError(f"{where}: one class only, at least 2 are needed")
    if task == "classification" and target.different > MAX_CLASSES:
        raise DataError(f"{where}: {_count(target)} different classes, at most {MAX_CLASSES} are supported")
