"""A table of the person's own: a file that separates cells, a spreadsheet, or one of both packed."""

import functools
import math
import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec

from simulator.arrays.numeric import RandomGenerator
from simulator.data.base import Data, DataError, Raw
from simulator.data.own_file import OwnFile, copied, plain_name
from simulator.data.paths import hash_of, hashed_meanwhile, located
from simulator.data.phrases import name_of, shown
from simulator.data.tables import ALIGNED
from simulator.schema.numbers import count, integer
from simulator.schema.parameter import knob
from simulator.system.progress import advance

# What reads and judges tables is imported with the first one, which most starts never see.
if TYPE_CHECKING:
    from simulator.data.tables.design import Encoding, Missing
    from simulator.data.tables.judgement import Judgement
    from simulator.data.tables.reading import ReadTable, TableReading
    from simulator.data.tables.source import Progress

ENDINGS = (
    ".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".arff", ".xlsx", ".xls", ".ods", ".gz", ".zip",
)  # fmt: skip
"""Of the files that tables usually are."""
READ_SOON_BYTES = 500_000
"""Of a file that is read in no time to speak of."""


def _advance(share: float) -> None:
    advance("Reading the table", share, 1.0)


class Csv(Data, frozen=True, kw_only=True, tag="csv"):
    """A table of your own, one row per sample: separated text, .xlsx, .ods or .arff, also packed as .gz or .zip.

    What is ``auto`` is judged from the whole file; a run's ``experiment.json`` says what was taken.
    """

    group: ClassVar[str] = "Your own"

    label: ClassVar[str] = "table file"
    former: ClassVar[dict[str, str]] = {"columns": "inputs"}

    path: Annotated[
        str,
        knob(
            "File", "The table's file; a relative path is looked for beside the experiment.", file=True,
            endings=ENDINGS,
        ),
    ] = ""  # fmt: skip
    target: Annotated[
        str | tuple[str, ...],
        knob(
            "Target",
            "The column that the network learns to predict; empty: one called target, label, class or y, else the last "
            "that can be learnt. A regression can have several, with commas.",
            blank=True,
        ),
    ] = ""
    task: Annotated[
        Literal["auto", "classification", "regression"],
        knob(
            "Task", "Classification: the target names a class; regression: it is a quantity; auto: as its values say."
        ),
    ] = "auto"
    inputs: (
        Annotated[
            tuple[str, ...], knob("Inputs", "The columns the network sees; all that can be inputs if none is chosen.")
        ]
        | None
    ) = None
    missing: Annotated[
        Literal["auto", "fill", "drop", "refuse"],
        knob(
            "Missing values",
            "In inputs: fill (auto) takes the median, or a category of its own; drop leaves those rows out; refuse "
            "names the first. Rows without a target are always left out.",
        ),
    ] = "auto"
    header: Annotated[
        Literal["auto", "yes", "no"],
        knob("Header", "Whether the first row names the columns; without, they are column 1, column 2 and so on."),
    ] = "auto"
    delimiter: Annotated[str, knob("Delimiter", "What separates cells: auto, or one of , ; | tab and blank.")] = "auto"
    decimal: Annotated[Literal["auto", ".", ","], knob("Decimal mark", "What stands before a number's fraction.")] = (
        "auto"
    )
    encoding: Annotated[str, knob("Encoding", "How bytes become letters: auto, utf-8, cp1252 or another.")] = "auto"
    sheet: Annotated[str, knob("Sheet", "Of a spreadsheet; the first one where it is empty.", blank=True)] = ""
    shape: Annotated[
        tuple[int, ...],
        knob("Image shape", "Channels, height, width where each row is an image, pixel by pixel; empty for a table."),
    ] = ()
    hash: Annotated[
        str, knob("Hash", "SHA-256 of the file that a run was trained on; a change since is told.", hidden=True)
    ] = ""

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        if self.shape:
            return self.shape if len(self.shape) == 3 and min(self.shape) >= 1 else None
        return None

    @property
    def reading(self) -> "TableReading":
        """How the file is to be read."""
        from simulator.data.tables.reading import TableReading

        return TableReading(
            self.header, DELIMITERS.get(self.delimiter, self.delimiter), self.decimal, self.encoding, self.sheet
        )

    @property
    def open_questions(self) -> bool:
        """Whether the file has to say how it is to be read, what is learnt or from what."""
        left = (self.header, self.delimiter, self.decimal, self.encoding, self.task, self.missing)
        return "auto" in left or not self.target or not self.inputs or not self.hash

    def judged(self, progress: "Progress" = _advance) -> "Judgement":
        """The file with its target, inputs and task. Raises :class:`DataError`."""
        from simulator.data.tables.judgement import judge

        _check(self)
        return judge(read(self.path, self.reading, progress), self.target, self.task, self.inputs)

    def settled(self) -> "Csv":
        if not self.open_questions and hash_of(self.path) == self.hash:
            return self
        with nullcontext() if self.settles_soon else hashed_meanwhile(self.path):
            judgement = self.judged()
        return taken(self, judgement)

    @property
    def settles_soon(self) -> bool:
        from simulator.data.tables.source import status

        try:
            return status(self.path).st_size <= READ_SOON_BYTES
        except DataError:
            return True  # That it cannot be read is known at once.

    def encodings(self) -> "tuple[Encoding, ...]":
        """How cells of each column become inputs. Raises :class:`DataError`."""
        from simulator.data.tables.design import encodings

        return encodings(self.judged(), "fill" if self.missing == "auto" else self.missing)

    def reopened(self, before: "Csv") -> "Csv":
        """What an edit of one field of ``before`` means for the others.

        Of another file nothing stays that was taken from the old one, unless it is the same elsewhere; read in another
        way it may have other columns; with another target, what it is and is learnt from is judged anew.
        """
        changed = {name for name in self.__struct_fields__ if getattr(self, name) != getattr(before, name)}
        if changed == {"path"}:
            if self._is_the_same_file:
                return self
            return Csv(path=self.path, validation=self.validation, scale=self.scale, label_noise=self.label_noise)
        if len(changed) == 1 and self.reading != before.reading:
            return msgspec.structs.replace(self, target="", task="auto", inputs=None)
        if changed == {"target"}:
            return msgspec.structs.replace(self, task="auto", inputs=None)
        return self

    @property
    def _is_the_same_file(self) -> bool:
        """Whether the file is that which the hash is of."""
        try:
            return bool(self.hash) and hash_of(self.path) == self.hash
        except DataError:
            return False

    def beside(self, folder: Path) -> "Csv":
        path = located(self.path, folder)
        return self if path == self.path else self.at(path)

    def at(self, path: str) -> "Csv":
        return msgspec.structs.replace(self, path=path)

    def own_file(self) -> OwnFile:
        from simulator.data.tables.source import status

        return OwnFile(plain_name(os.path.basename(self.path)), status(self.path).st_size, self._copy)

    def _copy(self, target: IO[bytes]) -> None:
        from simulator.data.tables.source import open_regular, status

        with open_regular(self.path) as source:
            copied(source, target.write, status(self.path).st_size, "Packing the table")

    def load(self, rng: RandomGenerator) -> Raw:
        core = msgspec.structs.replace(self, validation=0.0, scale="none", label_noise=0.0, shape=(), hash="")
        raw = _load(core, self.fingerprint())
        if self.shape:
            _check_shape(self.path, self.shape, len(raw.feature_names))
        return replace(raw, shape=self.shape)

    def fingerprint(self) -> tuple[int, ...]:
        from simulator.data.tables.source import status

        stamp = status(self.path)
        return stamp.st_mtime_ns, stamp.st_size


