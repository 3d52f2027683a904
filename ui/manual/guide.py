"""What the guide's pages list of the program itself: commands with their keys, workspaces, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from simulator.observations.base import Observation
from simulator.observations.registry import analyses
from simulator.running.stop_rules import StopRule
from simulator.schema.parameter import concrete, summary_of
from ui.board.workspaces import BUILT_IN, Workspace
from ui.manual.page import Page, written
from ui.plots import plot_class
from ui.settings.shortcuts import command_keys, command_name

KEYBOARD = "guide/keyboard"
NO_COMMANDS = "The manual in the program lists every command of the window here, with its keys."


def filled(text: str) -> str:
    """The text with the lists that it asks for, as in ``[[workspaces]]``."""
    for name, listed in LISTS.items():
        text = text.replace(f"[[{name}]]", listed())
    return text


def keyboard_page(window: QWidget | None) -> Page:
    """The page on keys, with the commands of a window as their keys are now."""
    commands = NO_COMMANDS if window is None else _commands(window)
    return Page(KEYBOARD, "Keyboard", written(KEYBOARD).replace("[[commands]]", commands))


def _commands(window: QWidget) -> str:
    rows = {keys: text for action in window.findChildren(QAction) for keys, text in _named(action)}
    return "\n".join(["| keys | command |", "|---|---|", *(f"| {keys} | {text} |" for keys, text in rows.items())])


def _named(action: QAction) -> list[tuple[str, str]]:
    """(keys, what they do), if it has both."""
    keys, text = command_keys(action).replace("|", "\\|"), command_name(action.text())
    return [(keys, text)] if keys and text else []


def _workspaces() -> str:
    return "\n".join(f"- **{workspace.title}**: {workspace.explain} {_plots_of(workspace)}." for workspace in BUILT_IN)


def _plots_of(workspace: Workspace) -> str:
    return ", ".join(f"[{plot_class(key).title}](../plots/{key}.md)" for key in workspace.arrangement.keys)


def _analyses() -> str:
    return "\n".join(
        f"- `{name}`: {summary_of(type(analysis))} {_files(analysis)}" for name, analysis in analyses().items()
    )


def _stop_rules() -> str:
    return "\n".join(f"- `{rule().text}`: {summary_of(rule)}" for rule in concrete(StopRule))


def _files(analysis: Observation[Any]) -> str:
    listed = (f"`{file}`: {', '.join(f'`{name}`' for name in columns)}." for file, columns in analysis.columns.items())
    return " ".join(listed)


LISTS: Mapping[str, Callable[[], str]] = {
    "workspaces": _workspaces, "analyses": _analyses, "stop rules": _stop_rules,
}  # fmt: skip
"""What a text may ask for."""
