"""Formats of run files."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from simulator.running.nabla.archive import ArchiveError
from simulator.system.file_format import FileFormat, FormatError
from simulator.system.text import one_line


def _with_lanes(plain: dict[str, Any]) -> dict[str, Any]:
    """Of format 1 there was one network in a file."""
    return {**plain, "lanes": []}


def _as_it_is(plain: dict[str, Any]) -> dict[str, Any]:
    """Of format 2 nothing was still to be changed in a run, and its own data were one file."""
    return plain


RUN = FileFormat(3, migrations={1: _with_lanes, 2: _as_it_is})
Manifest = TypeVar("Manifest")


def check_format(content: bytes, kind: type[Manifest]) -> Manifest:
    """The manifest, brought up to the present format; ArchiveError where it cannot be."""
    try:
        plain = msgspec.json.decode(content, type=dict[str, Any])
        return msgspec.convert(RUN.brought_up(plain, plain.get("format")), kind)
    except FormatError as error:
        raise ArchiveError(str(error)) from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ArchiveError(f"its manifest cannot be read ({one_line(error)[:120]})") from None
