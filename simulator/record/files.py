"""A record as files: ``.npy`` arrays without pickles beside one small JSON.

Whoever writes says where a file of this name goes, in a folder or a member of an archive; whoever reads, where it
comes from. Nothing that is read is believed: counts, types and shapes are checked before any array is read. Whether
the columns are those of an experiment is for whoever knows the experiment.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, TYPE_CHECKING, Any, Literal, cast

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import asdict
from numpy.typing import NDArray

from simulator.observations.sampled import Subject
from simulator.record.arrays import read_array, write_array
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.record.history import MOST_BYTES as MOST_HISTORY
from simulator.record.history import NEVER, History, HistoryArrays, buckets_for
from simulator.record.packed import Packing
from simulator.record.packed_frame import packed_frame, unpacked_frame
from simulator.record.past import MOST_BYTES, Past, columns_for
from simulator.record.record import Record, sampled
from simulator.record.sampled_history import SampledArrays
from simulator.record.turns import Turn
from simulator.record.written_changes import WrittenChanges, changes_of
from simulator.record.written_changes import written as written_changes
from simulator.system.json_text import has_too_many_values

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Opens the file of this name, for writing or for reading."""
JSON = "record.json"
MOST_JSON = 64 * 2**20
MOST_VALUES = 2_000_000
MOST_FRAMES = 256 * 2**20
"""Bytes and values of the JSON, and bytes of the arrays of frames."""
MOST_FINDING = 200
"""Letters that are shown of it."""
MOST_STEP = 2**53
"""Up to here floats count steps."""


class RecordError(ValueError):
    """What was read is no record; one sentence with the name of the file."""


class _History(Struct, frozen=True, forbid_unknown_fields=True):
    columns: tuple[str, ...]
    capacity: int
    start: int
    stride: int
    steps: int
    provisional: bool
    begins: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    """Of each column, where it is not ``start`` of all."""


class _Past(Struct, frozen=True, forbid_unknown_fields=True):
    subject: Subject
    capacity: int
    columns: int
    stride: int
    in_last: int
    missed: bool
    turns: tuple[Turn, ...]


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the JSON."""

    version: Literal[1, 2]
    """Of 1 the live changes are not known."""
    history: _History
    pasts: dict[str, _Past]
    changes: tuple[Change, ...]
    seconds: float
    first: Any
    scored: Any
    frame_bytes: int
    live_changes: WrittenChanges = WrittenChanges()
    finding: str = ""


def write(record: Record, create: Opener) -> None:
    """Write all of a record; OSError where a file cannot be written."""
    packing = Packing()
    arrays = record.history.arrays
    written = _Written(
        version=2,
        history=_counts(record.history, arrays),
        pasts={name: _written(past) for name, past in record.pasts.items()},
        changes=record.changes.entries,
        seconds=record.seconds,
        first=packed_frame(record.first, packing),
        scored=packed_frame(record.scored, packing),
        frame_bytes=len(packing.buffer),
        live_changes=written_changes(record.live_changes),
        finding=record.finding,
    )
    with create(JSON) as stream:
        stream.write(msgspec.json.encode(written))
    _write_arrays("history", asdict(arrays), create)
    for name, past in record.pasts.items():
        _write_arrays(name, asdict(past.history.arrays), create)
    _write_arrays("frames", {"bytes": packing.buffer}, create)


def size_of(record: Record) -> int:
    """Bytes of what :func:`write` would write."""
    counter = _Counter()
    write(record, counter.create)
    return counter.size


class _Counter(io.RawIOBase):
    """Takes anything, and knows how much it was."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer) -> int:
        amount = memoryview(content).nbytes
        self.size += amount
        return amount

    @contextmanager
    def create(self, _name: str) -> Iterator[IO[bytes]]:
        yield cast("IO[bytes]", self)


def _counts(history: History, arrays: HistoryArrays) -> _History:
    provisional = len(arrays.provisional) > 0
    begins = history.begins if any(begins != history.start for begins in history.begins) else msgspec.UNSET
    return _History(
        history.columns, history.capacity, history.start, history.stride, history.steps, provisional, begins
    )  # fmt: skip


def _written(past: Past) -> _Past:
    history = past.history
    count = len(history.steps)
    return _Past(
        past.subject, history.capacity, count, history.stride, history.in_last, history.missed, past.turns.entries
    )  # fmt: skip


def _write_arrays(name: str, arrays: dict[str, Any], create: Opener) -> None:
    for part, array in arrays.items():
        with create(f"{name}_{part}.npy") as stream:
            write_array(stream, array)


def read(source: Opener) -> Record:
    """The record that was written; RecordError where it is none, OSError where a file cannot be read."""
    written = _read_json(source)
    with _as_record_error(JSON):
        _check_history(written.history)
        for name, past in written.pasts.items():
            _check_past(name, past)
        _check(0 <= written.seconds < math.inf, "the seconds are no time")
        _check(0 <= written.frame_bytes <= MOST_FRAMES, "the frames are too large")
    record = Record(_read_history(written.history, source))
    for name, past in written.pasts.items():
        record.pasts[name] = _read_past(name, past, source)
    record.changes.restore(written.changes)
    record.seconds, record.finding = written.seconds, written.finding[:MOST_FINDING]
    buffer = _read("frames_bytes", source, "|u1", (written.frame_bytes,))
    with _as_record_error(JSON):
        record.live_changes = changes_of(written.live_changes)
        record.first, record.scored = (_frame(plain, buffer) for plain in (written.first, written.scored))
    return record


