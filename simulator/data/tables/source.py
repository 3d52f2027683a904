"""A file as text or as rows of cells: what it is packed in, its encoding, and how much of it is read at most."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from simulator.data.base import DataError
from simulator.data.phrases import name_of, shown
from simulator.schema.numbers import integer
from simulator.system.regular_file import UnfitFileError, check_regular, regular
from simulator.system.zip_contents import LARGE, MOST_RATIO, check_ratio, zip_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BYTES = 2**30
"""Of a file once it is unpacked."""
MOST_COMPRESSION = 1032
"""Times that bytes can be made smaller."""
LONGEST_LINE = 2**24
"""Characters."""
CHUNK_BYTES = 2**20
SAMPLE_BYTES = 2**16
"""Bytes from which an encoding that is not UTF-8 is judged."""
SPOILT_LINES = 10
"""Lines with bytes that are no letters, beyond a hundredth of them, from which on a file is of another encoding."""
SPOILT_ZEROS_SHARE = 0.02
"""Share of zeros and other marks in a text that somebody has spoilt; half of UTF-16 are zeros."""
_CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})
LATIN = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DAMAGED_ARCHIVE_ERRORS = (
    EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, RuntimeError, OverflowError,
    struct.error, UnicodeDecodeError,
)  # fmt: skip
"""What archives raise that are not whole, or locked."""

Progress = Callable[[float], None]
"""Told the share of the file that has been read; may raise to end the reading."""


def nothing(_share: float) -> None:
    """Progress that nobody follows."""


class Source(Struct, frozen=True):
    """A file that holds text."""

    path: str
    encoding: str

    @contextmanager
    def lines(self, progress: Progress = nothing) -> Iterator[Iterator[str]]:
        """Its lines, each with its line end."""
        with unpacked(self.path) as (file, share):
            # A few spoilt letters in a text do not make it another encoding.
            errors = "replace" if self.encoding.lower().startswith(("utf-8", "utf8")) else "strict"
            text = io.TextIOWrapper(cast(IO[bytes], file), encoding=self.encoding, errors=errors, newline="")
            try:
                yield (
                    self._sound(_followed(self.path, text, share, progress))
                    if errors == "replace"
                    else _followed(self.path, text, share, progress)
                )
            except UnicodeError as error:
                raise DataError(f"{name_of(self.path)}: not {self.encoding} text") from error
            finally:
                text.detach()

    def _sound(self, lines: Iterator[str]) -> Iterator[str]:
        """The lines, as long as few of them have letters that are none."""
        odd = 0
        for count, line in enumerate(lines):
            odd += "\N{REPLACEMENT CHARACTER}" in line
            if odd > SPOILT_LINES + 0.01 * count:
                raise DataError(f"{name_of(self.path)}: not {self.encoding} text")
            yield line


def _followed(path: str, text: IO[str], share: Callable[[], float], progress: Progress) -> Iterator[str]:
    for count, line in enumerate(iter(lambda: text.readline(LONGEST_LINE), "")):
        if len(line) == LONGEST_LINE:
            raise DataError(f"{name_of(path)}, line {count + 1}: more than {LONGEST_LINE} characters in a line")
        if count % 4096 == 4095:
            progress(share())
        yield line


def status(path: str) -> os.stat_result:
    """Size and time of a regular file. Raises :class:`DataError`."""
    if not path:
        raise DataError("table: no file is chosen")
    try:
        stamp = os.stat(path)
    except (OSError, ValueError) as error:
        reason = f"no such file in {_folder(path)}" if isinstance(error, FileNotFoundError) else reason_of(error)
        raise DataError(f"{name_of(path)}: {reason}") from error
    try:
        check_regular(stamp, path)
    except UnfitFileError as error:
        raise DataError(f"{name_of(path)}: {error.strerror}") from error
    return stamp


def _folder(path: str) -> str:
    return shown(str(Path(path).absolute().parent), 120)[1:-1]


def reason_of(error: Exception) -> str:
    """Why a file cannot be read."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({shown(text.lower(), 80)[1:-1]})"


def suffix(path: str) -> str:
    """The ending that says what is inside: that of ``x.csv.gz`` is ``.csv``."""
    inner = Path(path)
    if inner.suffix.lower() in (".gz", ".zip"):
        inner = inner.with_suffix("")
    return inner.suffix.lower()


