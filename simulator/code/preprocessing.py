"""What happens to rows before they come into a network, and to its answers behind it, as lines of numpy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.code.text import packed, quoted, wrapped
from simulator.data.base import scalings
from simulator.data.scaling import Scaling
from simulator.data.table import DELIMITERS, Csv
from simulator.data.tables import ALIGNED
from simulator.experiment.experiment import Experiment, ExperimentError

if TYPE_CHECKING:
    from simulator.data.tables.design import Encoding

MOST_NUMBERS = 40
"""Of a scaling that may stand in the script; more are in the file of weights."""
MOST_NAME_LINES = 8
"""Of the names of classes."""
LARGEST_EXPONENT = 990
"""Of 2, so that a scaling can be written without it."""


@dataclass(frozen=True)
class Preprocessing:
    """Lines of the script, and arrays that are too long for it."""

    constants: list[str]
    scaled: str
    """What makes (samples, …) as the network sees them of ``rows``."""
    unscaled: str
    """What makes answers of the data's own units of ``answers``."""
    encoded: str
    """What makes scaled targets of ``targets`` as they are measured."""
    classes: tuple[str, ...] = ()
    named: bool = False
    """Whether the names of the classes stand in the script."""
    table: tuple[str, ...] = ()
    """The function that makes numbers of a table's cells; empty where rows are numbers already."""
    rows: tuple[str, ...] = ('rows = np.loadtxt(sys.argv[2], delimiter=",", ndmin=2)',)
    """Lines that read the rows of the file that a person names."""
    arrays: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def preprocessing(
    experiment: Experiment, shape: tuple[int, ...], most_numbers: int = MOST_NUMBERS, cells: bool = True
) -> Preprocessing:
    """That of an experiment's data, for samples of ``shape``.

    Of a scaling so many numbers may stand in the script; ``cells``: it also reads tables as they were given.
    """
    raw, inputs, quantities = scalings(experiment.data, experiment.seed)
    made = Preprocessing([], "np.asarray(rows, np.float64)", "answers", f"np.eye({len(raw.class_names)})[targets]")
    made = replace(made, scaled=f"{made.scaled}.reshape({_tuple((-1, *shape))})")
    plain = experiment.data.scale == "none"
    if not plain:
        made = _with_scaling(made, "", inputs, _form(raw.alike, shape), most_numbers)
        made = replace(made, scaled=f"({made.scaled} - CENTER) / SPREAD")
    if quantities is not None:
        answers, count = experiment.data.answers, len(quantities.center)
        form = (answers, count // answers) if answers else (count,)
        made = replace(made, encoded=f"np.asarray(targets, np.float64).reshape({_tuple((-1, *form))})")
        if not plain:
            made = _with_scaling(made, "TARGET_", quantities, form, most_numbers)
            encoded = f"({made.encoded} - TARGET_CENTER) / TARGET_SPREAD"
            made = replace(made, encoded=encoded, unscaled="answers * TARGET_SPREAD + TARGET_CENTER")
    if raw.class_names:
        names = wrapped(f"CLASSES = [{', '.join(map(quoted, raw.class_names))}]", filled=True)
        # Many names are not worth the lines of a script.
        kept = names if len(names) <= MOST_NAME_LINES else []
        made = replace(made, constants=[*made.constants, *kept], classes=raw.class_names, named=bool(kept))
    if cells and isinstance(experiment.data, Csv):
        made = with_table(made, experiment.data)
    return made


def _form(alike: bool, shape: tuple[int, ...]) -> tuple[int, ...]:
    """What a scaling is broadcast over: each number of a sample by itself, or each channel or feature."""
    if not alike:
        return shape
    return (shape[0], *[1] * (len(shape) - 1)) if len(shape) != 2 else shape[1:]


def _tuple(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes))


