"""A record written and read: the same bit for bit, and nothing that is not one is taken for one."""

from __future__ import annotations

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from msgspec.structs import asdict

from simulator.record.files import RecordError, read, write
from simulator.record.packed import Packing
from simulator.record.packed_frame import packed_frame
from simulator.record.record import Record, sampled
from tests.simulator.records import NETS, recorded

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
HOSTILE = (-1, 0, 3, 2**70, 1e308, "x", None, [], {}, True, [[]], "NaN")
ARRAYS = ("history_low", "history_lost", "history_provisional", "factors_values", "unit_marked", "frames_bytes")


def in_folder(folder: Path, mode: str = "rb") -> Opener:
    return lambda name: open(folder / name, mode)  # type: ignore[return-value]


def in_archive(archive: zipfile.ZipFile, mode: Any = "r") -> Opener:
    return lambda name: archive.open(f"record/{name}", mode)


def written(record: Record, folder: Path) -> Record:
    folder.mkdir()
    write(record, in_folder(folder, "wb"))
    return read(in_folder(folder))


def contents(record: Record) -> Iterator[object]:
    """All that a record holds, comparable."""
    history = record.history
    yield history.columns, history.capacity, history.start, history.stride, history.steps, history.end
    yield {name: array.tobytes() for name, array in asdict(history.arrays).items()}
    for name in dict.fromkeys(column.split(":")[0] for column in history.columns):
        yield history.series(name).last.tobytes(), history.first_lost, history.lost_since
    for name, past in record.pasts.items():
        looks = past.history
        yield (
            name,
            past.subject,
            past.turns.entries,
            looks.capacity,
            looks.stride,
            looks.in_last,
            looks.missed,
            looks.end,
        )
        yield {part: array.tobytes() for part, array in asdict(looks.arrays).items()}
    packing = Packing()
    yield (
        record.changes.entries,
        record.seconds,
        record.finding,
        packed_frame(record.first, packing),
        packed_frame(record.scored, packing),
    )
    yield packing.buffer.tobytes()


def same(one: Record, other: Record) -> bool:
    pairs = zip(contents(one), contents(other), strict=True)
    return all(_plain(a) == _plain(b) for a, b in pairs)


def _plain(value: object) -> object:
    return [part for part in value if not callable(part)] if isinstance(value, tuple) else value


@pytest.mark.parametrize("ruined", [False, True])
@pytest.mark.parametrize("net", NETS)
def test_what_is_read_is_what_was_written_bit_for_bit(net: str, ruined: bool, tmp_path: Path) -> None:
    record = recorded(net, 40, ruined)
    found = written(record, tmp_path / "record")
    assert same(found, record)
    assert not same(found, recorded(net, 41, ruined))


def test_everything_that_is_sampled_is_among_what_is_written(tmp_path: Path) -> None:
    names = {name for net in NETS for name in recorded(net, 20).pasts}
    assert names == set(sampled())


def test_a_record_that_has_been_read_goes_on_as_the_one_that_was_written(tmp_path: Path) -> None:
    whole, begun = recorded("recurrent", 700), recorded("recurrent", 333)
    found = written(begun, tmp_path / "record")
    for each in (whole, found):
        assert each.history.start == 0
    rest = recorded("recurrent", 700, skip=333, into=found)
    assert same(rest, whole)
    assert same(rest.until(256), whole.until(256))


def test_a_record_lies_in_an_archive_too() -> None:
    record, content = recorded("pixels", 20), io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        write(record, in_archive(archive, "w"))
    with zipfile.ZipFile(content) as archive:
        assert same(read(in_archive(archive)), record)


def test_an_empty_record_is_one_too(tmp_path: Path) -> None:
    assert same(written(Record(), tmp_path / "record"), Record())


# -- hostile -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files") / "record"
    written(recorded("pixels", 20), made)
    return made


def refused(source: Opener) -> str:
    """Why it is no record, in one sentence."""
    with pytest.raises(RecordError) as told:
        read(source)
    assert "\n" not in str(told.value)
    return str(told.value)


def taken_for_one(source: Opener) -> Record | None:
    """The record, or None where it is refused in one sentence."""
    try:
        return read(source)
    except RecordError:
        refused(source)
        return None


def replaced(folder: Path, name: str, content: bytes) -> Opener:
    """All files as they are but one."""
    plain = in_folder(folder)
    return lambda file: io.BytesIO(content) if file == name else plain(file)


