"""Formats of run files: each that there was opens for ever, one that is to come names the version that it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from simulator.running.archive import ArchiveError
from simulator.system.version import __version__

FORMAT = 1
NEEDS = "0.1.0"
"""The first version that reads this format."""
Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Mapping[int, Migration] = MappingProxyType({})
"""Format → what makes a manifest of the next one of one of it."""
Manifest = TypeVar("Manifest")


def check_format(content: bytes, kind: type[Manifest]) -> Manifest:
    """The manifest, brought up to the present format; ArchiveError where it cannot be."""
    try:
        plain = msgspec.json.decode(content, type=dict[str, Any])
        stated = plain.get("format")
        if not isinstance(stated, int) or isinstance(stated, bool) or stated < 1:
            raise ArchiveError(f"its format is {str(stated)[:40]!r}, not a number from 1 on")
        if stated > FORMAT:
            raise ArchiveError(_of_the_future(stated, plain.get("needs")))
        for each in range(stated, FORMAT):
            plain = MIGRATIONS[each](plain)
        return msgspec.convert(plain, kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ArchiveError(f"its manifest cannot be read ({' '.join(str(error).split())[:120]})") from None


def _of_the_future(stated: int, needs: object) -> str:
    version = f"version {needs[:20]}" if isinstance(needs, str) and needs else "a later version"
    return f"its format {str(stated)[:20]} needs {version} of Nablascope; this is {__version__}"
