"""Bytecode of a library that compiles sources of its own at each start, kept as Python keeps what it compiles."""

from __future__ import annotations

import builtins
import marshal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import cache_from_source, source_hash
from pathlib import Path
from types import CodeType
from typing import Any

ENDING = ".compiled"


def kept_file(source_file: str) -> Path:
    """Where bytecode is kept for a module: beside its own."""
    return Path(cache_from_source(source_file)).with_suffix(ENDING)


@contextmanager
def keep_bytecode(source_file: str, beginnings: tuple[str, ...]) -> Iterator[None]:
    """Within, sources whose names begin so are compiled once, as long as they stay what they are.

    Their bytecode is kept beside that of ``source_file``; where Python keeps none, they are compiled each time.
    """
    path = kept_file(source_file)
    kept = _read(path)
    before = len(kept)
    compile_anew: Any = builtins.compile

    def look_up(source: Any, name: Any, mode: str, *more: Any, **named: Any) -> Any:
        plain = isinstance(source, bytes) and isinstance(name, str) and mode == "exec" and not more and not named
        if not (plain and name.startswith(beginnings)):
            return compile_anew(source, name, mode, *more, **named)
        key = name, source_hash(source)
        if key not in kept:
            kept[key] = compile_anew(source, name, mode)
        return kept[key]

    vars(builtins).update(compile=look_up)
    try:
        yield
    finally:
        vars(builtins).update(compile=compile_anew)
    if len(kept) > before and not sys.dont_write_bytecode:
        _write(path, kept)


def _read(path: Path) -> dict[tuple[str, bytes], CodeType]:
    """What was kept; nothing where there is none, or none that can be read."""
    try:
        found = marshal.loads(path.read_bytes())
    except (OSError, EOFError, ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, kept: dict[tuple[str, bytes], CodeType]) -> None:
    """Keep it, where that can be."""
    from simulator.system.atomic import write_atomic

    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, marshal.dumps(kept))
