"""The wheel works on every supported Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from distribution.wheel import UV, try_wheel
from nablascope import __version__

PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def find_python(version: str) -> str:
    """Where a Python of this version is, got if need be; skips the test where it cannot be had."""
    subprocess.run([UV, "python", "install", "--quiet", version], capture_output=True)
    found = subprocess.run([UV, "python", "find", "--no-project", version], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(f"uv cannot get Python {version} here")
    return found.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_the_wheel_works_elsewhere(version: str, tmp_path: Path) -> None:
    assert try_wheel(find_python(version), tmp_path) == __version__
