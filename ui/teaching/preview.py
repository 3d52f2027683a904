"""The lesson as the pupil will see it, while it is made."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from simulator.lessons.formula import FormulaError, FormulaValue
from simulator.lessons.question import AnyQuestion
from simulator.lessons.text import filled
from ui.lessons.answer_forms import QuestionBox
from ui.lessons.prose import Prose
from ui.style.boxes import STRETCH, in_column
from ui.style.text_size import resize_text, scaled, with_text
from ui.style.widgets import scroll_down
from ui.teaching.model import LessonInMaking

SETTLED_MS = 300
"""After the last key, before all is set anew."""
LEAST = 225


class Preview(QScrollArea):
    """Follows the draft."""

    def __init__(self, making: LessonInMaking) -> None:
        super().__init__()
        self.making = making
        self.setAccessibleName("As the pupil sees it")
        scroll_down(self)
        with_text(self, lambda preview: preview.setMinimumWidth(scaled(LEAST)))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLED_MS)
        self._timer.timeout.connect(self.show_draft)
        for signal in (making.changed, making.exchanged, making.measured):
            signal.connect(self._timer.start)
        self.show_draft()

    def show_draft(self) -> None:
        """All of it anew, at the place where it was read."""
        at = self.verticalScrollBar().value()
        inner = QWidget()
        in_column(*self._parts(), STRETCH, on=inner, spacing=6, margins=(12, 6, 12, 12))
        self.setWidget(inner)
        QTimer.singleShot(0, self, lambda: self.verticalScrollBar().setValue(at))

    def _parts(self) -> list[QWidget]:
        draft = self.making.draft
        plain, known = draft.plain, draft.known()
        after = {**known, **self.making.numbers}
        parts: list[QWidget] = [
            _title(plain.get("title", "")),
            _prose("Text of the lesson", plain.get("text", ""), known),
        ]
        parts += [self._question(place, each, known) for place, each in enumerate(draft.questions, 1)]
        suggestions = "\n".join(f"- {each['text']}" for each in plain.get("playground", []))
        sources = "\n".join(f"- {each}" for each in plain.get("sources", []))
        for title, text in (("Why", plain.get("why", "")), ("To try after", suggestions), ("Sources", sources)):
            if text:
                parts += [_heading(f"After the run: {title.lower()}"), _prose(title, text, after)]
        return parts

    def _question(self, place: int, plain: Mapping[str, object], known: Mapping[str, FormulaValue]) -> QWidget:
        """With its form, as soon as it is whole."""
        try:
            whole = {**plain, "expected": plain["expected"] or 0, "source": plain["source"] or "–"}
            question = msgspec.convert({**whole, "measured": plain["measured"] or 0}, AnyQuestion)
            box = QuestionBox(place, question, known)
        except (msgspec.ValidationError, FormulaError):
            return _prose(f"Question {place}", f"**{place}.** {plain.get('prompt') or '…'}", known)
        box.form.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return box


def _title(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    resize_text(label, 1.25, bold=True)
    return label


def _heading(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    resize_text(label, 1.0, bold=True)
    return label


def _prose(name: str, text: str, names: Mapping[str, FormulaValue]) -> Prose:
    """Numbers that are not known yet stand as they are written."""
    prose = Prose(name)
    try:
        prose.say(filled(text, names))
    except FormulaError:
        prose.say(text)
    return prose
