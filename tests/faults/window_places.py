"""Where the window writes and opens."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtGui import QImage
from shiboken6 import isValid

from tests.faults.cells import Place
from tests.faults.faults import BROKEN, CHANGED, DENIED, FULL, KILLED, MEMORY, OF_READING, READ_ONLY, VANISHED
from tests.faults.headless_places import (
    experiment,
    experiment_is_whole,
    put_experiment,
    put_run,
    run_is_whole,
)
from tests.faults.window import Listening, be_unsaved, held, said, wait, window
from tests.simulator.mutants import carrier_bytes, images_bytes, run_bytes, table_bytes
from ui.dialogs import files
from ui.dialogs.table import TableDialog
from ui.export import ExportError, export_all, export_plot
from ui.plots.base import Plot
from ui.settings.fault_log import FaultLog, log
from ui.settings.session_folder import SessionFolder
from ui.settings.settings import Settings, storing
from ui.start.pictures import keep_file_picture
from ui.style.theme import LIGHT
from ui.window.recovery import NOTE, Recovery
from ui.window.recovery_offer import left_by, note_of

WRITTEN = (FULL, READ_ONLY, VANISHED, DENIED, BROKEN, KILLED, MEMORY)


def _save(ending: str, folder: Path) -> str:
    be_unsaved()
    path = folder / f"net{ending}"
    with mock.patch.object(files, "ask_save", return_value=path):
        window().experiments.save_as()
        wait(lambda: not window().bench.keeper.busy)
    return said()


def _save_changed(ending: str, folder: Path) -> str:
    """Ctrl+S onto a file that another program has written; what is asked, and cancelled."""
    asked: list[str] = []

    def ask(_parent: object, path: Path, *, gone: bool, reload: bool) -> str:
        asked.append(f"asked: {path.name} {'has gone' if gone else 'was changed by another program'}")
        return "cancel"

    with mock.patch.object(files, "ask_changed", ask):
        window().experiments.save()
    return " ".join(asked)


def _put_opened(ending: str, folder: Path) -> None:
    (put_experiment if ending == ".json" else put_run)(folder)
    be_unsaved(folder / f"net{ending}")


SESSIONS: list[tuple[SessionFolder, Recovery]] = []
"""That which is kept in now; none in between."""


def _begin_session(folder: Path) -> None:
    be_unsaved()
    session = SessionFolder(folder)
    recovery = Recovery(window().bench, session, window())
    recovery.failed.connect(window().banner.say)
    SESSIONS.append((session, recovery))


def _end_session() -> None:
    while SESSIONS:
        session, recovery = SESSIONS.pop()
        recovery.close()
        recovery.deleteLater()
        session.leave()


def _autosave(folder: Path) -> str:
    """What cannot be kept is logged, and said once."""
    if not SESSIONS:
        _begin_session(folder)
    be_unsaved()
    with Listening() as keeping:
        SESSIONS[0][1].keep()
        wait(lambda: not SESSIONS[0][1].busy)
        QCoreApplication.processEvents()
    return said() or keeping.told


def _autosaved() -> str:
    _end_session()
    return held()


def _put_kept(folder: Path) -> None:
    _begin_session(folder)
    told = _autosave(folder)
    assert not told, told
    _end_session()


def _kept_is_whole(folder: Path) -> str:
    """Whether what was kept can be restored."""
    session = SessionFolder(folder)
    try:
        if not (session.path / NOTE).exists():
            return ""
        note = note_of(session)
        return "" if note is not None and left_by(session, note) is not None else "nothing can be restored"
    finally:
        session.leave()


def _plot() -> Plot[Any]:
    wait(lambda: any(plot.state is not None for plot in window().plot_area.plots.values()))
    return next(plot for plot in window().plot_area.plots.values() if plot.state is not None)


def _export(ending: str, folder: Path) -> str:
    be_unsaved()
    try:
        export_plot(_plot(), folder / f"plot{ending}")
    except ExportError as error:
        return str(error)
    return ""


def _export_all(folder: Path) -> str:
    be_unsaved()
    try:
        export_all([_plot()], folder / "plots", "png")
    except ExportError as error:
        return str(error)
    return ""


def _put_old(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"old")


def _old_or_new(name: str, folder: Path) -> str:
    content = (folder / name).read_bytes()
    return "" if content == b"old" or len(content) > 100 else "neither old nor new"


def _keep_picture(folder: Path) -> str:
    be_unsaved()
    image = QImage(480, 280, QImage.Format.Format_RGB32)
    image.fill(0)
    with Listening() as keeping, mock.patch("ui.start.pictures._kept", return_value=folder):
        keep_file_picture(Path("net.json"), LIGHT, image)
    return keeping.told


def _prefer(folder: Path) -> str:
    be_unsaved()
    told: list[str] = []
    before = QSettings().fileName()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    storing.failed.connect(told.append)
    Settings().set("window/theme", "dark")
    storing.store()
    storing.failed.disconnect(told.append)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(Path(before).parents[1]))
    Settings().set("window/theme", "light")
    storing.store()
    return " ".join(told)


def _put_settings(folder: Path) -> None:
    (folder / "Nablascope").mkdir()
    (folder / "Nablascope" / "Nablascope.ini").write_text("[window]\ntheme=light\n")


def _log(folder: Path) -> str:
    be_unsaved()
    faults = FaultLog(folder / "state")
    told: list[str] = []
    faults.reported.connect(lambda sentence, _details: told.append(sentence))
    faults.install()
    try:
        for number in range(30):
            log.info("%d%s", number, "x" * 5000)
    finally:
        faults.uninstall()
    return " ".join(told)


def _open(name: str, folder: Path) -> str:
    be_unsaved()
    asked: list[str] = []

    def ask(*_given: object) -> str:
        asked.append("it opens, once that is saved")
        return "cancel"

    with mock.patch.object(files, "ask_unsaved", ask):
        window().experiments.open_path(folder / name)
        for dialog in window().findChildren(TableDialog):
            wait(lambda d=dialog: not isValid(d) or d.pages.currentIndex() == 1)
            if isValid(dialog):
                asked.append("its dialog shows what there is of it")
                dialog.reject()
    QCoreApplication.processEvents()
    return said() or " ".join(asked)


def _put(name: str, content: Callable[[], bytes], folder: Path) -> None:
    (folder / name).write_bytes(content())


def _restore(folder: Path) -> str:
    """Where nothing can be restored, nothing is offered; the log says why."""
    be_unsaved()
    with Listening() as keeping:
        try:
            session = SessionFolder(folder)
        except OSError as error:
            return f"log: {error.strerror}"
        note = note_of(session)
        left = left_by(session, note) if note is not None else None
        session.leave()
    return keeping.told or ("nothing is offered" if left is None else "offered")


def saving(ending: str) -> Place:
    """The document, or its run."""
    whole = experiment_is_whole if ending == ".json" else run_is_whole
    memory = "ui.bench.document.write" if ending == ".json" else "simulator.running.nabla.run_file.write_into"
    put = put_experiment if ending == ".json" else put_run
    what = "experiment" if ending == ".json" else "run"
    return Place(f"save {what}", put, functools.partial(_save, ending), WRITTEN, memory, whole, held)


def saving_changed(ending: str) -> Place:
    def change(folder: Path) -> None:
        path = folder / f"net{ending}"
        path.write_bytes(path.read_bytes() + b"\n")

    return Place(
        f"Ctrl+S onto {ending}", functools.partial(_put_opened, ending), functools.partial(_save_changed, ending),
        (CHANGED,), held=held, change=change,
    )  # fmt: skip


def _share(parts: frozenset[str], folder: Path) -> str:
    be_unsaved()
    window().banner.clear()
    window().sharing.write(folder / "talk.nabla", parts)
    wait(lambda: not window().sharing.busy)
    return said()


def sharing(what: str, *parts: str) -> Place:
    name = "talk.nabla"
    return Place(
        f"share {what}", functools.partial(_put_old, name), functools.partial(_share, frozenset(parts)), WRITTEN,
        "simulator.running.nabla.shared_file.add_head", functools.partial(_old_or_new, name), held,
    )  # fmt: skip


def exporting(ending: str) -> Place:
    name = f"plot{ending}"
    return Place(
        f"export {ending}", functools.partial(_put_old, name), functools.partial(_export, ending), WRITTEN,
        "ui.export.pictures.csv_text" if ending == ".csv" else "ui.export.pictures.write_atomic",
        functools.partial(_old_or_new, name), held,
    )  # fmt: skip


def opening(what: str, name: str, content: Callable[[], bytes], memory: str) -> Place:
    return Place(
        f"open {what}", functools.partial(_put, name, content), functools.partial(_open, name), OF_READING, memory,
        held=held,
    )  # fmt: skip


def _experiment_bytes() -> bytes:
    return experiment().to_json()


@functools.cache
def _run_bytes() -> bytes:

    return run_bytes()


PLACES = (
    saving(".json"),
    saving(".nabla"),
    saving_changed(".json"),
    saving_changed(".nabla"),
    Place("autosave", _begin_session, _autosave, WRITTEN, "ui.window.recovery.write_atomic", _kept_is_whole, _autosaved,
          changes=True),
    sharing("experiment", "workspace", "pins"),
    sharing("run", "run"),
    exporting(".png"),
    exporting(".svg"),
    exporting(".csv"),
    Place("export all", lambda _folder: None, _export_all, (FULL, READ_ONLY, DENIED, BROKEN, MEMORY),
          "ui.export.pictures.write_atomic", held=held, changes=True),
    Place("recent picture", lambda _folder: None, _keep_picture, (FULL, READ_ONLY, DENIED, BROKEN, MEMORY),
          "ui.start.pictures.write_atomic", held=held),
    Place("preferences, arrangement", _put_settings, _prefer, (FULL, READ_ONLY, DENIED), held=held),
    Place("log", lambda _folder: None, _log, (FULL, READ_ONLY, DENIED), held=held, changes=True),
    opening("experiment", "x.json", _experiment_bytes, "ui.bench.document.read"),
    opening("run", "x.nabla", _run_bytes, "simulator.running.nabla.archive.zip_of"),
    opening("picture", "x.png", lambda: carrier_bytes(".png"), "ui.window.experiments.extract"),
    opening("table", "x.csv", table_bytes, "ui.dialogs.table_reader.read"),
    opening("images", "x.zip", images_bytes, "ui.window.experiments.check_images"),
    Place("restore", _put_kept, _restore, OF_READING, "ui.window.recovery_offer.read_regular", held=held, changes=True),
)  # fmt: skip
