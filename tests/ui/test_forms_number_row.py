"""Number rows: the mapping of the track, the hand on it, typing, defaults and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from simulator.schema.parameter import Spec, knob, parameter
from ui.forms.number_row import NumberRow
from ui.forms.scale import TrackScale, scale_of
from ui.forms.typed import parsed, text_of
from ui.style.restyle import set_theme

LEFT = Qt.MouseButton.LeftButton


def hold(qtbot: Any, host: QWidget) -> None:
    """Keep ``host`` for as long as the test, or Python may collect it while Qt is painting it."""
    qtbot.addWidget(host)
    qtbot.__dict__.setdefault("held", []).append(host)


class Numbers(Spec, frozen=True, kw_only=True):
    """Every sort of number there is."""

    rate: Annotated[float, knob("rate", "How fast.", slider=(1e-5, 10), log=True, ge=0, unit="η", live=True)] = 0.1
    penalty: Annotated[float, knob("penalty", "How much.", slider=(0, 1), log=True, ge=0)] = 0.0
    share: Annotated[float, knob("share", "Kept.", slider=(0, 1), ge=0, lt=1)] = 0.5
    units: Annotated[int, knob("units", "How many.", slider=(1, 2000), log=True, ge=1)] = 100
    clip: Annotated[float | None, knob("clip", "Cut.", slider=(1e-3, 100), log=True, gt=0)] = None
    seed: Annotated[int, knob("seed", "Which one.", ge=0)] = 0


def shown(qtbot: Any, name: str) -> NumberRow:
    host = QWidget()
    hold(qtbot, host)
    host.resize(290, 60)
    row = NumberRow(parameter(Numbers, name))
    row.setParent(host)
    row.resize(290, 60)
    host.show()
    return row


class Heard:
    """What a row emitted."""

    def __init__(self, row: NumberRow) -> None:
        self.changed: list[Any] = []
        self.committed: list[Any] = []
        row.changed.connect(self.changed.append)
        row.committed.connect(self.committed.append)


@given(st.floats(0, 1))
def test_a_place_on_a_logarithmic_track_maps_back_to_itself_within_rounding(place: float) -> None:
    scale = scale_of(parameter(Numbers, "rate"))
    assert scale is not None
    assert scale.position(scale.value(place)) == pytest.approx(place, abs=2e-3)


def test_the_middle_of_a_logarithmic_track_is_the_geometric_mean() -> None:
    scale = scale_of(parameter(Numbers, "rate"))
    assert scale is not None
    assert scale.value(0.5) == pytest.approx(1e-2, rel=1e-2)


def test_a_logarithmic_track_from_zero_starts_at_exactly_zero_and_never_falls() -> None:
    scale = scale_of(parameter(Numbers, "penalty"))
    assert scale is not None
    values = [scale.value(i / 1000) for i in range(1001)]
    assert values[0] == 0.0
    assert values[-1] == 1.0
    assert values == sorted(values)
    assert 1e-4 < scale.value(0.5) < 1e-2


def test_an_excluded_end_is_not_on_the_track() -> None:
    scale = scale_of(parameter(Numbers, "share"))
    assert scale is not None
    assert scale.value(1.0) < 1


@given(st.floats(-1e6, 1e6))
def test_a_widened_scale_holds_the_value_and_what_it_held(value: float) -> None:
    scale = TrackScale(1e-5, 10, log=True, floor=1e-5).widened(value)
    assert scale.low <= value <= scale.high
    assert scale.low <= 1e-5
    assert scale.high >= 10
    assert 0 <= scale.position(value) <= 1


@given(st.integers(1, 2000), st.sampled_from([-10, -1, 1, 10]))
def test_a_nudged_integer_moves_or_stands_at_an_end(value: int, steps: int) -> None:
    scale = scale_of(parameter(Numbers, "units"))
    assert scale is not None
    moved = scale.nudged(value, steps)
    assert moved == int(moved)
    assert (moved - value) * steps > 0 or moved in (1, 2000)


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.1"), (1e-4, "1e-4"), (1.25e-12, "1.25e-12"), (0, "0"), (128, "128"), (2e6, "2e6")]
)
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert text_of(value) == text


@given(st.floats(1e-12, 1e12))
def test_a_written_number_reads_back(value: float) -> None:
    assert parsed(parameter(Numbers, "rate"), text_of(value)) == pytest.approx(value, rel=1e-5)


def test_a_drag_emits_changes_and_one_commit(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    track = row.track
    assert track is not None
    y = track.height() // 2
    qtbot.mousePress(track, LEFT, pos=QPoint(round(track.x_of(0.1)), y))
    for x in range(round(track.x_of(0.1)), track.width(), 4):
        qtbot.mouseMove(track, QPoint(x, y))
    assert heard.committed == []
    qtbot.mouseRelease(track, LEFT, pos=QPoint(track.width(), y))
    assert len(heard.changed) > 3
    assert heard.changed == sorted(heard.changed)
    assert heard.committed == [heard.changed[-1]]
    assert row.value() == heard.committed[0] > 1


def test_pressing_the_handle_without_moving_changes_nothing(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    assert row.track is not None
    qtbot.mouseClick(row.track, LEFT, pos=QPoint(round(row.track.x_of(0.1)) + 2, 12))
    assert heard.changed == []
    assert row.value() == 0.1


def test_a_double_click_on_track_or_label_returns_to_the_default(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    assert row.track is not None
    for place in (row.track, row.label):
        row.set_value(3.0)
        qtbot.mouseDClick(place, LEFT, pos=QPoint(3, 4))
        assert row.value() == 0.1
    assert heard.committed == [0.1, 0.1]


@pytest.mark.parametrize(("key", "sign"), [("Right", 1), ("Left", -1), ("PageUp", 1), ("PageDown", -1)])
def test_keys_move_the_handle_and_commit_when_let_go(qtbot: Any, key: str, sign: int) -> None:
    row = shown(qtbot, "share")
    heard = Heard(row)
    assert row.track is not None
    qtbot.keyClick(row.track, getattr(Qt.Key, f"Key_{key}"))
    assert (heard.committed[0] - 0.5) * sign > 0
    assert len(heard.committed) == 1


def wheel(row: NumberRow) -> None:
    assert row.track is not None
    at = QPointF(5, 5)
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(row.track, event)


def test_the_wheel_turns_only_what_has_the_focus_and_one_turn_is_one_commit(qtbot: Any) -> None:
    row = shown(qtbot, "share")
    heard = Heard(row)
    wheel(row)
    assert heard.changed == []
    assert row.track is not None
    row.activateWindow()
    row.track.setFocus()
    qtbot.waitUntil(row.track.hasFocus)
    wheel(row)
    wheel(row)
    assert len(heard.changed) == 2
    qtbot.waitUntil(lambda: len(heard.committed) == 1)
    assert heard.committed == [heard.changed[-1]]


def type_in(qtbot: Any, row: NumberRow, text: str) -> None:
    row.edit.selectAll()
    qtbot.keyClicks(row.edit, text)
    qtbot.keyClick(row.edit, Qt.Key.Key_Return)


def test_a_typed_value_beyond_the_slider_widens_the_track(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    type_in(qtbot, row, "250")
    assert heard.committed == [250.0]
    assert row.track is not None
    assert row.track.scale.high == 250
    type_in(qtbot, row, "0")
    assert row.value() == 0.0
    assert row.track.scale.position(0.0) == 0.0


@pytest.mark.parametrize("text", ["2.5e-4", "2.5·10⁻⁴", "0.00025", " 2.5×10⁻⁴ "])
def test_a_number_may_be_typed_as_programs_or_as_people_write_it(qtbot: Any, text: str) -> None:
    row = shown(qtbot, "rate")
    row.edit.selectAll()
    row.edit.insert(text)
    qtbot.keyClick(row.edit, Qt.Key.Key_Return)
    assert row.value() == 2.5e-4
    assert row.edit.text() == "2.5e-4"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("rate", "-1", "Rate must be ≥ 0, not −1. It stays 0.1."),
        ("rate", "ten", "Rate must be a number, not “ten”. It stays 0.1."),
        ("rate", "nan", "Rate must be a number, not NaN. It stays 0.1."),
        ("units", "2.5", "Units must be a whole number, not 2.5. It stays 100."),
        ("share", "1", "Share must be 0 … below 1, not 1. It stays 0.5."),
    ],
)
def test_a_typed_value_outside_the_range_is_refused_in_one_sentence(
    qtbot: Any, name: str, text: str, sentence: str
) -> None:
    row = shown(qtbot, name)
    heard = Heard(row)
    before = row.value()
    type_in(qtbot, row, text)
    assert row.warning.text() == sentence
    assert row.warning.isVisible()
    assert row.value() == before
    assert row.edit.text() == text_of(before)
    assert heard.committed == []
    type_in(qtbot, row, "1" if name == "units" else "0.25")
    assert not row.warning.isVisible()


def test_escape_takes_typing_back(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    row.edit.selectAll()
    qtbot.keyClicks(row.edit, "77")
    qtbot.keyClick(row.edit, Qt.Key.Key_Escape)
    assert row.edit.text() == "0.1"


def test_a_null_number_is_switched_on_and_off_by_its_check_box(qtbot: Any) -> None:
    row = shown(qtbot, "clip")
    heard = Heard(row)
    assert row.switch is not None
    assert row.track is not None
    assert row.value() is None
    assert not row.track.isEnabled()
    qtbot.mouseClick(row.switch, LEFT, pos=QPoint(6, row.switch.height() // 2))
    assert row.track.isEnabled()
    assert heard.committed == [1.0]
    qtbot.mouseClick(row.switch, LEFT, pos=QPoint(6, row.switch.height() // 2))
    assert heard.committed == [1.0, None]


def test_integers_stay_integers(qtbot: Any) -> None:
    row = shown(qtbot, "units")
    heard = Heard(row)
    assert row.track is not None
    qtbot.mouseClick(row.track, LEFT, pos=QPoint(row.track.width() // 3, 12))
    type_in(qtbot, row, "1e3")
    assert all(type(value) is int for value in heard.committed)
    assert heard.committed[-1] == 1000


def test_a_number_without_a_range_has_no_track_and_counts_with_the_arrow_keys(qtbot: Any) -> None:
    row = shown(qtbot, "seed")
    heard = Heard(row)
    assert row.track is None
    qtbot.keyClick(row.edit, Qt.Key.Key_Up)
    qtbot.keyClick(row.edit, Qt.Key.Key_Down)
    qtbot.keyClick(row.edit, Qt.Key.Key_Down)
    assert heard.committed == [1, 0]


def test_setting_values_emits_nothing_and_mixed_values_show_as_mixed(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    row.set_value(0.5)
    row.set_values([0.5, 0.25])
    assert row.edit.text() == ""
    assert row.edit.placeholderText() == "mixed"
    assert heard.changed == heard.committed == []
    type_in(qtbot, row, "0.5")
    assert heard.committed == [0.5]


def test_a_refresh_does_not_take_the_handle_out_of_the_hand(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    track = row.track
    assert track is not None
    qtbot.mousePress(track, LEFT, pos=QPoint(round(track.x_of(0.1)), 12))
    qtbot.mouseMove(track, QPoint(track.width() - 20, 12))
    dragged = track.number()
    row.set_value(0.2)
    assert track.number() == dragged
    qtbot.mouseRelease(track, LEFT, pos=QPoint(track.width() - 20, 12))


def test_the_track_is_a_slider_that_tells_its_number_to_everyone(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    assert row.track is not None
    told = QAccessible.queryAccessibleInterface(row.track)
    assert told.role() == QAccessible.Role.Slider
    assert told.text(QAccessible.Text.Description) == "0.1 η. How fast."
    row.set_value(3.0)
    assert told.text(QAccessible.Text.Description) == "3 η. How fast."
    row.set_values([0.1, 0.2])
    assert told.text(QAccessible.Text.Description) == "mixed. How fast."
    off = shown(qtbot, "clip").track
    assert off is not None
    assert QAccessible.queryAccessibleInterface(off).text(QAccessible.Text.Description) == "off. Cut."


def test_a_place_set_by_an_aid_is_one_change(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    assert row.track is not None
    row.track.setValue(row.track.maximum())
    assert heard.changed == heard.committed == [10.0]


@pytest.mark.parametrize(("key", "end"), [("Home", 1e-5), ("End", 10.0)])
def test_home_and_end_go_to_the_ends_of_the_track(qtbot: Any, key: str, end: float) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    assert row.track is not None
    qtbot.keyClick(row.track, getattr(Qt.Key, f"Key_{key}"))
    assert heard.committed == [end]


@pytest.mark.parametrize("name", ["rate", "penalty", "share", "units"])
@pytest.mark.parametrize("place", [0.0, 0.13, 0.5, 0.77, 1.0])
def test_a_press_beside_the_handle_brings_it_there_and_drags_it_on(qtbot: Any, name: str, place: float) -> None:
    row = shown(qtbot, name)
    heard = Heard(row)
    track, scale = row.track, scale_of(parameter(Numbers, name))
    assert track is not None
    assert scale is not None
    first, last = track.x_of(scale.low), track.x_of(scale.high)
    x = round(first + place * (last - first))
    qtbot.mousePress(track, LEFT, pos=QPoint(x, 12))
    pressed = track.number()
    assert pressed is not None
    assert scale.position(pressed) == pytest.approx((x - first) / (last - first), abs=0.1 if scale.integer else 5e-3)
    qtbot.mouseMove(track, QPoint(round((first + last) / 2), 12))
    dragged = track.number()
    assert dragged is not None
    assert scale.position(dragged) == pytest.approx(0.5, abs=0.02)
    qtbot.mouseRelease(track, LEFT, pos=QPoint(round((first + last) / 2), 12))
    assert heard.committed == [dragged]
    assert not track.dragging


def test_a_drag_that_was_taken_before_its_end_goes_no_further(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    heard = Heard(row)
    track = row.track
    assert track is not None
    qtbot.mousePress(track, LEFT, pos=QPoint(round(track.x_of(0.1)), 12))
    qtbot.mouseMove(track, QPoint(track.width() - 20, 12))
    track.finish()
    taken = list(heard.committed)
    qtbot.mouseMove(track, QPoint(20, 12))
    qtbot.mouseRelease(track, LEFT, pos=QPoint(20, 12))
    assert heard.committed == taken == [row.value()]


def test_a_slider_shows_its_default_and_has_no_handle_while_it_is_mixed(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    track = row.track
    assert track is not None
    row.set_value(1e-4)
    image, x, y = track.grab().toImage(), round(track.x_of(0.1)), track.height() // 2
    assert image.pixelColor(x - 1, y - 7) != image.pixelColor(x - 9, y - 7)
    handle = QRect(round(track.x_of(1e-4)) - 4, y - 4, 8, 8)
    row.set_values([0.1, 0.2])
    groove = QRect(x + 12, y - 4, 8, 8)
    assert track.grab(handle).toImage() == track.grab(groove).toImage() != image.copy(handle)


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[None]:
    """The application in the dark, given back as it was."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    set_theme(qapp, "dark")
    yield
    set_theme(qapp, "light")
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


@pytest.mark.usefixtures("dark")
def test_a_slider_in_the_colours_of_a_theme_shows_its_focus(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    track = row.track
    assert track is not None
    row.activateWindow()
    track.clearFocus()
    plain = track.grab().toImage()
    track.setFocus()
    qtbot.waitUntil(track.hasFocus)
    assert track.grab().toImage() != plain


def test_rows_tell_name_help_range_and_default_to_everyone(qtbot: Any) -> None:
    row = shown(qtbot, "rate")
    assert row.track is not None
    assert row.track.accessibleName() == "rate"
    assert row.edit.accessibleName() == "rate value"
    for piece in ("How fast.", "≥ 0", "Default: 0.1 η", "next step"):
        assert piece in row.toolTip()
