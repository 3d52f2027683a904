"""The wheel works on every supported Python, and all that name these name the same."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from distribution.pythons import find_python, supported
from distribution.trial import ROOT
from distribution.wheel import try_wheel
from nablascope import __version__


@pytest.mark.slow
@pytest.mark.parametrize("version", supported())
def test_the_wheel_works_elsewhere(version: str, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    assert try_wheel(python, tmp_path) == __version__


def test_a_python_is_taken_for_what_it_says_that_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path / "path", tmp_path / "pyenv" / "versions" / "3.12.1" / "bin"):
        folder.mkdir(parents=True)
    fails, says = tmp_path / "path" / "python3.12", tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python3"
    fails.write_text("#!/bin/sh\nexit 127\n")
    says.write_text("#!/bin/sh\necho 3.12\n")
    for program in (fails, says):
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fails.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    assert find_python("3.12") == str(says)
    assert find_python("3.0") is None


def test_the_supported_pythons_are_named_alike_everywhere() -> None:
    oldest, newest = supported()[0], supported()[-1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == f">={oldest}"
    assert project["tool"]["mypy"]["python_version"] == oldest
    assert project["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    for document in ("README.md", "ARCHITECTURE.md"):
        assert f"Python {oldest} to {newest}" in (ROOT / document).read_text(encoding="utf-8"), document