@contextmanager
def unpacked(path: str) -> Iterator[tuple[BinaryIO, Callable[[], float]]]:
    """The bytes of a file, out of ``.gz`` and of ``.zip`` with one member, and what share of it has been read."""
    size = max(status(path).st_size, 1)
    if size > MAX_BYTES:
        raise DataError(
            f"{name_of(path)}: {integer(round(size / 2**20))} MiB, at most {MAX_BYTES // 2**20} MiB can be read"
        )
    try:
        with open_regular(path) as file:
            head = file.read(4)
            file.seek(0)
            share = _position(file, size)
            if head.startswith(b"\x1f\x8b"):
                _check_end(path, file, size)
                yield cast(BinaryIO, _Bounded(cast(IO[bytes], gzip.GzipFile(fileobj=file)), path, size)), share
            elif head == b"PK\x03\x04":
                with _member(file, path) as member:
                    yield cast(BinaryIO, _Bounded(member, path, size)), share
            else:
                yield file, share
    except DAMAGED_ARCHIVE_ERRORS as error:
        raise damaged(path, error) from error


@contextmanager
def open_regular(path: str) -> Iterator[BinaryIO]:
    """The bytes of a regular file, however it came by its name since. Raises :class:`DataError`."""
    try:
        with open(path, "rb", opener=regular) as file:
            yield file
    except OSError as error:
        raise DataError(f"{name_of(path)}: {reason_of(error)}") from error


def damaged(path: str, error: Exception) -> DataError:
    """What is said of an archive that is not whole."""
    return DataError(f"{name_of(path)}: a damaged archive ({shown(str(error), 60)[1:-1]})")


def unpacked_size(path: str) -> int:
    """About how many bytes a file has when it is unpacked, as far as it says so."""
    size = status(path).st_size
    with open_regular(path) as file:
        head = file.read(4)
        if head.startswith(b"\x1f\x8b") and size >= len(head):
            file.seek(-4, os.SEEK_END)
            return min(int.from_bytes(file.read(4), "little"), MOST_COMPRESSION * size)
        if head != b"PK\x03\x04":
            return size
        with suppress(*DAMAGED_ARCHIVE_ERRORS), zip_of(file) as archive:
            return sum(info.file_size for info in archive.infolist())
    return size


def _check_end(path: str, file: BinaryIO, size: int) -> None:
    """DataError where the end of a .gz says that it unpacks to too much, and that can be."""
    file.seek(-4, os.SEEK_END)
    stated = int.from_bytes(file.read(4), "little")
    file.seek(0)
    if MAX_BYTES < stated < MOST_COMPRESSION * size:
        raise DataError(f"{name_of(path)}: its end says that it unpacks to more than {MAX_BYTES // 2**20} MiB")


def _check_size(path: str, size: int) -> None:
    if size > MAX_BYTES:
        raise DataError(f"{name_of(path)}: unpacks to more than {MAX_BYTES // 2**20} MiB")


def _position(file: BinaryIO, size: int) -> Callable[[], float]:
    return lambda: min(1.0, file.tell() / size)


@contextmanager
def _member(file: BinaryIO, path: str) -> Iterator[IO[bytes]]:
    with zip_of(file) as archive:
        names = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info.filename)]
        if len(names) != 1:
            raise DataError(f"{name_of(path)}: {integer(len(names))} files in the archive, one is expected")
        if names[0].flag_bits & 1:
            raise DataError(f"{name_of(path)}: is locked with a password")
        _check_size(path, names[0].file_size)
        check_ratio(names[0])
        with archive.open(names[0]) as member:
            yield member


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


class _Bounded(io.RawIOBase):
    """A stream that ends with an error where it unpacks to too much, or to far more than ``size``."""

    def __init__(self, inner: IO[bytes], path: str, size: int) -> None:
        super().__init__()
        self._inner, self._path, self._size, self._read = inner, path, size, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        got = self._inner.read(CHUNK_BYTES if size < 0 else size)
        self._read += len(got)
        _check_size(self._path, self._read)
        if self._read > LARGE and self._read > MOST_RATIO * self._size:
            raise DataError(f"{name_of(self._path)}: unpacks to more than {MOST_RATIO} times its size")
        return got

    read1 = read

    def readinto(self, buffer: WriteableBuffer) -> int:
        buffer_view = memoryview(buffer)
        got = self.read(len(buffer_view))
        buffer_view[: len(got)] = got
        return len(got)


