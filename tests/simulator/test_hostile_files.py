"""Files of every form with something changed in them, and such as would take a machine's memory: one sentence each."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from simulator.data import DataError
from simulator.data.table import Csv
from tests.simulator.bombs import BOMBS, LARGE, QUICK, with_member
from tests.simulator.mutants import FORMS, MOST_MEMORY, MOST_SECONDS, spreadsheet_bytes

ROOT = Path(__file__).parents[2]


def told(module: str, *arguments: object) -> dict[str, Any]:
    """What came of them, by their names; opened in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.simulator.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    # Nothing is said beside it: a library would say it on a person's terminal.
    assert not done.stderr, done.stderr[-2000:]
    plain: dict[str, Any] = json.loads(done.stdout)
    return plain


def check(each: dict[str, Any], name: str) -> None:
    assert not each["wrong"], (name, each["wrong"][:5])
    assert each["seconds"] < MOST_SECONDS, name
    assert each["memory"] < MOST_MEMORY, name


@pytest.mark.parametrize("tag", [b"</table:ta0ble>", b"", b"</table:table></table:table>"])
def test_a_spreadsheet_whose_tags_do_not_close_each_other_is_refused_and_not_waited_for(
    tmp_path: Path, tag: bytes
) -> None:
    path, whole = tmp_path / "x.ods", spreadsheet_bytes(".ods")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        content = archive.read("content.xml")
    path.write_bytes(with_member(whole, "content.xml", content.replace(b"</table:table>", tag)))
    with pytest.raises(DataError, match="cannot be read"):
        Csv(path=str(path)).settled()


def test_mutants_of_every_form_are_told_in_one_sentence_each_soon_and_in_little_memory() -> None:
    opened = told("mutants", "all", 30, 0)
    assert opened.keys() == FORMS.keys()
    for name, each in opened.items():
        check(each, name)
        assert each["count"] == 30
        assert each["refused"] > 2, name
    assert sum(each["memory"] for each in opened.values()) < MOST_MEMORY


def test_files_that_would_take_more_than_they_are_worth_are_refused_before_they_are_read() -> None:
    opened = told("bombs", "quick")
    assert opened.keys() == set(QUICK)
    for name, each in opened.items():
        check(each, name)
    assert sum(each["memory"] for each in opened.values()) < MOST_MEMORY


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_ten_thousand_mutants_of_a_form_are_told_in_one_sentence_each(name: str) -> None:
    check(told("mutants", name, 10_000, 1)[name], name)


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_what_is_only_large_is_opened(name: str) -> None:
    each = told("bombs", name)[name]
    check(each, name)
    assert each["refused"] == (name not in LARGE)
