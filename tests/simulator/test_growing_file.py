"""A file that grows has whole pieces only, whoever reads it and whenever its process ends."""

from __future__ import annotations

import errno
import itertools
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.system.growing_file import WholeFile

SIZES = (300, 3000, 700, 100, 9000, 4096, 1, 4095, 5000)
"""Within a page, over its edge, up to it, and over several."""
PIECES = [bytes([ord("a") + place]) * (size - 1) + b"\n" for place, size in enumerate(SIZES)]
WHOLE = tuple(b"".join(PIECES[:count]) for count in range(len(PIECES) + 1))


class KilledError(BaseException):
    """The process is no more: nobody takes it."""


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    folder = tmp_path / "beside"
    folder.mkdir()
    return folder


def dying_at(moment: int, call: Callable[..., Any], calls: itertools.count[int]) -> Callable[..., Any]:
    """A call to the system within which the process is killed, if it is that one."""

    def dying(*given: Any, **named: Any) -> Any:
        if next(calls) == moment:
            raise KilledError
        return call(*given, **named)

    return dying


def torn_at(moment: int, calls: itertools.count[int]) -> Callable[[int, memoryview], int]:
    """``os.write`` of a system that ends a write of a process that is killed at the edge of a page."""
    write = os.write

    def torn(handle: int, content: memoryview) -> int:
        if next(calls) == moment:
            at = os.lseek(handle, 0, os.SEEK_CUR)
            rest = mmap.PAGESIZE - at % mmap.PAGESIZE
            write(handle, content[: rest if rest < len(content) else 0])
            raise KilledError
        return write(handle, content)

    return torn


def grown(path: Path, beside: Path, length: int = 0) -> int:
    """How many of the pieces were appended."""
    file = WholeFile(path, beside, length)
    for count, piece in enumerate(PIECES):
        try:
            file.append(piece)
        except KilledError:
            return count
    return len(PIECES)


def test_wherever_its_process_is_killed_there_are_whole_pieces_only(
    tmp_path: Path, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, killed = tmp_path / "rows", 0
    for moment in itertools.count():
        path.unlink(missing_ok=True)
        with monkeypatch.context() as dying:
            calls = itertools.count()
            dying.setattr(os, "write", torn_at(moment, calls))
            for name in ("link", "replace", "ftruncate"):
                dying.setattr(os, name, dying_at(moment, getattr(os, name), calls))
            try:
                count = grown(path, beside)
            except KilledError:
                count = 0
        if count == len(PIECES):
            break
        killed += 1
        assert path.read_bytes() in WHOLE[count : count + 2]
        file = WholeFile(path, beside, len(WHOLE[count]))
        for piece in PIECES[count:]:
            file.append(piece)
        file.close()
        assert path.read_bytes() == WHOLE[-1]
        assert not list(beside.iterdir())
    assert killed > 2 * len(PIECES)


def test_who_has_it_open_finds_all_in_the_end(tmp_path: Path, beside: Path) -> None:
    path = tmp_path / "rows"
    file, following = WholeFile(path, beside), []
    for piece in PIECES:
        file.append(piece)
        following.append(path.open("rb"))
        assert WHOLE[-1].startswith(path.read_bytes())
        assert path.read_bytes().endswith(piece)
    file.close()
    for each in following:
        assert each.read() == WHOLE[-1]
        each.close()
    assert path.stat().st_nlink == 1


def test_both_are_on_the_disk_when_it_is_flushed(tmp_path: Path, beside: Path) -> None:
    path = tmp_path / "rows"
    file = WholeFile(path, beside)
    for count, piece in enumerate(PIECES, 1):
        file.append(piece)
        file.flush()
        assert all(twin.read_bytes() == WHOLE[count] for twin in beside.iterdir())
    assert len(list(beside.iterdir())) == 2
    file.close()


@pytest.mark.parametrize("full_at", range(len(PIECES)))
def test_what_a_full_disk_takes_a_part_of_is_taken_back(
    tmp_path: Path, beside: Path, monkeypatch: pytest.MonkeyPatch, full_at: int
) -> None:
    path, write = tmp_path / "rows", os.write
    file = WholeFile(path, beside)
    for piece in PIECES[:full_at]:
        file.append(piece)
    full = itertools.count()

    def filling(handle: int, content: memoryview) -> int:
        if next(full):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, content[: len(content) // 2])

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", filling)
        with pytest.raises(OSError, match=str(path)):
            file.append(PIECES[full_at])
    assert path.read_bytes() == WHOLE[full_at]
    for piece in PIECES[full_at:]:
        file.append(piece)
    file.close()
    assert path.read_bytes() == WHOLE[-1]


def test_where_there_are_no_hard_links_it_grows_alone(
    tmp_path: Path, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    assert grown(tmp_path / "rows", beside) == len(PIECES)
    assert (tmp_path / "rows").read_bytes() == WHOLE[-1]
    assert not list(beside.iterdir())
