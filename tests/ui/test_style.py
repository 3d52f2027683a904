from __future__ import annotations

import gc
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from simulator.running.stop_rules import Epochs
from tests.ui.pixels import alpha, is_of, pixels
from ui.style.colours import mix, ramp, rgb
from ui.style.icons import ICONS, RESOURCES, app_icon, icon, set_icon
from ui.style.numbers import tabular
from ui.style.restyle import set_theme, styled_once
from ui.style.stylesheet import stylesheet
from ui.style.theme import DARK, LIGHT, Theme, current_theme, depth_colours, qpalette, theme_changed
from ui.window.stop_control import StopControl

THEMES = (LIGHT, DARK)


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    """The application, given back as it was."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    yield qapp
    set_theme(qapp, "light")
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb(colour)]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio (L₁ + 0.05) / (L₂ + 0.05): 1 (none) to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1.0


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("ground", ["window", "panel"])
def test_what_is_disabled_can_be_read_and_is_told_from_what_is_not(theme: Theme, ground: str) -> None:
    assert contrast(theme.disabled, getattr(theme, ground)) >= 4.5
    assert contrast(theme.disabled, theme.text) >= 3.0


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "forward", "backward", "warning"])
@pytest.mark.parametrize("ground", ["window", "panel", "raised", "hover"])
def test_text_has_enough_contrast(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_selected_text_has_enough_contrast(theme: Theme) -> None:
    assert contrast(theme.on_accent, theme.accent) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("depth", [1, 2, 20, 200])
def test_layers_are_told_apart_and_from_the_ground(theme: Theme, depth: int) -> None:
    colours = depth_colours(depth, theme)
    assert len(colours) == depth
    assert min(contrast(colour, theme.panel) for colour in colours) >= 2.0
    lightness = [luminance(colour) for colour in colours]
    assert all(later >= earlier - 0.002 for earlier, later in itertools.pairwise(lightness))


def test_mixing_ends_at_its_colours() -> None:
    for share, wanted in ((0.0, "#336699"), (1.0, "#ffcc00")):
        mixed = mix("#336699", "#ffcc00", share)
        assert max(abs(a - b) for a, b in zip(rgb(mixed), rgb(wanted), strict=True)) <= 1 / 255
    assert len(ramp(("#000000", "#ffffff"), 7)) == 7


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_palette_carries_the_theme(theme: Theme) -> None:
    palette = qpalette(theme)
    assert palette.color(QPalette.ColorRole.Window).name() == theme.window
    assert palette.color(QPalette.ColorRole.Text).name() == theme.text
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name() == theme.disabled


def test_a_theme_restyles_what_is_there(app: QApplication, qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    set_theme(app, "light")
    set_icon(button, "play")
    before = button.icon().pixmap(16, 16).toImage()
    with qtbot.waitSignal(theme_changed) as heard:
        set_theme(app, "dark")
    assert heard.args == [DARK]
    assert current_theme() is DARK
    assert app.palette().window().color().name() == DARK.window
    assert DARK.panel in app.styleSheet()
    assert button.icon().pixmap(16, 16).toImage() != before


def test_what_takes_its_style_sheet_on_when_all_is_made_looks_as_if_it_had_it_from_the_start(
    app: QApplication, qtbot: QtBot
) -> None:
    set_theme(app, "dark")
    looks = []
    for around in (nullcontext(), styled_once()):
        with around:
            holder = QWidget()
            stop = StopControl(holder)
        qtbot.addWidget(holder)
        stop.choose(next(kind for kind in stop.entries if kind is not None and not issubclass(kind, Epochs)))
        holder.show()
        stop.resize(stop.sizeHint())
        looks.append((stop.limit.size(), stop.count.sizeHint(), stop.sizeHint(), stop.grab().toImage()))
    assert looks[0] == looks[1]


def test_the_style_sheet_is_back_where_making_a_window_fails(app: QApplication) -> None:
    set_theme(app, "light")
    sheet = app.styleSheet()
    with pytest.raises(ValueError, match="no window"), styled_once():
        raise ValueError("no window")
    assert app.styleSheet() == sheet != ""


def test_system_follows_the_desktop(app: QApplication) -> None:
    set_theme(app, "system")
    wanted = DARK if app.styleHints().colorScheme().name == "Dark" else LIGHT
    assert current_theme() is wanted


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("name", ICONS)
def test_every_icon_draws_something_of_its_own(qapp: QApplication, name: str, theme: Theme) -> None:
    image = icon(name, theme).pixmap(32, 32).toImage()
    opaque = np.count_nonzero(alpha(image) > 128)
    assert 10 < opaque < 700
    assert all(icon(other, theme).pixmap(32, 32).toImage() != image for other in ICONS if other != name)


def test_an_unknown_icon_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(KeyError, match="nosuch"):
        icon("nosuch")


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.75, 2.0, 3.0])
def test_icons_are_drawn_with_the_pixels_of_the_screen(qapp: QApplication, ratio: float) -> None:
    drawn = icon("play", LIGHT).pixmap(QSize(18, 18), ratio)
    assert drawn.size() == (QSizeF(18, 18) * ratio).toSize()
    assert drawn.devicePixelRatio() == ratio


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("name", ICONS)
def test_icons_tell_whether_they_are_checked_or_disabled(qapp: QApplication, name: str, theme: Theme) -> None:
    for mode, state, ink in (
        (QIcon.Mode.Normal, QIcon.State.Off, theme.text),
        (QIcon.Mode.Active, QIcon.State.On, theme.accent),
        (QIcon.Mode.Disabled, QIcon.State.Off, theme.disabled),
        (QIcon.Mode.Disabled, QIcon.State.On, theme.disabled),
    ):
        image = icon(name, theme).pixmap(QSize(64, 64), mode, state).toImage()
        colours = Counter(pixels(image)[alpha(image) == 255].tolist())
        assert colours.most_common(1)[0][0] == QColor(ink).rgba()


def test_an_icon_of_no_size_is_an_empty_picture_and_no_complaint(qapp: QApplication) -> None:
    assert icon("info").pixmap(QSize(0, 12)).isNull()


def test_an_icon_can_be_copied_and_the_copy_changed(qapp: QApplication) -> None:
    copy = QIcon(icon("play"))
    copy.addPixmap(QPixmap(4, 4))
    gc.collect()
    assert copy.pixmap(16, 16).toImage() == icon("play").pixmap(16, 16).toImage()


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_the_style_sheet_names_pictures_that_exist(theme: Theme) -> None:
    pictures = re.findall(r'url\("([^"]+)"\)', stylesheet(theme))
    assert pictures
    assert [name for name in pictures if not Path(name).is_file()] == []


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize(
    ("picture", "ink"),
    [
        ("chevron", "muted"),
        ("chevron-up", "muted"),
        ("chevron-left", "muted"),
        ("chevron-right", "muted"),
        ("check", "on_accent"),
        ("mixed", "on_accent"),
        ("folder-plus", "muted"),
        ("rows", "muted"),
        ("columns", "muted"),
        ("clear", "muted"),
    ],
)
def test_pictures_of_the_style_sheet_have_the_colours_of_their_theme(theme: Theme, picture: str, ink: str) -> None:
    drawing = (RESOURCES / f"{picture}-{theme.name}.svg").read_text()
    assert re.findall(r'stroke="(#\w+)"', drawing) == [getattr(theme, ink)]


def _share(image: QImage, colour: str) -> float:
    return float(is_of(image, colour).mean())


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_a_check_box_shows_its_state_in_either_theme(app: QApplication, qtbot: QtBot, theme: Theme) -> None:
    set_theme(app, "dark" if theme.dark else "light")
    box = QCheckBox()
    qtbot.addWidget(box)
    drawn = {}
    for state in Qt.CheckState:
        box.setTristate(True)
        box.setCheckState(state)
        drawn[state] = box.grab().toImage()
    box.setEnabled(False)
    off = box.grab().toImage()
    assert _share(drawn[Qt.CheckState.Unchecked], theme.accent) == 0
    assert _share(drawn[Qt.CheckState.Checked], theme.accent) > 0.1
    assert _share(drawn[Qt.CheckState.PartiallyChecked], theme.accent) > 0.1
    assert drawn[Qt.CheckState.Checked] != drawn[Qt.CheckState.PartiallyChecked]
    assert _share(off, theme.accent) == 0 < _share(off, theme.faint)


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_the_buttons_of_a_file_dialog_are_in_the_theme_s_colours(app: QApplication, qtbot: QtBot, theme: Theme) -> None:
    set_theme(app, "dark" if theme.dark else "light")
    dialog, field = QFileDialog(), QLineEdit("words")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    field.setClearButtonEnabled(True)
    for widget in (dialog, field):
        qtbot.addWidget(widget)
    pictured = [button for each in (dialog, field) for button in each.findChildren(QToolButton) if button.icon()]
    assert len({button.objectName() for button in pictured}) == 7
    for button in pictured:
        image = button.icon().pixmap(16, 16).toImage()
        inks = [QColor(pixel) for pixel in pixels(image)[alpha(image) > 128].tolist()]
        apart = [abs(one - other) for ink in inks for one, other in zip(rgb(ink.name()), rgb(theme.muted), strict=True)]
        assert 0 < len(inks) < 200, button.objectName()
        assert max(apart) < 0.03, button.objectName()


def test_the_application_has_an_icon(qapp: QApplication) -> None:
    assert app_icon().availableSizes() or not app_icon().pixmap(64, 64).isNull()
    assert not app_icon().pixmap(64, 64).toImage().allGray()


def test_tabular_digits_are_asked_for(qapp: QApplication) -> None:
    font = tabular(QFont())
    assert font.featureTags() if hasattr(font, "featureTags") else True


def test_every_folder_of_resources_has_its_licence_said() -> None:
    folders = [path.name for path in RESOURCES.parent.iterdir() if path.is_dir() and not path.name.startswith("_")]
    text = (RESOURCES.parent / "LICENSE").read_text(encoding="utf-8")
    assert folders
    assert [name for name in folders if f"{name}/" not in text] == []
