"""Members of a zip that are read without the library's machinery: its content, and its errors."""

from __future__ import annotations

import io
import zipfile

import pytest

from simulator.system.zip_members import Members

CONTENT = {"a/plain.png": b"pixels" * 50, "a/é.png": b"", "b/1.png": bytes(range(256))}
MOST = 10_000


def archive(how: int = zipfile.ZIP_STORED, *, before: bytes = b"", streamed: bool = False) -> bytes:
    file = _Pipe() if streamed else io.BytesIO()
    file.write(before)
    with zipfile.ZipFile(file, "w", how) as packed:
        for name, content in CONTENT.items():
            packed.writestr(name, content)
    return file.getvalue()


class _Pipe(io.BytesIO):
    """What is written into it has its sizes behind the content."""

    def tell(self) -> int:
        raise OSError


def outcome(read: object, *given: object) -> object:
    """What is read, or what is raised."""
    assert callable(read)
    try:
        return read(*given)
    except Exception as error:
        return type(error), str(error)


def opened(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with packed.open(member) as file:
        return file.read(MOST)


def compare(content: bytes) -> list[object]:
    """What is read of each member, which is what the library reads."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = Members(packed)
        found = [outcome(members.read, member, MOST) for member in packed.infolist()]
        assert found == [outcome(opened, packed, member) for member in packed.infolist()]
    return found


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_packing_is_read(how: int) -> None:
    assert compare(archive(how)) == list(CONTENT.values())


def test_a_zip_behind_something_else_and_one_that_was_piped_are_read() -> None:
    assert compare(archive(before=b"#!/bin/sh\n")) == list(CONTENT.values())
    assert compare(archive(zipfile.ZIP_DEFLATED, streamed=True)) == list(CONTENT.values())


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_whatever_is_wrong_with_an_archive_is_said_by_the_library(how: int) -> None:
    content = archive(how)
    wrong = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        try:
            found = compare(bytes(damaged))
        except zipfile.BadZipFile:
            continue
        except (NotImplementedError, UnicodeDecodeError, ValueError):
            continue
        wrong += any(isinstance(each, tuple) for each in found)
    assert wrong > len(content) // 4


def test_no_more_is_read_of_a_member_than_is_asked_for() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as packed:
        assert Members(packed).read(packed.getinfo("a/plain.png"), 6) == b"pixels"
