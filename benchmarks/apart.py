"""Measurements in processes of their own: nothing that was measured before has shaped their memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 300
"""A process that takes longer has failed."""


def ran(code: str, name: str, environment: Mapping[str, str] = {}) -> str:
    """What a process prints that runs ``code``; RuntimeError if it fails."""
    around = dict(os.environ) | dict(environment)
    around["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [around.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=around,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{name} took longer than {LIMIT_SECONDS} s") from None
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr.strip()}")
    return done.stdout


def apart(measure: Callable[..., dict[str, Any]], *given: str | float, environment: Mapping[str, str] = {}) -> Any:
    """What ``measure``, a function of a module, finds there; RuntimeError if it fails."""
    code = f"import json; from {measure.__module__} import {measure.__name__} as measure; "
    code += f"print(json.dumps(measure(*{given!r})))"
    return json.loads(ran(code, measure.__module__, environment).splitlines()[-1])
