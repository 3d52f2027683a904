"""Sources that a library compiles at each start are compiled at the first."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.system.kept_bytecode import ENDING, keep_bytecode


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of sources that were compiled; what is kept is kept in a folder of the test's own."""
    names: list[str] = []
    usual: Any = builtins.compile

    def noted(source: Any, name: Any, *more: Any, **named: Any) -> Any:
        if not Path(name).is_absolute():  # A module that Python itself compiles.
            names.append(str(name))
        return usual(source, name, *more, **named)

    monkeypatch.setattr(builtins, "compile", noted)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return names


def result(source: bytes, name: str = "library/part.py") -> object:
    """What ``found`` is where a library compiles and runs ``source`` at a start."""
    module: dict[str, object] = {}
    with keep_bytecode(__file__, ("library/",)):
        exec(builtins.compile(source, name, "exec"), module)
    return module["found"]


def test_a_source_is_compiled_once_as_long_as_it_stays_the_same(compiled: list[str]) -> None:
    assert [result(b"found = 6 * 7"), result(b"found = 6 * 7"), result(b"found = 8 * 9")] == [42, 42, 72]
    assert compiled == ["library/part.py", "library/part.py"]


def test_other_sources_are_compiled_each_time(compiled: list[str]) -> None:
    assert [result(b"found = 1", "other.py"), result(b"found = 1", "other.py")] == [1, 1]
    assert compiled == ["other.py", "other.py"]


@pytest.mark.parametrize("damage", [b"", b"nothing that Python has written", b"i\x01\x00\x00\x00"])
def test_what_was_kept_and_is_damaged_is_made_again(damage: bytes, compiled: list[str], tmp_path: Path) -> None:
    result(b"found = 1")
    (kept,) = tmp_path.rglob(f"*{ENDING}")
    kept.write_bytes(damage)
    assert [result(b"found = 1"), result(b"found = 1")] == [1, 1]
    assert len(compiled) == 2


def test_where_python_keeps_no_bytecode_none_is_kept(
    compiled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [result(b"found = 1"), result(b"found = 1")] == [1, 1]
    assert len(compiled) == 2
    assert not list(tmp_path.rglob(f"*{ENDING}"))


def test_where_nothing_can_be_written_all_goes_on(compiled: list[str], tmp_path: Path) -> None:
    (tmp_path / "bytecode").write_text("a file stands where the folder would")
    assert result(b"found = 1") == 1
