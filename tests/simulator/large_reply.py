"""A worker that tells something large and then leaves a file behind; without an import that takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGE = bytes(300_000)


@dataclass(frozen=True)
class LargeReply:
    """Hires it."""

    path: Path

    def __call__(self, inbox: Any, post: Callable[[bytes], None]) -> Callable[[], None]:
        def loop() -> None:
            post(LARGE)
            self.path.touch()
            inbox.get(None)

        return loop