DELIMITERS = {"tab": "\t", "\\t": "\t", "blank": " ", "space": " ", "aligned": ALIGNED}
"""Separators by name."""


def taken(data: Csv, judgement: "Judgement") -> Csv:
    """The description with what was taken in place of what was left open."""
    how = judgement.table.taken
    return msgspec.structs.replace(
        data,
        path=os.path.abspath(data.path),
        target=judgement.targets if judgement.further else judgement.target,
        task=judgement.task,
        inputs=judgement.inputs,
        missing="fill" if data.missing == "auto" else data.missing,
        header=how.header,
        delimiter=how.delimiter,
        decimal=how.decimal,
        encoding=how.encoding,
        sheet=how.sheet,
        hash=hash_of(data.path),
    )


def changed(data: Data) -> str:
    """One sentence where a table is not the one that the experiment was trained on; ``""`` otherwise."""
    if not isinstance(data, Csv) or not data.hash or not data.path:
        return ""
    try:
        same = hash_of(data.path) == data.hash
    except DataError:
        return ""  # That it cannot be read is said by whoever reads it.
    return "" if same else has_changed(data)


def has_changed(data: Csv) -> str:
    """That a table is not the one that the experiment was trained on, in a sentence."""
    return f"{name_of(data.path)} has changed since the run that this experiment describes"


def _check(data: Csv) -> None:
    delimiter = data.reading.delimiter
    if delimiter not in ("auto", "", ALIGNED) and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise DataError(f"{name_of(data.path)}: a delimiter is one character, tab, blank or aligned, not {delimiter!r}")
    try:
        "a".encode("utf-8" if data.encoding in ("auto", "") else data.encoding)
    except (LookupError, ValueError):
        raise DataError(f"{name_of(data.path)}: there is no encoding {shown(data.encoding)}") from None


# One table and one set of samples are kept, so that a new choice of columns, split, scale or label noise does not read
# the file again.
def read(path: str, reading: "TableReading", progress: "Progress | None" = None) -> "ReadTable":
    """The table in a file, remembered until it or the way it is read changes. Raises :class:`DataError`."""
    from simulator.data.tables.reading import read_table
    from simulator.data.tables.source import nothing, status

    stamp = status(path)
    file = os.path.abspath(path), stamp.st_mtime_ns, stamp.st_size
    kept = _kept.get(file)
    # Read as it was judged to be it is the same table.
    if kept is None or reading not in (kept[0], kept[1].taken):
        _kept.clear()
        kept = _kept[file] = reading, read_table(path, reading, progress or nothing)
    return kept[1]


_kept: "dict[tuple[str, int, int], tuple[TableReading, ReadTable]]" = {}


def forget() -> None:
    """Give back the memory of the last table that was read, where nobody in this process reads it again."""
    _kept.clear()


@functools.lru_cache(maxsize=1)
def _load(data: Csv, fingerprint: tuple[int, ...]) -> Raw:
    from simulator.data.tables.design import design

    missing: Missing = "fill" if data.missing == "auto" else data.missing
    return design(_handed_over(data), missing)


def _handed_over(data: Csv) -> "Judgement":
    """The judged table, which is remembered no more: its numbers go into the samples."""
    judgement = data.judged()
    _kept.clear()
    return judgement


def _check_shape(path: str, shape: tuple[int, ...], columns: int) -> None:
    text = " × ".join(map(integer, shape))
    if len(shape) != 3 or min(shape) < 1:
        raise DataError(f"{name_of(path)}: an image shape is channels, height, width, three numbers from 1, not {text}")
    if math.prod(shape) != columns:
        need = count(math.prod(shape), "input column")
        raise DataError(f"{name_of(path)}: images of {text} need {need}, not {integer(columns)}")
