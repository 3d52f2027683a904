"""What another hand has made of preferences, log, sessions, pictures and workspaces: nothing hangs, nothing is run."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import QSettings, qInstallMessageHandler
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from simulator.running.nabla.run_file import is_run_file
from simulator.system.process_lock import ProcessLock
from simulator.system.regular_file import UnfitFileError
from tests.simulator.mutants import picture_bytes, scratched
from tests.simulator.small_disk import read_only_disk
from ui.board.workspaces import KEY, Workspaces
from ui.settings.fault_log import FILE, FaultLog, log, tail_of
from ui.settings.preferences import NUMBERS, PREFERENCES, prefer, preferred
from ui.settings.session_folder import FOLDER, SessionFolder, left_behind
from ui.settings.settings import Settings, storing
from ui.settings.settings_file import set_unfit_aside, settings_path
from ui.start.picture_button import pixmap_in
from ui.start.pictures import file_picture, keep_file_picture
from ui.style.theme import LIGHT
from ui.window.recovery import NOTE
from ui.window.recovery_offer import note_of

unix = pytest.mark.skipif(sys.platform == "win32", reason="no pipes and links there")


class Executed:
    """Where an object is made of it, a file appears."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def path(qtbot: QtBot) -> Iterator[Path]:
    """The settings' file, which is there."""
    Settings().set("window/theme", "dark")
    QSettings().sync()
    path = settings_path()
    assert path.is_file()
    assert path == Path(QSettings().fileName())
    yield path
    storing.store()


def with_object(path: Path, mark: Path) -> bytes:
    """Settings in which an object stands that would make ``mark``."""
    other = QSettings(str(path.with_name("other.ini")), QSettings.Format.IniFormat)
    other.setValue("window/theme", Executed(mark))
    other.sync()
    return path.with_name("other.ini").read_bytes()


def numbered(content: bytes, letter: bytes) -> bytes:
    """With a letter of the object's head written by its number."""
    head, tail = content.split(b"@Variant", 1)
    return head + b"@Variant".replace(letter, b"\\x%x" % letter[0]) + tail


@pytest.mark.parametrize(
    "bend",
    [
        lambda content: content,
        lambda content: numbered(content, b"@"),
        lambda content: numbered(content, b"n"),
        lambda content: content.replace(b"@Variant", b"@Var\\\niant"),
        lambda content: content.replace(b"@Variant", b'@Var""iant'),
        lambda content: content.replace(b"@Variant", b"@Var\\iant"),
        lambda content: content.replace(b"@Variant", b"\\100Variant"),
    ],
)
def test_no_object_is_made_of_what_stands_in_the_preferences(
    path: Path, tmp_path: Path, bend: Callable[[bytes], bytes]
) -> None:
    mark = tmp_path / "executed"
    path.write_bytes(bend(with_object(path, mark)))
    sentence = set_unfit_aside()
    QSettings().sync()
    for preference in PREFERENCES:
        preferred(preference)
    assert not mark.exists()
    if sentence:
        assert "first day" in sentence
        assert not path.exists()
        assert path.with_stem(f"{path.stem}-2").exists()


def test_an_object_would_be_made_where_it_is_not_set_aside(path: Path, tmp_path: Path) -> None:
    """What the test before is about; since 6.12 PySide6 refuses it itself."""
    other = path.with_name("read.ini")
    other.write_bytes(with_object(path, tmp_path / "executed"))
    with contextlib.suppress(RuntimeError):
        QSettings(str(other), QSettings.Format.IniFormat).value("window/theme")
    assert (tmp_path / "executed").exists() == (PySide6.__version_info__ < (6, 12))


@unix
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large"])
def test_what_is_no_settings_file_is_set_aside_and_said(path: Path, kind: str) -> None:
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"[a]\n" + b"x=1\n" * 2**21)
    sentence = set_unfit_aside()
    assert "\n" not in sentence
    assert f"not a file but a {kind}" in sentence or "larger than 4 MiB" in sentence
    assert not os.path.lexists(path)
    prefer(NUMBERS, "comma")
    assert preferred(NUMBERS) == "comma"


def test_settings_of_our_own_are_never_set_aside(path: Path) -> None:
    settings = Settings()
    for text in ("plain", "@Variant", "a@b", 'ü \N{GREEK SMALL LETTER SIGMA} \n \x00 ; = "quoted"', "[]" * 100):
        settings.set("key", text)
        settings.set("blob", QImage(3, 3, QImage.Format.Format_RGB32).text().encode().hex())
        QSettings().sync()
        assert set_unfit_aside() == ""
    assert path.exists()


def test_mutants_of_preferences_are_read_as_far_as_they_can_be(path: Path, qtbot: QtBot) -> None:
    for preference in PREFERENCES:
        prefer(preference, preference.choices[-1][0] if preference.choices else "7")
    workspaces = Workspaces()
    workspaces.save_as("Mine")
    QSettings().sync()
    whole, draws = path.read_bytes(), random.Random(0)
    for _ in range(150):
        path.write_bytes(scratched(whole, draws))
        set_unfit_aside()
        QSettings().sync()
        for preference in PREFERENCES:
            assert preference.allows(preferred(preference))
        made = Workspaces()
        assert made.has(made.current)
        assert all(is_run_file(each) or each for each in Settings().recent_files())


