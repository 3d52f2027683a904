"""Light and dark as explicit palettes, the one that is on, and the signal that it changed."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QPalette

from ui.style.colours import mix, viridis


class Theme(Struct, frozen=True):
    """Every colour there is: one neutral scale, one accent, forward, backward, warning."""

    name: str
    dark: bool
    window: str
    """Behind everything."""
    panel: str
    """Cards, lists and the ground of plots."""
    raised: str
    """Buttons and fields."""
    hover: str
    border: str
    grid: str
    faint: str
    """Unimportant marks; not for reading."""
    disabled: str
    """What cannot be used now; it can be read all the same."""
    muted: str
    """Second-rank text: axis names, units, notes."""
    text: str
    accent: str
    on_accent: str
    forward: str
    backward: str
    warning: str
    path_2: str
    """Of six paths beside each other: accent, this, forward, backward, and two more."""
    path_5: str
    path_6: str
    depth: tuple[float, float]
    """The share of viridis that stays readable on ``panel``."""

    @property
    def lost(self) -> str:
        """Cells of images that are not a number."""
        return mix(self.panel, self.warning, 0.6)


LIGHT = Theme(
    name="light", dark=False,
    window="#f3f4f6", panel="#ffffff", raised="#fafbfc", hover="#e9ecf0", border="#d5d9e0", grid="#e8ebef",
    faint="#a3abb8", disabled="#667080", muted="#566070", text="#1a1f29", accent="#1f5fc4", on_accent="#ffffff",
    forward="#0f7a47", backward="#7338bd", warning="#935b00",
    path_2="#b8431a", path_5="#b0126b", path_6="#0b6b7d", depth=(0.0, 0.74),
)  # fmt: skip

DARK = Theme(
    name="dark", dark=True,
    window="#12151a", panel="#191d24", raised="#222832", hover="#2c3340", border="#323a47", grid="#262c36",
    faint="#5d6777", disabled="#7b8697", muted="#9ba6b6", text="#e5e9f0", accent="#6ea8ff", on_accent="#0d1526",
    forward="#4cc58d", backward="#b994f7", warning="#f0b13a",
    path_2="#ff9a6b", path_5="#ff85bf", path_6="#5fd3e6", depth=(0.34, 1.0),
)  # fmt: skip

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


class _Themes(QObject):
    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.theme = LIGHT


_themes = _Themes()

theme_changed = _themes.changed
"""Emitted with the new :class:`Theme` after palette and style sheet are in place."""


def current_theme() -> Theme:
    return _themes.theme


def take_theme(theme: Theme) -> None:
    """Have ``theme`` be the present one; ``theme_changed`` tells of it once everything is in place."""
    _themes.theme = theme


def qpalette(theme: Theme) -> QPalette:
    """The theme in Qt's roles, disabled ones included."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window, role.WindowText: theme.text, role.Base: theme.panel,
        role.AlternateBase: theme.raised, role.Text: theme.text, role.Button: theme.raised,
        role.ButtonText: theme.text, role.BrightText: theme.warning, role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent, role.Link: theme.accent, role.LinkVisited: theme.accent,
        role.ToolTipBase: theme.raised, role.ToolTipText: theme.text, role.PlaceholderText: theme.muted,
        role.Light: theme.raised, role.Midlight: theme.hover, role.Mid: theme.border,
        role.Dark: theme.border, role.Shadow: theme.border, role.Accent: theme.accent,
    }  # fmt: skip
    palette = QPalette()
    for key, colour in colours.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.border))
    return palette


def depth_colours(count: int, theme: Theme) -> tuple[str, ...]:
    """One viridis colour per layer, input to output, trimmed to what reads well on the theme's panel."""
    return viridis(count, *theme.depth)


def layer_colour(row: int, depth: int, theme: Theme) -> str:
    """The colour of one row of a run of ``depth`` rows, the same wherever the layer is drawn."""
    return depth_colours(max(depth, 1), theme)[min(row, depth - 1)]