def _with_scaling(
    made: Preprocessing, name: str, scaling: Scaling, form: tuple[int, ...], most_numbers: int
) -> Preprocessing:
    """The same with the numbers of a scaling: in the script, or as arrays beside the weights."""
    if np.abs(scaling.exponent).max(initial=0) > LARGEST_EXPONENT:
        raise ExperimentError("values of 1e300 or 1e-300 cannot be scaled by a subtraction and a division", "data")
    center = np.ldexp(scaling.center, scaling.exponent)
    lines, arrays = list(made.constants), dict(made.arrays)
    for part, values in ((f"{name}CENTER", center), (f"{name}SPREAD", scaling.units)):
        if values.size > most_numbers:
            arrays[f"scaling.{part.lower()}"] = np.ascontiguousarray(values.reshape(form))
            lines.append(f'{part} = load_file(HERE / "weights.safetensors")["scaling.{part.lower()}"].numpy()')
        else:
            lines += _constant(part, values, form)
    return replace(made, constants=lines, arrays=arrays)


def _constant(name: str, values: Floats, form: tuple[int, ...]) -> list[str]:
    if values.size == 1:
        return [f"{name} = {float(values[0])!r}"]
    shaped = f".reshape({_tuple(form)})" if len(form) > 1 else ""
    inner = packed(map(repr, values.tolist()), 4)
    return [f"{name} = np.array([", *(f"    {line}" for line in inner), f"]){shaped}  # fmt: skip"]


TABLE = """
def table(rows):
    \"""Cells by the names of their columns as numbers: what is missing is filled, each category is a column.\"""
    columns = []
    for name, known in COLUMNS.items():
        cells = [row[name].strip() for row in rows]
        cells = [None if cell.lower() in MISSING else cell for cell in cells]
        if isinstance(known, list):
            columns += [[float(cell == category) for cell in cells] for category in known]
«dates»        else:
            columns.append([known if cell is None else «number» for cell in cells])
    return np.array(columns, np.float64).T
"""
DATES = """        elif isinstance(known, tuple):
            days = [cell and np.datetime64(cell) - np.datetime64("1970") for cell in cells]
            columns.append([known[0] if day is None else day / np.timedelta64(1, "D") for day in days])
"""
MISSING = 'MISSING = {"", "?", "-", "na", "n/a", "nan", "null"}'


def with_table(made: Preprocessing, data: Csv) -> Preprocessing:
    """The same for rows that are read from a file like the one that was trained on."""
    encodings = data.encodings()
    entries = ", ".join(f"{quoted(each.name)}: {_known(each)}" for each in encodings)
    number = 'float(cell.replace(",", "."))' if data.decimal == "," else "float(cell)"
    dates = DATES if any(each.dated for each in encodings) else ""
    table = TABLE.replace("«dates»", dates).replace("«number»", number)
    constants = [*made.constants, *wrapped(f"COLUMNS = {{{entries}}}", filled=True), MISSING]
    encoding = "utf-8-sig" if data.encoding in ("auto", "", "utf-8") else data.encoding
    rows = (
        f'with open(sys.argv[2], newline="", encoding={quoted(encoding)}) as file:',
        f"    rows = table(list(csv.DictReader(file{_dialect(data)})))",
    )
    return replace(made, constants=constants, table=tuple(table.strip("\n").split("\n")), rows=rows)


def _known(each: Encoding) -> str:
    """The categories of a column, or what a missing number is filled with; of dates that is in brackets."""
    if each.categories:
        return f"[{', '.join([*map(quoted, each.categories), *['None'] * each.absent])}]"
    return f"({each.filled!r},)" if each.dated else repr(each.filled)


def _dialect(data: Csv) -> str:
    """The arguments of csv.DictReader behind the file."""
    arguments = ""
    separator = DELIMITERS.get(data.delimiter, data.delimiter)
    if separator not in ("auto", "", ","):
        blanks = separator in (" ", ALIGNED)
        arguments += f", delimiter={quoted(' ' if blanks else separator)}" + ", skipinitialspace=True" * blanks
    if data.header == "no":
        names = data.judged().table.names
        arguments += f", fieldnames=[{', '.join(map(quoted, names))}]"
    return arguments
