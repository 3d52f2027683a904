"""A lesson on paper: text, questions with room to answer, and, on a sheet of its own, what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF, QUrl
from PySide6.QtGui import (
    QFont,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from simulator.lessons.formula import FormulaError, FormulaValue
from simulator.lessons.lesson import Lesson
from simulator.lessons.question import ChoiceQuestion, CurveQuestion, OrderQuestion, Question
from simulator.lessons.text import PLACE, filled
from simulator.system.atomic import write_atomic
from ui.style.formulas import Lettering
from ui.style.markdown import sheet, stands_in_text, to_html
from ui.style.numbers import number
from ui.style.theme import LIGHT

POINTS = 10.5
DPI = 96
LINE = "_" * 46
BOX = "☐"


def worksheet_text(lesson: Lesson) -> str:
    """The sheet as Markdown, numbers that are known before the run filled in."""
    names = lesson.numbers(lesson.subject)
    parts = [f"# {lesson.title}", f"Name: {LINE}", filled(lesson.text, names), "## What do you predict?"]
    for place, question in enumerate(lesson.questions, 1):
        parts.append(f"**{place}.** {filled(question.prompt, names)}")
        parts += [filled(line, names) for line in _room(question)]
    parts += ["## What did the run measure, and why?", *([LINE * 2] * 5)]
    if lesson.playground:
        parts += ["## Try next", *(f"- {_before(each.text, names)}" for each in lesson.playground)]
    if lesson.sources:
        parts += ["## Sources", "\n".join(f"- {source}" for source in lesson.sources)]
    return "\n\n".join(parts)


def _before(text: str, names: Mapping[str, FormulaValue]) -> str:
    """With its numbers; where only a run tells one, they are left open."""
    try:
        return filled(text, names)
    except FormulaError:
        return PLACE.sub("…", text)


def _room(question: Question) -> list[str]:
    """Where the answer goes."""
    if isinstance(question, ChoiceQuestion):
        return [f"{BOX} {option.text}" for option in question.options]
    if isinstance(question, OrderQuestion):
        return [f"In order: {', '.join(question.items)}", LINE]
    if isinstance(question, CurveQuestion):
        scale = f"from {number(question.low)} to {number(question.high)}"
        head = f"Draw it here: {question.axis} to the right, {question.unit or 'the number'} upwards, {scale}"
        return [head, *["│"] * 8, "└" + "─" * 50]
    return [f"Your number: {LINE}"]


def write_worksheet(lesson: Lesson, path: Path) -> None:
    """Write the sheet as PDF, whole or not at all; OSError if it cannot be written."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _print(lesson, buffer)
    write_atomic(path, bytes(data.data()))


def _print(lesson: Lesson, device: QBuffer) -> None:
    """The writer ends the document when it is gone."""
    writer = QPdfWriter(device)
    writer.setTitle(lesson.title)
    margins, paper = QMarginsF(18, 16, 18, 16), QPageSize(QPageSize.PageSizeId.A4)
    writer.setPageLayout(QPageLayout(paper, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter))
    writer.setResolution(DPI)
    paged(worksheet(lesson), QSizeF(writer.width(), writer.height())).print_(writer)


def paged(document: QTextDocument, size: QSizeF) -> QTextDocument:
    """The document on pages of this size, no heading at the foot of one without what it is over."""
    document.setPageSize(size)
    block = document.begin()
    while block.isValid() and block.next().isValid():
        if block.blockFormat().headingLevel() and page_of(block) != page_of(block.next()):
            breaking = QTextBlockFormat()
            breaking.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
            QTextCursor(block).mergeBlockFormat(breaking)
        block = block.next()
    return document


def page_of(block: QTextBlock) -> int:
    """The page on which a block of a paged document begins."""
    document = block.document()
    top = document.documentLayout().blockBoundingRect(block).y() + block.layout().lineAt(0).y()
    return int(top // document.pageSize().height())


class Sheet(QTextDocument):
    """A document that reads nothing but what stands in it."""

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return super().loadResource(type, name) if stands_in_text(name) else None


def worksheet(lesson: Lesson) -> QTextDocument:
    """The sheet, black on white whatever the theme."""
    font = QFont()
    font.setPointSizeF(POINTS)
    document = Sheet()
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(sheet(LIGHT, POINTS * DPI / 72))
    document.setHtml(to_html(worksheet_text(lesson), Lettering(font, "#000000", 4.0)))
    return document
