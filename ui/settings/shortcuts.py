"""The keys of commands: as the program brings them, or as a person has changed them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QAction, QKeySequence

from ui.settings.settings import Settings

NATIVE = QKeySequence.SequenceFormat.NativeText


class Shortcuts:
    """Every command by its name, and which keys give it; changes are stored at once."""

    def __init__(self, actions: Iterable[QAction]) -> None:
        self._actions: dict[str, QAction] = {}
        self._usual: dict[str, list[QKeySequence]] = {}
        for action in actions:
            name = command_name(action.text())
            if name and name not in self._actions:
                self._actions[name], self._usual[name] = action, action.shortcuts()
        for name in self._actions:
            stored = Settings().text(_key(name), "unchanged")
            if stored != "unchanged":
                self._give(name, [QKeySequence(stored)] if stored else [])

    @property
    def names(self) -> tuple[str, ...]:
        """Of all commands, in alphabetical order."""
        return tuple(sorted(self._actions))

    def keys(self, name: str) -> str:
        """What gives a command now; ``""``: nothing does."""
        return command_keys(self._actions[name])

    def changed(self, name: str) -> bool:
        """Whether a person has changed its keys."""
        return self._actions[name].shortcuts() != self._usual[name]

    def conflict(self, name: str, keys: QKeySequence) -> str:
        """The command that these keys give already; ``""`` where they are free."""
        others = (other for other in self._actions if other != name)
        return next((other for other in others if keys in self._actions[other].shortcuts()), "") if keys else ""

    def change(self, name: str, keys: QKeySequence) -> str:
        """Let these keys, none if they are empty, give a command; why they cannot, or ``""``."""
        if other := self.conflict(name, keys):
            return f"{keys.toString(NATIVE)} is already the key of “{other}”: give that another one first."
        self._give(name, [] if keys.isEmpty() else [keys])
        Settings().set(_key(name), keys.toString())
        return ""

    def reset(self, name: str) -> str:
        """Its keys as the program brings them; why that cannot be, or ``""``."""
        for keys in self._usual[name]:
            if other := self.conflict(name, keys):
                return f"{keys.toString(NATIVE)} is now the key of “{other}”: reset that one first."
        self._give(name, self._usual[name])
        Settings().forget(_key(name))
        return ""

    def reset_all(self) -> None:
        """All keys as the program brings them."""
        for name in self._actions:
            self._give(name, self._usual[name])
            Settings().forget(_key(name))

    def _give(self, name: str, keys: list[QKeySequence]) -> None:
        action = self._actions[name]
        before = command_keys(action)
        action.setShortcuts(keys)
        now, tip = command_keys(action), action.toolTip()
        if before and tip.endswith(f" ({before})"):
            tip = tip.removesuffix(f" ({before})")
            action.setToolTip(f"{tip} ({now})" if now else tip)


def command_name(text: str) -> str:
    """What a command or a menu is called: its text without marks."""
    return text.replace("&", "").rstrip("…")


def command_keys(action: QAction) -> str:
    """What gives a command, as this desktop writes it; empty where nothing does."""
    return action.shortcut().toString(NATIVE)


def forget_shortcuts() -> None:
    """What was changed is as the program brings it, from the next window on."""
    Settings().forget("keys")


def _key(name: str) -> str:
    return f"keys/{name}"