@pytest.mark.parametrize(
    "stored",
    [
        "[" * 100_000, "[]", "3", '{"own": 3}', '{"own": {"own-1": 3}}', '{"own": {"own-" : "x"}}',
        json.dumps({"own": {"own-" + "9" * 5000: "x", "own-٣": "y"}}),
        json.dumps({"own": {f"own-{n}": "x" * 250 for n in range(3000)}}),
        '{"size": 1e999, "current": []}', '{"arrangements": {"flow": [{"plots": ["loss", "loss"]}]}}',
        '{"arrangements": {"flow": [{"plots": ["loss"], "columns": 99999999999999999999}]}}',
    ],
    ids=range(11),
)  # fmt: skip
def test_stored_workspaces_that_are_none_leave_those_of_the_program(qtbot: QtBot, stored: str) -> None:
    Settings().set(KEY, stored)
    workspaces = Workspaces()
    assert workspaces.current == "flow"
    assert len(workspaces.all) <= 1000
    assert all(len(workspace.title) <= 200 for workspace in workspaces.all)
    if len(workspaces.all) < 1000:
        workspaces.save_as("Mine")
        assert Workspaces().present.title == "Mine"


def test_an_arrangement_of_a_later_version_stays_for_that_one(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    later = json.dumps({"format": 2, "needs": "9.1.0", "current": "why"})
    Settings().set(KEY, later)
    Workspaces().save_as("Mine")
    assert Settings().text(f"{KEY}-of-a-later-version") == later
    assert "needs version 9.1.0" in caplog.text


def test_where_settings_cannot_be_stored_one_sentence_says_so(path: Path, qtbot: QtBot) -> None:
    with read_only_disk(path.parent):
        with qtbot.waitSignal(storing.failed) as told:
            Settings().set("window/theme", "light")
        assert re.fullmatch(r"Preferences .* are not remembered: .* cannot be written\.", told.args[0])
        with qtbot.assertNotEmitted(storing.failed, wait=700):
            Settings().set("window/theme", "dark")


# -- the state folder -------------------------------------------------------------------------------------------------


@unix
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_log_that_is_no_file_is_not_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / FILE
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    faults = FaultLog(tmp_path)
    told: list[str] = []
    faults.reported.connect(lambda sentence, _details: told.append(sentence))
    faults.install()
    try:
        log.warning("something")
        assert f"not a file but a {kind}" in told[0]
        assert tail_of(path) == ""
    finally:
        faults.uninstall()


@unix
def test_what_is_no_session_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    whole = SessionFolder.begun(tmp_path)
    whole.leave()
    for name in ("pipe-lock", "linked-lock", "folder-lock", "pipe-crash"):
        (folder / name).mkdir()
    os.mkfifo(folder / "pipe-lock" / "lock")
    (tmp_path / "mine").write_text("mine")
    (folder / "linked-lock" / "lock").symlink_to(tmp_path / "mine")
    (folder / "folder-lock" / "lock").mkdir()
    os.mkfifo(folder / "pipe-crash" / "crash.txt")
    (folder / "link").symlink_to(tmp_path)
    (folder / "file").write_text("")
    os.mkfifo(folder / "pipe")
    left = list(left_behind(tmp_path))
    assert {session.path.name for session in left} == {whole.path.name, "pipe-crash"}
    assert [session.crash for session in left] == ["", ""]
    assert (tmp_path / "mine").read_text() == "mine"
    for session in left:
        session.leave()


@unix
def test_a_lock_is_not_taken_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError):
        ProcessLock(tmp_path / "lock", "this folder")
    assert (tmp_path / "mine").read_text() == "mine"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnfitFileError, match="pipe"):
        ProcessLock(tmp_path / "pipe", "this folder")


@pytest.mark.parametrize(
    "note",
    [
        b"", b"[]", b"{}", b"[" * 60_000, b'{"name": "x", "seconds": 1e300, "changed": true}', b"\xff" * 100,
        b'{"name": "x", "seconds": -1e300, "changed": true}', b'{"name": 3, "seconds": 0, "changed": true}',
        b'{"name": "x", "seconds": 0, "changed": true, "format": 2, "needs": "9.1.0"}', b" " * 70_000,
        b'{"name": "x", "seconds": 0, "changed": true, "document": "../../x"}',
    ],
    ids=range(11),
)  # fmt: skip
def test_a_note_that_is_none_offers_nothing(tmp_path: Path, note: bytes, caplog: pytest.LogCaptureFixture) -> None:
    session = SessionFolder.begun(tmp_path)
    (session.path / NOTE).write_bytes(note)
    assert note_of(session) is None
    assert ("needs version 9.1.0" in caplog.text) == (b"9.1.0" in note)
    session.end()


@unix
def test_pictures_of_recent_files_are_read_only_where_they_are_pictures(tmp_path: Path, qtbot: QtBot) -> None:
    image = QImage(48, 28, QImage.Format.Format_RGB32)
    image.fill(0)
    mine = tmp_path / "mine.json"
    assert keep_file_picture(mine, LIGHT, image)
    path = file_picture(mine, LIGHT)
    assert not pixmap_in(path).isNull()
    draws, whole = random.Random(0), path.read_bytes()
    before = qInstallMessageHandler(lambda *_: None)  # The library says what is wrong with each.
    for _ in range(100):
        path.write_bytes(scratched(whole, draws))
        pixmap_in(path)
    qInstallMessageHandler(before)
    path.write_bytes(picture_bytes("GIF"))
    assert pixmap_in(path).isNull()
    QImage(9000, 500, QImage.Format.Format_Mono).save(str(path))
    assert pixmap_in(path).isNull()
    path.unlink()
    os.mkfifo(path)
    assert pixmap_in(path).isNull()
    path.unlink()