@contextmanager
def _as_record_error(name: str) -> Iterator[None]:
    """What is wrong with a file is said in one sentence."""
    try:
        yield
    except (ValueError, KeyError, EOFError, RecursionError, zlib.error, zipfile.BadZipFile) as error:
        reason = " ".join(str(error.args[0] if error.args else error).split()) or "it cannot be read"
        raise RecordError(f"{name} is no part of a record: {reason}") from None


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _read_json(source: Opener) -> _Written:
    with _as_record_error(JSON), source(JSON) as stream:
        content = stream.read(MOST_JSON + 1)
        _check(len(content) <= MOST_JSON, f"it is larger than {MOST_JSON // 2**20} MiB")
        _check(not has_too_many_values(content, MOST_VALUES), "it holds more values than any record")
        return msgspec.json.decode(content, type=_Written)


def _check_history(history: _History) -> None:
    width = len(history.columns)
    _check(len(set(history.columns)) == width, "a column is named twice")
    _check(2 * 3 * 8 * width <= MOST_HISTORY, "the history has too many columns")
    most = buckets_for(width)
    _check(2 <= history.capacity <= most and history.capacity % 2 == 0, f"a capacity up to {most} is expected")
    _check(_power(history.stride), "the stride of the history is no power of two")
    _check(0 <= history.start <= MOST_STEP, "the history starts at no step")
    _check(0 <= history.steps <= history.capacity * history.stride, "the history has more steps than room for them")
    begins, end = history.begins or (), history.start + history.steps
    inside = len(begins) in {0, width} and all(history.start <= each <= end for each in begins)
    _check(inside, "a column begins at a step that is not recorded")


def _check_past(name: str, past: _Past) -> None:
    _check(name in sampled(), f"nothing that is sampled is called {name!r}")
    _check(all(0 <= size <= MOST_STEP for size in past.subject.sizes), f"the sizes of {name} are no counts")
    declared = sampled()[name]
    _check(16 * math.prod(declared.shape(past.subject)) <= MOST_BYTES, f"the samples of {name} are too large")
    most = columns_for(declared, past.subject)
    _check(2 <= past.capacity <= most and past.capacity % 2 == 0, f"a capacity up to {most} is expected of {name}")
    _check(0 < past.columns <= past.capacity, f"{name} has more columns than room for them")
    _check(_power(past.stride), f"the stride of {name} is no power of two")
    _check(0 < past.in_last <= past.stride, f"{name} has too many looks in its last column")
    _check(all(turn.condition in declared.conditions for turn in past.turns), f"{name} turns into what it cannot be")


def _power(stride: int) -> bool:
    return 0 < stride <= MOST_STEP and stride & (stride - 1) == 0


def _read(name: str, source: Opener, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    file = f"{name}.npy"
    with _as_record_error(file), source(file) as stream:
        return read_array(stream, dtype, shape)


def _read_history(history: _History, source: Opener) -> History:
    width = len(history.columns)
    shapes = dict.fromkeys(("low", "high", "last"), (-(-history.steps // history.stride), width))
    parts = {part: _read(f"history_{part}", source, "<f8", shape) for part, shape in shapes.items()}
    lost = _read("history_lost", source, "<i8", (2, width))
    with _as_record_error("history_lost.npy"):
        inside = (lost >= history.start) & (lost < history.start + history.steps)
        _check(bool(((lost == NEVER) | inside).all()), "it names steps that are not recorded")
    provisional = _read("history_provisional", source, "<f8", (int(history.provisional), width))
    arrays = HistoryArrays(**parts, lost=lost, provisional=provisional)
    return History.restored(
        history.columns, history.capacity, history.start, history.stride, history.steps, arrays, history.begins or ()
    )  # fmt: skip


def _read_past(name: str, past: _Past, source: Opener) -> Past:
    made = Past(sampled()[name], past.subject, past.capacity)
    count = past.columns
    arrays = SampledArrays(
        steps=_read(f"{name}_steps", source, "<f8", (count,)),
        lasts=_read(f"{name}_lasts", source, "<f8", (count,)),
        marked=_read(f"{name}_marked", source, "|b1", (count,)),
        values=_read(f"{name}_values", source, "<f8", (count, *sampled()[name].shape(past.subject))),
    )
    with _as_record_error(f"{name}_steps.npy"):
        ends = np.stack([arrays.steps, arrays.lasts], axis=1).ravel()
        whole = bool((np.mod(ends, 1) == 0).all() and ends[0] >= 0 and ends[-1] <= MOST_STEP)
        ordered = bool((np.diff(ends) >= 0).all() and (np.diff(arrays.steps) > 0).all())
        _check(whole and ordered, "its steps do not follow each other")
    made.history.restore(arrays, past.stride, past.in_last, past.missed)
    made.turns.restore(past.turns)
    return made


def _frame(plain: Any, buffer: NDArray[np.uint8]) -> Frame | None:
    frame = unpacked_frame(plain, buffer)
    if frame is None:
        return None
    for measures in (frame.measures, frame.defined):
        whole = all(values.shape == (frame.info.depth,) for values in measures.values())
        _check(whole and frame.measures.keys() == frame.defined.keys(), "a frame's measures are not one per layer")
    return frame