def encoding_of(path: str) -> str:
    """UTF-8 where the whole file is, UTF-16 and UTF-32 by their marks, else what its bytes look like."""
    with unpacked(path) as (file, _share):
        head = file.read(SAMPLE_BYTES)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        if head.count(b"\0") > SPOILT_ZEROS_SHARE * len(head):
            return _wide(head, path)
        if len(head.translate(None, _CONTROLS)) < (1 - SPOILT_ZEROS_SHARE) * len(head):
            raise DataError(f"{name_of(path)}: not a text file")
        odd = _first_odd(head, file)
    return "utf-8" if odd is None or _mostly_utf8(odd) else _other(odd)


def _mostly_utf8(sample: bytes) -> bool:
    """Whether far more letters are UTF-8 than bytes are not: no other encoding looks so."""
    text = sample.decode("utf-8", "replace")
    odd = text.count("\N{REPLACEMENT CHARACTER}")
    return sum(not character.isascii() for character in text) - odd > 10 * odd


def _wide(head: bytes, path: str) -> str:
    """UTF-16 without a mark has its zeros on one side, and is text."""
    even, uneven = head[0::2].count(0), head[1::2].count(0)
    encoding = "utf-16-le" if uneven > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(encoding, "replace")
    plain = sum(character.isprintable() or character in "\t\r\n" for character in text)
    if min(even, uneven) or plain < 0.95 * len(text):
        raise DataError(f"{name_of(path)}: not a text file")
    return encoding


def _first_odd(head: bytes, file: BinaryIO) -> bytes | None:
    """The chunk that is no UTF-8; None where all is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = head
    while True:
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            return chunk or head
        if not chunk:
            return None
        chunk = file.read(CHUNK_BYTES)


def _other(sample: bytes) -> str:
    """An encoding that is not UTF-8: which Latin alphabet it is cannot be told, so Western Europe's."""
    from charset_normalizer import from_bytes

    # Whole lines around what is odd tell more than the plain text before it.
    odd = next((i for i, byte in enumerate(sample) if byte > 127), 0)
    matches = [match for match in from_bytes(sample[max(0, odd - 2000) : odd + 6000]) if _is_writing(str(match))]
    encoding = matches[0].encoding if matches else ""
    if encoding in _CYRILLIC:  # read in another one, small letters are capitals
        alike = [match for match in matches if match.encoding in _CYRILLIC]
        return min(alike, key=lambda match: sum(map(str.isupper, str(match)))).encoding
    return encoding if encoding in _OTHER_ALPHABETS else _latin(sample)


def _is_writing(text: str) -> bool:
    """Whether letters beyond ASCII are such as people write: none for private use, few of half a width or that grow."""
    letters = [character for character in text if not character.isascii()]
    halves = sum(_HALVES[0] <= letter <= _HALVES[1] for letter in letters)
    growing = sum(before.islower() and after.isupper() for before, after in pairwise(text))
    unused = any(unicodedata.category(letter) in ("Co", "Cn", "Cc") for letter in letters)
    return not unused and halves <= len(letters) / 2 and growing <= len(letters) / 10


_HALVES = "\N{HALFWIDTH IDEOGRAPHIC FULL STOP}", "\N{HALFWIDTH KATAKANA SEMI-VOICED SOUND MARK}"


def _latin(sample: bytes) -> str:
    try:
        sample.decode(LATIN)
    except UnicodeDecodeError:
        return "latin-1"
    return LATIN


_CYRILLIC = frozenset({"cp1251", "koi8_r", "koi8_u"})
_OTHER_ALPHABETS = frozenset({
    "big5", "big5hkscs", "cp932", "cp949", "cp950", "cp1251", "cp1253", "cp1255", "cp1256", "euc_jp", "euc_kr",
    "gb2312", "gb18030", "gbk", "iso2022_jp", "iso8859_5", "iso8859_7", "johab", "koi8_r", "koi8_u", "shift_jis",
    "utf_16",
})  # fmt: skip
