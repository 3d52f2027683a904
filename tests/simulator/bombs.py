"""Small files that would take a machine's memory or time if they were believed.

``python -m tests.simulator.bombs NAME`` opens one of them in a process of its own, with ``quick`` those that are made
in no time, and prints what came of it as :mod:`tests.simulator.mutants` does.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import subprocess
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.simulator.mutants import (
    FORMS,
    Told,
    open_mutants,
    open_one,
    picture_bytes,
    run_bytes,
    spreadsheet_bytes,
    zipped,
)


def blank(kind: str, mode: str, width: int, height: int) -> bytes:
    """A large picture of nothing, in a small file."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new(mode, (width, height)).save(stream, kind)
    return stream.getvalue()


def repeated(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


def packed_text(piece: bytes, size: int) -> bytes:
    """So many bytes of it in a .gz, made without having them all at once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = repeated(piece, 2**20)
    return b"".join(packer.compress(block) for _ in range(size // 2**20)) + packer.flush()


def crowded(members: int) -> bytes:
    """A zip of so many members."""
    entry = zipped({"a/x.png": b""})
    at = entry.index(b"PK\1\2")
    end = entry.index(b"PK\5\6")
    directory = entry[at:end] * members
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(directory), at, 0)
    return entry[:at] + directory + tail


def with_member(whole: bytes, name: str, content: bytes, packing: int = zipfile.ZIP_STORED) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for each, own in {**parts, name: content}.items():
            archive.writestr(each, own)
    return stream.getvalue()


MIB = 2**20
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "lists in lists": ("experiment", lambda: repeated(b"[", 16 * MIB)),
    "a list without end": ("experiment", lambda: b"[" + repeated(b"0,", 16 * MIB - 100) + b"0]"),
    "mappings without end": ("experiment", lambda: b"[" + repeated(b"{},", 16 * MIB - 100) + b"0]"),
    "one long name": ("experiment", lambda: b'{"' + repeated(b"x", 16 * MIB - 100) + b'": 1}'),
    "a number of a million digits": ("experiment", lambda: b'{"seed": ' + repeated(b"9", MIB) + b"}"),
    "zeros": ("experiment", lambda: bytes(16 * MIB)),
    "more than an experiment": ("experiment", lambda: bytes(16 * MIB + 1)),
    "a sampler of lists": ("run", lambda: with_member(run_bytes(), "sampler.json", repeated(b"[],", 15 * MIB))),
    "a record of lists": ("run", lambda: with_member(run_bytes(), "record/record.json", repeated(b"[],", 60 * MIB))),
    "a manifest of lists": ("run", lambda: with_member(run_bytes(), "manifest.json", repeated(b"[],", 60 * MIB))),
    "a packed member": (
        "run", lambda: with_member(run_bytes(), "weights.safetensors", bytes(200 * MIB), zipfile.ZIP_DEFLATED)
    ),
    "a crowd of members": ("run", lambda: crowded(400_000)),
    "a header of braces": (
        "run",
        lambda: with_member(run_bytes(), "weights.safetensors", struct.pack("<Q", MIB) + repeated(b'{"a":', 2 * MIB)),
    ),
    "lines without end": ("packed table", lambda: packed_text(b"1,2\n", 900 * MIB)),
    "zeros without end": ("packed table", lambda: packed_text(b"\0", 900 * MIB)),
    "a line without end": ("packed table", lambda: packed_text(b"word ", 900 * MIB)),
    "zipped lines without end": ("zipped table", lambda: zipped({"x.csv": repeated(b"1,2\n", 400 * MIB)})),
    "a crowd of tables": ("zipped table", lambda: crowded(400_000)),
    "a sheet without end": (
        "spreadsheet",
        lambda: with_member(
            spreadsheet_bytes(".xlsx"), "xl/worksheets/sheet1.xml", repeated(b"<row>", 400 * MIB), zipfile.ZIP_DEFLATED
        ),
    ),
    "names of names": ("open spreadsheet", lambda: with_member(spreadsheet_bytes(".ods"), "content.xml", LAUGHS)),
    "a crowd of images": ("zipped images", lambda: crowded(400_000)),
    "a packed image of nothing": (
        "zipped images", lambda: zipped({f"s/{x}/x.ppm": b"P6 1 1 255 " + bytes(250 * MIB) for x in "ab"})
    ),
    "a large blank image": ("PNG image", lambda: blank("PNG", "RGBA", 8000, 8000)),
    "a large grey image": ("PNG image", lambda: blank("PNG", "L", 8190, 8190)),
    "a large blank photograph": ("JPEG image", lambda: blank("JPEG", "RGB", 8000, 8000)),
    "a huge image": ("PNG image", lambda: blank("PNG", "1", 60000, 60000)),
    "a huge picture on the web": ("WEBP image", lambda: blank("WEBP", "RGBA", 8000, 8000)),
    "a large tagged image": ("TIFF image", lambda: blank("TIFF", "RGBA", 4000, 4000)),
    "a text that unpacks": ("carrying picture", lambda: png_with_text(zlib.compress(repeated(b"{", 500 * MIB), 9))),
}  # fmt: skip
"""Name → form, and content: each is small, or claims to be more than it is."""
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "' + b"ha" * 100 + b'">' + b"".join(
    b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("l"))
) + b"]><office:document-content>&k;</office:document-content>"  # fmt: skip


LARGE = ("a large grey image", "a large tagged image")
"""What is large and no bomb: it opens, within the same bounds."""
QUICK = (
    "lists in lists", "a list without end", "one long name", "a sampler of lists", "a manifest of lists",
    "a header of braces", "a crowd of members", "names of names", "a large tagged image",
)  # fmt: skip
"""Those that are made in no time, without much memory."""


def png_with_text(packed: bytes) -> bytes:
    """A picture whose text is packed."""
    name = b"nablascope-experiment"
    body = b"iTXt" + name + b"\0\1\0\0\0" + packed
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    plain = picture_bytes()
    end = plain.index(b"IEND") - 4
    return plain[:end] + chunk + plain[end:]


def open_bomb(name: str, folder: Path) -> Told:
    """Open one of them."""
    kind, make = BOMBS[name]
    form, told = FORMS[kind], Told()
    path = folder / form.name
    open_mutants(form, 0, 0, folder)
    if name in QUICK:
        path.write_bytes(make())
    else:
        subprocess.run([sys.executable, "-c", WRITER, name, str(path)], check=True)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    open_one(form, path, told)
    told.memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle)
    if bool(told.refused) == (name in LARGE):
        told.wrong.append("it was taken" if name not in LARGE else "it was refused")
    return told


WRITER = """
import sys
from pathlib import Path
from tests.simulator.bombs import BOMBS
Path(sys.argv[2]).write_bytes(BOMBS[sys.argv[1]][1]())
"""
"""In a process of its own, as making one takes more memory than opening it may."""


def told_of(name: str) -> Told:
    """Open one in a folder of its own."""
    with tempfile.TemporaryDirectory() as made:
        return open_bomb(name, Path(made))


if __name__ == "__main__":
    warnings.simplefilter("error")
    names = list(QUICK) if sys.argv[1] == "quick" else [sys.argv[1]]
    print(json.dumps({name: asdict(told_of(name)) for name in names}))
