from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import read
from simulator.schema.parameter import replaced
from ui.bench.document import Document

PLAIN = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 4}]}


@pytest.fixture
def document(qtbot: object) -> Document:
    return Document(Experiment.from_builtins(PLAIN))


def rate(document: Document) -> float:
    return document.experiment.optimizer.learning_rate


def drag(document: Document, *values: float) -> None:
    for i, value in enumerate(values):
        plain = replaced(document.experiment.to_builtins(), ("optimizer", "learning_rate"), value)
        assert document.propose(plain, "Change learning rate", "rate", i == len(values) - 1) is None


def test_a_drag_is_one_undo_entry(document: Document) -> None:
    before = rate(document)
    drag(document, 0.2, 0.3, 0.4)
    assert rate(document) == 0.4
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert rate(document) == before
    document.undo_stack.redo()
    assert rate(document) == 0.4


def test_two_drags_of_one_slider_are_two_entries(document: Document) -> None:
    drag(document, 0.2, 0.3)
    drag(document, 0.4, 0.5)
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    assert rate(document) == 0.3


def test_a_drag_back_to_the_start_leaves_no_entry(document: Document) -> None:
    drag(document, 0.2, 0.3, rate(document))
    assert document.undo_stack.count() == 0
    assert not document.dirty


def test_a_refused_change_says_where_and_changes_nothing(document: Document) -> None:
    before = document.experiment
    plain = replaced(before.to_builtins(), ("layers", 0, "units"), 0)
    reason = document.propose(plain, "Change units")
    assert reason is not None
    assert "layer 1, units" in reason
    assert document.experiment is before
    assert document.undo_stack.count() == 0


def test_changed_carries_old_and_new(document: Document) -> None:
    seen: list[tuple[Experiment, Experiment]] = []
    document.changed.connect(lambda old, new: seen.append((old, new)))
    before = document.experiment
    drag(document, 0.25)
    document.undo_stack.undo()
    after = seen[0][1]
    assert seen == [(before, after), (after, before)]


def test_saving_makes_clean_and_an_edit_dirty_again(document: Document, tmp_path: Path) -> None:
    drag(document, 0.25)
    assert document.dirty
    assert document.save(tmp_path / "mine.json") is None
    assert not document.dirty
    assert document.name == "mine"
    assert read(tmp_path / "mine.json") == document.experiment
    drag(document, 0.5)
    assert document.dirty
    document.undo_stack.undo()
    assert not document.dirty


def test_a_save_that_fails_leaves_the_old_file_whole(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mine.json"
    assert document.save(target) is None
    before = target.read_bytes()
    drag(document, 0.25)

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    reason = document.save()
    assert reason is not None
    assert "No space left" in reason
    assert target.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["mine.json"]
    assert document.dirty


def test_saving_into_a_folder_that_is_not_there_is_a_sentence(document: Document, tmp_path: Path) -> None:
    reason = document.save(tmp_path / "none" / "x.json")
    assert reason is not None
    assert "x.json" in reason


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"data": {"kind": "nothing"}, "layers": []}'])
def test_a_bad_file_is_one_sentence_and_nothing_is_lost(document: Document, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    drag(document, 0.25)
    before = document.experiment
    reason = document.open(path)
    assert reason is not None
    assert "bad.json" in reason
    assert "\n" not in reason
    assert document.experiment is before
    assert document.undo_stack.count() == 1


def test_opening_forgets_the_past(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({**PLAIN, "seed": 7}))
    drag(document, 0.25)
    opened: list[Experiment] = []
    document.opened.connect(opened.append)
    assert document.open(path) is None
    assert opened == [document.experiment]
    assert document.experiment.seed == 7
    assert not document.dirty
    assert document.undo_stack.count() == 0
    assert document.path == path