def npy(array: np.ndarray[Any, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


class Trap:
    """Pickled: says that it has been unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[Any, ...]:
        return setattr, (Trap, "sprung", True)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_is_not_what_it_should_be_is_refused(name: str, folder: Path) -> None:
    file = f"{name}.npy"
    content = (folder / file).read_bytes()
    array = np.load(folder / file)
    wrong = [
        b"", b"PK", content[:-1] if array.size else b"\x93NUMPY", content + b"\0", pickle.dumps(Trap()),
        npy(np.array([Trap()], object), allow_pickle=True), npy(array.astype("<f4")), npy(array[..., np.newaxis]),
        npy(np.zeros(array.shape, ">f8")), npy(np.zeros((1, *array.shape), array.dtype)),
        content.replace(b"'shape': (", b"'shape': (9999999999999, "), content.replace(b"{", b"(", 1),
    ]  # fmt: skip
    for each in wrong:
        assert refused(replaced(folder, file, each)).startswith(f"{file} is no part of a record: ")
    assert not Trap.sprung


def paths(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """To everything in a JSON but what lies inside frames."""
    if path:
        yield path
    if path in (("first",), ("scored",)):
        return
    items = plain.items() if isinstance(plain, dict) else enumerate(plain[:3]) if isinstance(plain, list) else ()
    for key, value in items:
        yield from paths(value, (*path, key))


def changed(plain: Any, path: tuple[Any, ...], value: Any) -> bytes:
    made = copy.deepcopy(plain)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(made).encode()


def test_a_description_that_is_changed_is_refused_or_a_record_within_its_bounds(folder: Path) -> None:
    plain = json.loads((folder / "record.json").read_text())
    taken = 0
    for path in paths(plain):
        for value in HOSTILE:
            record = taken_for_one(replaced(folder, "record.json", changed(plain, path, value)))
            if record is None:
                continue
            taken += 1
            assert record.nbytes <= record.bound
            assert all(past.history.grid(16).looked.size for past in record.pasts.values())
    assert taken > 0


def test_a_frame_that_is_changed_is_refused_or_a_frame(folder: Path) -> None:
    plain = json.loads((folder / "record.json").read_text())
    places = [{"offset": 0, "dtype": "|O", "shape": [1]}, {"offset": -8, "dtype": "<f8", "shape": [1]}]
    for path in [("first", key) for key in plain["first"]] + [("first", "measures", "delta_rms", "offset")]:
        made = [
            taken_for_one(replaced(folder, "record.json", changed(plain, path, value))) for value in (*HOSTILE, *places)
        ]
        assert None in made
        assert all(record.nbytes <= record.bound for record in made if record is not None)


def test_a_condition_that_does_not_exist_and_a_measure_of_other_layers_are_refused(folder: Path) -> None:
    plain = json.loads((folder / "record.json").read_text())
    turn = {"condition": "asleep", "step": 3, "after": None}
    loss = plain["first"]["measures"]["delta_rms"] | {"shape": [1]}
    for path, value, reason in (
        (("pasts", "unit", "turns"), [turn], "unit turns into what it cannot be"),
        (("first", "measures", "delta_rms"), loss, "measures are not one per layer"),
        (("pasts", "unit", "subject", "sizes"), [3], "a layer, a unit and their number are expected"),
    ):
        assert reason in refused(replaced(folder, "record.json", changed(plain, path, value)))


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[" * 100_000, b"\xff\xfe", b"null", b'{"version": 2}', b'{"version": 1, "version": 1}'],
)
def test_what_is_no_description_is_refused(content: bytes, folder: Path) -> None:
    assert refused(replaced(folder, "record.json", content)).startswith("record.json is no part of a record: ")


def test_a_description_that_never_ends_is_read_no_further_than_it_may_be_long(folder: Path) -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            self.asked += size
            return b" " * size

    endless = Endless()
    plain = in_folder(folder)
    told = refused(lambda name: endless if name == "record.json" else plain(name))  # type: ignore[return-value]
    assert "larger than" in told
    assert endless.asked < 2**27


def test_a_file_that_is_missing_is_said_by_the_system_and_a_member_by_the_record(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(in_folder(tmp_path))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w"):
        pass
    with zipfile.ZipFile(content) as archive:
        assert "record.json" in refused(in_archive(archive))


def test_a_damaged_archive_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        write(recorded("pixels", 20), in_archive(archive, "w"))
    damaged = bytearray(content.getvalue())
    damaged[200:260] = bytes(60)
    with zipfile.ZipFile(io.BytesIO(bytes(damaged))) as archive:
        assert "is no part of a record" in refused(in_archive(archive))
