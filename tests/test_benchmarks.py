"""The benchmark runs and gives valid JSON; how fast anything is, no test says."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import house, versions
from benchmarks.rounds import Prepared, seconds_of

ROOT = Path(__file__).parents[1]
SCREENLESS = ["step", "convolution", "recurrent", "threads", "scaling", "memory", "analyses", "doctor"]
WINDOWED = ["where", "preflight", "start", "window", "cards", "large"]


def result_of(sections: list[str], folder: Path) -> tuple[dict[str, Any], str]:
    file = folder / "speed.json"
    arguments = ["--quick", "--threads", "1", "--json", str(file), "--sections", *sections]
    done = subprocess.run(
        [sys.executable, "benchmarks/speed.py", *arguments],
        cwd=ROOT,
        env=dict(os.environ) | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text(encoding="utf-8")), done.stdout


def numbers(data: Any) -> list[float]:
    if isinstance(data, dict):
        return [number for value in data.values() for number in numbers(value)]
    if isinstance(data, list):
        return [number for value in data for number in numbers(value)]
    return [float(data)] if isinstance(data, int | float) and not isinstance(data, bool) else []


def check(sections: list[str], folder: Path) -> dict[str, Any]:
    result, said = result_of(sections, folder)
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["versions"]["numpy"]
    assert list(result["sections"]) == sections
    for name in sections:
        found = numbers(result["sections"][name])
        assert found, f"{name} measured nothing"
        assert all(math.isfinite(number) for number in found), name
        assert f"## {name}" in said
    sections_found: dict[str, Any] = result["sections"]
    return sections_found


@pytest.mark.slow
def test_what_needs_no_screen_runs_to_valid_json(tmp_path: Path) -> None:
    found = check(SCREENLESS, tmp_path)
    for net in found["step"]["tanh, 1"].values():
        assert set(net["over_gemm"]) == {"bare", "bare counted", "plain", "scalars", "tenth", "full", "recorded"}
        assert all(spread["low"] <= spread["median"] <= spread["high"] for spread in net["over_gemm"].values())
        assert set(net["over_limit"]) == set(net["over_gemm"])
        assert net["limit_over_gemm"]["low"] > 1
    assert all(mark["spike_kept"] for mark in found["memory"].values())


def test_a_section_that_draws_runs_to_valid_json(tmp_path: Path) -> None:
    check(["preflight"], tmp_path)


@pytest.mark.slow
def test_what_draws_runs_to_valid_json(tmp_path: Path) -> None:
    pytest.importorskip("PySide6")
    found = check(WINDOWED, tmp_path)
    assert set(found["window"]) == {"offscreen, a, thread", "offscreen, a, process"}
    assert all(entry["frames_per_second"]["high"] > 0 for entry in found["window"].values())


def written_tree(root: Path, files: dict[str, str]) -> house.Tree:
    contract = '[[tool.importlinter.contracts]]\ntype = "layers"\ncontainers = ["simulator"]\nlayers = ["a", "b | c"]\n'
    for name, text in ({"pyproject.toml": contract, "main.py": ""} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return house.Tree(root)


def test_the_house_is_measured_by_what_its_files_hold(tmp_path: Path) -> None:
    methods = "".join(f"    def m{number}(self): ...\n" for number in range(31))
    files = {
        "simulator/a/one.py": "from simulator.b import two\n",
        "simulator/b/two.py": "def late():\n    import simulator.a.one\n",
        "simulator/c/many.py": f"class Many:\n{methods}",
        "simulator/stray.py": "x: int = 'one'  # type: ignore\n",
    }
    found = house.measures(written_tree(tmp_path, files))
    assert found["files in circles"] == "2"
    assert found["modules on no floor"] == found["modules at the root of `simulator/` beside `__init__`"] == "1"
    assert found["classes of more than 30 methods"] == "1 (Many 31)"
    assert found["`type: ignore`"] == "1"


def test_a_row_of_two_versions_is_a_time_or_a_rate_turned_round() -> None:
    data = {"a": {"ms": {"median": 2.0}, "ratio": {"median": 9.0}}, "b": {"frames_per_second": {"median": 4.0}}}
    assert dict(versions.rows(data, (), "step")) == {("a", "ms"): 2.0, ("b", "frames_per_second"): 0.25}


def test_lines_that_went_are_of_commits_that_took_away_more_than_they_added(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", tmp_path, *words], check=True)

    git("init", "-q")
    shown = tmp_path / "main.py"
    for lines in (10, 14, 9, 6, 7):
        shown.write_text("".join(f"x = {number}\n" for number in range(lines)), encoding="utf-8")
        (tmp_path / "notes.txt").write_text("a\n" * (20 - lines), encoding="utf-8")
        git("add", ".")
        git("commit", "-qm", f"{lines} lines")
    assert house.taken_away(tmp_path, "HEAD~4") == (2, 8)
    assert house.taken_away(tmp_path, "HEAD~1") == (0, 0)


def test_what_brings_a_work_to_its_start_and_its_first_step_count_for_nothing() -> None:
    now, began = [0.0], []

    def work(steps: int) -> None:
        began.append(now[0])
        now[0] += 2.0 * steps

    def prepare() -> None:
        now[0] += 100.0

    assert seconds_of(Prepared(prepare, work), 5, lambda: now[0]) == 2.0
    assert began == [100.0, 102.0]
