"""Regular expressions that a library compiles when it is imported, compiled where they are first asked something.

Qt's bindings and pyqtgraph compile theirs at each start, most for nothing: docs/DECISIONS.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

METHODS = frozenset(("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"))


class _Method:
    """One of a pattern's; no function, which would be a method of any class that it stands in."""

    def __init__(self, pattern: DeferredPattern, name: str) -> None:
        self._pattern, self._name = pattern, name

    def __call__(self, *given: Any, **named: Any) -> Any:
        return getattr(self._pattern.compiled, self._name)(*given, **named)


class DeferredPattern:
    """Stands for a pattern; a method of it can be had, and kept, before it is compiled."""

    def __init__(self, make: Callable[[], re.Pattern[Any]]) -> None:
        self._make = make
        self._made: re.Pattern[Any] | None = None

    @property
    def compiled(self) -> re.Pattern[Any]:
        """The pattern itself."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Method(self, name) if name in METHODS else getattr(self.compiled, name)


@contextmanager
def deferred_patterns() -> Iterator[None]:
    """Within, ``re.compile`` gives patterns that are compiled with their first use."""
    compile_now: Any = re.compile
    vars(re).update(compile=lambda *given, **named: DeferredPattern(lambda: compile_now(*given, **named)))
    try:
        yield
    finally:
        vars(re).update(compile=compile_now)
