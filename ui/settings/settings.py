"""What the bench remembers between two sessions: recent files, window arrangement, theme."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QCoreApplication, QObject, QSettings, QTimer, Signal

RECENT_LIMIT = 8
LONGEST = 2**20
"""Characters of a text that is remembered."""
SOON_MS = 500
"""What is set one after the other goes to the disk together."""


class _Storing(QObject):
    """Brings what was set to the disk, and says where that cannot be."""

    failed = Signal(str)
    """One sentence, once until something can be stored again."""

    def __init__(self) -> None:
        super().__init__()
        self._reported = self._waiting = False

    def store_soon(self) -> None:
        if QCoreApplication.instance() is not None and not self._waiting:
            self._waiting = True
            QTimer.singleShot(SOON_MS, self.store)

    def store(self) -> None:
        """At once."""
        self._waiting = False
        settings = QSettings()
        settings.sync()
        failed = settings.status() == QSettings.Status.AccessError
        if failed and not self._reported:
            self.failed.emit(
                f"Preferences and arrangement are not remembered: {settings.fileName()} cannot be written."
            )
        self._reported = failed


storing = _Storing()


class Settings:
    """A typed front of :class:`QSettings`; what cannot be read counts as not set."""

    def __init__(self) -> None:
        self._store = QSettings()

    def text(self, key: str, default: str = "") -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) and len(value) <= LONGEST else default

    def number(self, key: str, default: int) -> int:
        try:
            return int(self.text(key, str(default)))
        except ValueError:
            return default

    def blob(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def set(self, key: str, value: str | int | QByteArray) -> None:
        self._store.setValue(key, str(value) if isinstance(value, int) else value)
        storing.store_soon()

    def forget(self, key: str) -> None:
        self._store.remove(key)

    def offers_tour(self) -> bool:
        """Whether the tour has not been offered yet."""
        return self.text("start/tour", "on") != "off"

    def end_tour_offer(self) -> None:
        self.set("start/tour", "off")

    def recent_files(self) -> list[Path]:
        """Files opened or saved lately, newest first; those that have gone are left out."""
        lines = self.text("files/recent").split("\n")[:RECENT_LIMIT]
        return [Path(line) for line in lines if line and _is_file(line)]

    def add_recent(self, path: Path) -> None:
        path = path.resolve()
        paths = [path, *(p for p in self.recent_files() if p != path)]
        self.set("files/recent", "\n".join(str(p) for p in paths[:RECENT_LIMIT]))

    def folder(self, beside: Path | None = None) -> Path:
        """Where files are looked for: ``beside`` a file, else where the last one was, else at home."""
        file = beside or next(iter(self.recent_files()), None)
        return Path.home() if file is None else file.parent

    def clear_recent(self) -> None:
        self.forget("files/recent")


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False
