"""Exported scripts at work in this process: importing a library for each would take longer than its check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from simulator.code.export import MODEL


def script_in(folder: Path) -> dict[str, Any]:
    """What a script defines, as importing it would."""
    path = folder / MODEL
    defined: dict[str, Any] = {"__name__": "model", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), defined)
    return defined


def accepted(folder: Path) -> float:
    """The largest difference that a script accepts in float64."""
    return float(re.findall(r"check\(exact\), (\S+) if exact", (folder / MODEL).read_text(encoding="utf-8"))[0])
