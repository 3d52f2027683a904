"""A workspace as it goes along with an experiment: its name and its arrangement, as JSON."""

from __future__ import annotations

import json

from msgspec import Struct

from ui.board.arrangement import Arrangement
from ui.board.workspaces import Workspace

LONGEST_TITLE = 60


class SharedWorkspace(Struct, frozen=True):
    """What :meth:`~ui.board.workspaces.Workspaces.take_in` puts on the board."""

    title: str
    arrangement: Arrangement

    @classmethod
    def of(cls, workspace: Workspace) -> SharedWorkspace:
        return cls(workspace.title, workspace.arrangement)

    def to_json(self) -> bytes:
        plain = {"title": self.title, "arrangement": self.arrangement.to_builtins()}
        return json.dumps(plain, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> SharedWorkspace:
        """What :meth:`to_json` gave; ValueError for anything else."""
        try:
            plain = json.loads(content)
        except (ValueError, RecursionError):
            raise ValueError("the workspace cannot be read") from None
        title = plain.get("title") if isinstance(plain, dict) else None
        if not isinstance(title, str) or not title.isprintable() or not title.strip():
            raise ValueError("the workspace has no name")
        return cls(title.strip()[:LONGEST_TITLE], Arrangement.from_builtins(plain.get("arrangement")))
