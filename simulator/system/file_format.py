"""Formats of what is written: each that there was opens for ever, one that is to come names the version it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from simulator.system.version import __version__

Migration = Callable[[dict[str, Any]], dict[str, Any]]
LONGEST_VERSION = 20


class FormatError(ValueError):
    """A file is of no format, or of one to come; one sentence without the file's name."""


def _none() -> Mapping[int, Migration]:
    return MappingProxyType({})


class FileFormat(Struct, frozen=True):
    """The present format of one kind of file."""

    number: int = 1
    needs: str = "0.1.0"
    """The first version that reads it; written into the file beside the number."""
    migrations: Mapping[int, Migration] = field(default_factory=_none)
    """Format → what makes content of the next one of one of it."""

    def brought_up(self, plain: dict[str, Any], stated: object, name: str = "its format ") -> dict[str, Any]:
        """Content that states this format, as the present one has it; ``name`` names the format in a refusal."""
        if not isinstance(stated, int) or isinstance(stated, bool) or stated < 1:
            raise FormatError(f"{name.strip()} is {str(stated)[:40]!r}, not a number from 1 on")
        if stated > self.number:
            needs = plain.get("needs")
            version = f"version {needs[:LONGEST_VERSION]}" if isinstance(needs, str) and needs else "a later version"
            raise FormatError(f"{name}{str(stated)[:20]} needs {version} of Nablascope; this is {__version__}")
        for number in range(stated, self.number):
            plain = self.migrations[number](plain)
        return plain
