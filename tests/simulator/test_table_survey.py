"""The survey of tables says what is usable, what is refused and with which sentence."""

from pathlib import Path

import pytest

from tests.tables import survey


def test_every_table_of_a_folder_is_usable_or_refused_with_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{n},{n * 0.7 % 3:.2f},{n * 7 % 5},{n % 2}\n" for n in range(20))
    (tmp_path / "good.csv").write_text("n,a,b,label\n" + rows)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "notes.md").write_text("no table")
    report = tmp_path / "report.md"
    monkeypatch.setattr("sys.argv", ["survey.py", str(tmp_path), "--report", str(report)])
    assert survey.main() == 1
    told = capsys.readouterr().out
    assert "2 tables" in told
    assert "usable: **1 (50.0%)**" in told
    assert "| empty.csv | empty.csv: the file is empty |" in told
    assert "| counts the rows | 1 |" in told
    assert report.read_text() == told[:-1]
