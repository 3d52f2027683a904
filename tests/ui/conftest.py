"""Every test here runs without a screen, in its own settings, and leaves nothing behind."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QSettings,
    QTimer,
    QtMsgType,
    SignalInstance,
    qInstallMessageHandler,
)  # fmt: skip
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

PATIENCE_MS = 120_000
"""How long a test waits for what is to come: so many times what it takes that no busy machine comes near it."""
OFF_SCREEN = (-100, -100)
OFFSCREEN_LACKS = ("This plugin does not support propagateSizeHints()", "This plugin does not support raise()")
"""What the platform without a screen says of itself."""


class PatientBot(QtBot):
    """Waits for what comes, on a busy machine too, where pytest-qt gives up after five seconds."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: SignalInstance, *, timeout: int = PATIENCE_MS, **wanted: Any) -> SignalBlocker:
        return super().waitSignal(signal, timeout=timeout, **wanted)

    def waitExposed(self, widget: QWidget, *, timeout: int = PATIENCE_MS) -> AbstractContextManager[QWidget]:
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def open_on(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """Opens windows on experiments; nothing is asked when they close."""
    from tests.ui.windows import windows

    yield from windows(qtbot, monkeypatch)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """QSettings, and what is kept between two starts, in folders of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    QCoreApplication.setOrganizationName("Nablascope")
    QCoreApplication.setApplicationName("Nablascope")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(tmp_path / "settings"))
    yield
    QSettings().clear()


@pytest.fixture(autouse=True, scope="session")
def empty_clipboard() -> Iterator[None]:
    """Offscreen, what the clipboard holds would outlive the interpreter that made it."""
    yield
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.clipboard().clear()


@pytest.fixture(autouse=True)
def pointer_off_screen() -> None:
    """No test's plot reads out what lies where another left the pointer."""
    if QApplication.instance() is not None:
        QCursor.setPos(*OFF_SCREEN)


@pytest.fixture(autouse=True)
def no_qt_message() -> Iterator[None]:
    """Fails the test that makes Qt complain."""
    said: list[str] = []

    def keep(kind: QtMsgType, _context: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and text not in OFFSCREEN_LACKS:
            said.append(text)

    before = qInstallMessageHandler(keep)
    yield
    qInstallMessageHandler(before)
    assert not said, f"Qt said: {said}"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fails the test that leaves a thread, a visible window or a running timer behind."""
    threads = set(threading.enumerate())
    yield
    app = QApplication.instance()
    if isinstance(app, QApplication):
        left = _left_open(app)
        assert not left, f"left open: {left}"
    stray = [t for t in threading.enumerate() if t not in threads]
    for thread in stray:
        thread.join(PATIENCE_MS / 1000)
    assert not [t for t in stray if t.is_alive()], f"left running: {stray}"


def _left_open(app: QApplication) -> list[str]:
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.processEvents()
    left = [f"window {w!r}" for w in app.topLevelWidgets() if w.isVisible()]
    owners = app.topLevelWidgets()
    left += [f"timer of {w!r}" for w in owners for t in w.findChildren(QTimer) if t.isActive() and not t.isSingleShot()]
    return left
