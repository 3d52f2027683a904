"""The manual: what each plot, finding and part is, with formulas; opened from anywhere in the program."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.manual.window import ManualWindow


def open_manual(owner: QWidget, path: str = "") -> ManualWindow:
    """Bring the manual of ``owner``'s window to the front, at a page if one is named."""
    window = owner.window()
    manual = window.findChild(ManualWindow) or ManualWindow(window)
    if path:
        manual.open_page(path)
    manual.show()
    manual.activateWindow()
    return manual


__all__ = ["ManualWindow", "open_manual"]
