"""One line that gives way: what is drawn of it, and what is still told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from ui.style.elided_label import ElidedLabel
from ui.window.status import StatusLine

SENTENCE = "Layer 1's gradient is 3.1×10⁻⁶ of layer 10's: the slopes lose 5.2 decades, the weights 0.3"


def drawn(qtbot: QtBot, text: str, width: int, right: bool = False) -> QImage:
    label = ElidedLabel(text)
    qtbot.addWidget(label)
    label.setAlignment(Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag(0)))
    label.resize(width, 20)
    return label.grab().toImage()


@pytest.mark.parametrize("width", [12, 60, 200, 2000])
@pytest.mark.parametrize("right", [False, True])
def test_what_does_not_fit_ends_with_an_ellipsis(qtbot: QtBot, width: int, right: bool) -> None:
    shortened = QLabel().fontMetrics().elidedText(SENTENCE, Qt.TextElideMode.ElideRight, width)
    assert (shortened == SENTENCE) == (width == 2000)
    assert drawn(qtbot, SENTENCE, width, right) == drawn(qtbot, shortened, 2000, right).copy(
        2000 - width if right else 0, 0, width, 20
    )


def test_the_whole_text_is_told_however_narrow_the_label_is(qtbot: QtBot) -> None:
    label = ElidedLabel("before")
    qtbot.addWidget(label)
    label.resize(30, 20)
    label.setText(SENTENCE)
    assert label.text() == label.toolTip() == SENTENCE


def test_marks_of_a_markup_are_letters(qtbot: QtBot) -> None:
    assert drawn(qtbot, "<b>", 200) != drawn(qtbot, "", 200)


def test_the_label_gives_way_before_its_neighbours(qtbot: QtBot) -> None:
    host, label, button = QWidget(), ElidedLabel(SENTENCE), QPushButton("Export")
    qtbot.addWidget(host)
    row = QHBoxLayout(host)
    row.addWidget(label, 1)
    row.addWidget(button)
    host.resize(160, 40)
    host.show()
    assert host.width() == 160
    assert button.width() >= button.sizeHint().width()
    host.resize(600, 40)
    assert label.width() > 400


SAID = "Suspected: The rate is high, by 22.4 times. After 40 steps the loss is 2.97, where 2.3 is a guess."


def test_the_status_line_ends_with_a_whole_sentence_or_clause(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.say(SAID)
    advance = line.fontMetrics().horizontalAdvance
    whole = advance(SAID)
    shown = dict.fromkeys(line.shortened(width) for width in range(whole, advance("Suspected: …") - 1, -1))
    assert list(shown) == [
        SAID,
        "Suspected: The rate is high, by 22.4 times.",
        "Suspected: The rate is high …",
        "Suspected …",
    ]
    assert line.text() == line.accessibleDescription() == SAID
