"""The table of places and faults: in each cell one sentence, and nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KNOWN = ("This plugin does not support propagateSizeHints()",)


@pytest.mark.parametrize("arguments", [("--short",), pytest.param((), marks=pytest.mark.slow)])
def test_whatever_goes_wrong_is_one_sentence_and_what_there_was_stays_whole(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *arguments],
        capture_output=True, text=True, cwd=ROOT, check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    wrong = [line for line in done.stdout.splitlines() if "WRONG" in line]
    assert done.returncode == 0, "\n".join([*wrong, done.stderr[-2000:]])
    assert not wrong
    assert "0 wrong" in done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stdout.splitlines()) > 30
