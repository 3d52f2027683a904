"""Exported scripts at work in this process: importing a library for each would take longer than its check."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from simulator.code.export import MODEL


def script_in(folder: Path) -> dict[str, Any]:
    """What a script defines, as importing it would."""
    path = folder / MODEL
    defined: dict[str, Any] = {"__name__": "model", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), defined)
    return defined


def status_of(folder: Path, *options: str, apart: bool = False) -> int:
    """With which a script that checks itself ends: in this process, or ``apart`` in one of its own."""
    path, arguments = folder / MODEL, ["--check", *options]
    if apart:
        return subprocess.run([sys.executable, path, *arguments], capture_output=True).returncode
    before, sys.argv = sys.argv, [str(path), *arguments]
    try:
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), {"__name__": "__main__", "__file__": str(path)})
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    return 0


def unavoidable(folder: Path, exact: bool) -> float:
    """About which difference a script takes for rounding's, if it says any."""
    told = re.findall(
        r"differences of about\", (\S+) if exact else (\S+)\)", (folder / MODEL).read_text(encoding="utf-8")
    )
    return float(told[0][not exact]) if told else 0.0
