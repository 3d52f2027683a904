"""A measurement in a process of its own: nothing that was measured before has shaped its memory."""

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
"""A measurement that takes longer has failed."""


def apart(measure: Callable[..., dict[str, Any]], *given: str | float, environment: Mapping[str, str] = {}) -> Any:
    """What ``measure``, a function of a module, finds there; RuntimeError if it fails."""
    code = f"import json; from {measure.__module__} import {measure.__name__} as measure; "
    code += f"print(json.dumps(measure(*{given!r})))"
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
        raise RuntimeError(f"{measure.__module__} took longer than {LIMIT_SECONDS} s") from None
    if done.returncode:
        raise RuntimeError(f"{measure.__module__} could not measure: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])
