"""The list of findings: each with its evidence, and a button for every mend."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from simulator.doctor.base import Remedy
from simulator.running.progress_text import how_far
from simulator.system.progress import Progress
from simulator.system.text import capitalized
from ui.doctor.evidence import evidence_text
from ui.doctor.mends import Mend, MendsLayout, beside_button
from ui.doctor.remedy_button import RemedyButton, remedy_parts, remedy_tip
from ui.doctor.trials import Offer
from ui.doctor.way_back import WayBackButton
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.elided_label import ElidedLabel
from ui.style.help import address, finding_page, follow, page_of, set_page
from ui.style.numbers import count, integer
from ui.style.text_size import embolden, text_width, with_text
from ui.style.widgets import icon_button

NOTHING = "Nothing is wrong as far as the doctor can see."
BODY_MARGINS = 32, 0, 4, 6
MOST_OF_REMEDIES = 0.4
"""Share of a card's width that mends may take beside its words."""
BEGINNING = Progress("", 0.0, 1.0)
SIGNS = {"severe": "●", "warning": "○", "note": "·"}


def _label(role: str = "", *, wrap: bool = False) -> QLabel:
    label = QLabel(textFormat=Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    label.setWordWrap(wrap)
    if role:
        label.setProperty("role", role)
    return label


def place_text(offer: Offer) -> str:
    """``severe · layers 1, 10 · since steps 112 … 119 · by the slope``"""
    finding = offer.finding
    parts: list[str] = ["suspected" if offer.suspected else finding.severity]
    if finding.layers:
        few = finding.layers if len(finding.layers) <= 6 else (*finding.layers[:3], "…", finding.layers[-1])
        parts.append(f"layer{'s' if len(finding.layers) > 1 else ''} {', '.join(few)}")
    first, last = offer.since
    parts.append(f"since step {integer(first)}" if first == last else f"since steps {integer(first)} … {integer(last)}")
    if finding.factor:
        parts.append(f"by the {finding.factor}")
    return "  ·  ".join(parts)


def trying_text(remedies: int, progress: Progress = BEGINNING) -> str:
    """``Trying 3 mends on copies… 40 %, about 12 s left``"""
    text = f"Trying {count(remedies, 'mend')} on copies…"
    return f"{text} {how_far(progress)}" if progress.share else text


def _widen(sign: QLabel) -> None:
    """As wide for each severity, so that names stand under one another."""
    sign.setMinimumWidth(max(text_width(sign.fontMetrics(), each) for each in SIGNS.values()))


class FindingRow(QFrame):
    """One finding: a line, and below it, where it is opened, the evidence and what mends it."""

    chosen = Signal(object, object)
    """The :class:`Remedy` whose button was pressed, and the step that it goes back to, if it does."""
    beside_chosen = Signal(object)
    """The :class:`Remedy` of which a network is to be trained beside the run."""
    toggled = Signal(bool)
    """Opened or closed by a hand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("finding")
        self.offer: Offer | None = None
        self._mends = MendsLayout()
        self.sign, self.name = _label("warning"), _label()
        stays = self.sign.sizePolicy()
        stays.setRetainSizeWhenHidden(True)
        self.sign.setSizePolicy(stays)
        with_text(self.sign, _widen)
        self.summary, self.place = ElidedLabel(), ElidedLabel()
        self.summary.setObjectName("findingSummary")
        self.place.setObjectName("findingSummary")
        self.place.setProperty("role", "muted")
        embolden(self.name)
        self.opener = QToolButton()
        self.opener.setCheckable(True)
        self.opener.setAutoRaise(True)
        self.opener.setArrowType(Qt.ArrowType.RightArrow)
        self._take_clicks()
        self.opener.clicked.connect(self.toggled)
        self.sentence, self.evidence = _label(wrap=True), _label("muted", wrap=True)
        self.note = _label("muted", wrap=True)
        self.manual = self._manual_button()
        self.way_back = WayBackButton(self)
        self.body = QWidget()
        self._lay_out()
        self.set_open(False)

    def _take_clicks(self) -> None:
        """A click anywhere in it gives it the focus: F1 explains what was pointed at last."""
        self.opener.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(self.opener)

    def _manual_button(self) -> QToolButton:
        tip = "What this means, what it goes by and what helps, in the manual"
        button = icon_button("info", "", tip, lambda: follow(address(page_of(self))), self)
        button.setFixedSize(19, 20)
        return button

    def _lay_out(self) -> None:
        head = in_row(
            self.opener, self.sign, self.name, (self.place, 1), (self.summary, 1), self.way_back, self.manual, spacing=8
        )
        words = in_column(self.sentence, self.evidence, self.note, STRETCH, spacing=2)
        self._row = in_row((words, 1), self._mends, on=self.body, spacing=16, margins=BODY_MARGINS)
        in_column(head, self.body, on=self, spacing=0, margins=(4, 0, 4, 0))

    def set_open(self, on: bool) -> None:
        """Whether more than the line is shown; the sentence is in one of both places."""
        self.opener.setChecked(on)
        self.opener.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.body.setVisible(on)
        self.summary.setVisible(not on)
        self.place.setVisible(on)
        self.way_back.fit(self.width(), opened=on)
        self.opener.setToolTip("Close this finding." if on else "Say more of this finding, and what mends it.")

    @property
    def is_open(self) -> bool:
        return self.opener.isChecked()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        # All of the line opens it.
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton and event.position().y() <= self.opener.geometry().bottom():
            self.opener.click()

    def _arrange(self) -> None:
        """Mends stand beside the words where these have most of the width, else below, in lines that fit."""
        widest = self._mends.width_of_line
        beside = widest < MOST_OF_REMEDIES * self.width()
        room = widest if beside else self.width() - BODY_MARGINS[0] - BODY_MARGINS[2] - 8
        self._mends.fit(room)
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._row.direction() != way:
            self._row.setDirection(way)
            self._row.setSpacing(16 if beside else 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.way_back.fit(self.width(), opened=self.is_open)
        self._arrange()

    def say(self, offer: Offer) -> None:
        """Show a finding; buttons that stay the same stay in place, so that a hand can reach them."""
        before, self.offer, finding = self.offer, offer, offer.finding
        set_page(self, finding_page(finding.rule))
        self.manual.setAccessibleName(f"Manual: {finding.rule}")
        self.sign.setText(SIGNS[finding.severity])
        self.sign.setVisible(finding.severity != "note")
        self.name.setText(capitalized(finding.rule))
        self.place.setText(place_text(offer))
        self.way_back.say(offer)
        self.sentence.setText(finding.sentence)
        self.summary.setText(f"{'Suspected: ' if offer.suspected else ''}{finding.sentence}")
        self.opener.setAccessibleName(f"{self.name.text()}: more")
        self.evidence.setText(evidence_text(finding.numbers))
        self.setAccessibleName(f"{'suspected' if offer.suspected else finding.severity}: {finding.rule}")
        self.setAccessibleDescription(finding.sentence)
        if before is None or before.trying != offer.trying or before.note != offer.note:
            self.show_progress(BEGINNING)
        if before is None or (before.finding.remedies, before.back_to) != (finding.remedies, offer.back_to):
            self._show_remedies(offer)

    def show_progress(self, progress: Progress) -> None:
        """How far its mends have been tried, if they are being tried."""
        assert self.offer is not None
        self.note.setText(trying_text(self.offer.trying, progress) if self.offer.trying else self.offer.note)
        self.note.setVisible(bool(self.note.text()))

    def _show_remedies(self, offer: Offer) -> None:
        self._mends.show_mends([self._mend(remedy, offer) for remedy in offer.finding.remedies])
        self._arrange()

    @property
    def mends(self) -> list[Mend]:
        return self._mends.mends

    @property
    def buttons(self) -> list[RemedyButton]:
        """Those that apply a mend."""
        return [mend.button for mend in self.mends]

    def _mend(self, remedy: Remedy, offer: Offer) -> Mend:
        back_to = offer.back_to if remedy.application == "checkpoint" else None
        button = RemedyButton(remedy_parts(remedy, back_to))
        button.setToolTip(remedy_tip(remedy, back_to, offer.experiment))
        button.setAccessibleDescription(button.toolTip())
        button.clicked.connect(lambda: self.chosen.emit(remedy, back_to))
        beside = beside_button(button)
        beside.clicked.connect(lambda: self.beside_chosen.emit(remedy))
        return Mend(button, beside)


class DoctorPanel(QScrollArea):
    """All findings in one line each, the most pressing on top; one of them is opened at a time."""

    chosen = Signal(object, object)
    """The :class:`Remedy` whose button was pressed, and the step that it goes back to, if it does."""
    beside_chosen = Signal(object)
    """The :class:`Remedy` of which a network is to be trained beside the run."""
    way_back_chosen = Signal(int)
    """The step to go back to with all settings of then."""
    resized = Signal()
    """It has more or less to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Findings")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cards: list[FindingRow] = []
        self._opened: str | None = None
        """The rule of the finding that a hand has opened, ``""`` where it has closed all, None before."""
        self.nothing = _label("muted")
        self.nothing.setText(NOTHING)
        self.nothing.setContentsMargins(4, 4, 4, 4)
        self._content = QWidget()
        self._content.setObjectName("findings")
        self._content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._column = in_column(self.nothing, STRETCH, on=self._content, spacing=0, margins=(8, 0, 8, 4))
        self._content.installEventFilter(self)
        self.setWidget(self._content)

    def sizeHint(self) -> QSize:
        width = max(200, self.viewport().width())
        high = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else -1
        return QSize(600, max(high, self._column.minimumSize().height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 40)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self.resized.emit()
        return super().eventFilter(watched, event)

    @property
    def shown(self) -> list[FindingRow]:
        """The rows that say something."""
        return [card for card in self.cards if not card.isHidden()]

    def say(self, offers: Sequence[Offer], otherwise: str = NOTHING) -> None:
        """Show these and no others; where there are none, the words of ``otherwise``."""
        while len(self.cards) < len(offers):
            self.cards.append(self._card())
        for card, offer in zip(self.cards, offers, strict=False):
            card.say(offer)
            card.show()
        for card in self.cards[len(offers) :]:
            card.hide()
        self.nothing.setText(otherwise)
        self.nothing.setVisible(not offers)
        self._open_one(offers)

    def _open_one(self, offers: Sequence[Offer]) -> None:
        """That which a hand has opened, else the most pressing."""
        rules = [offer.finding.rule for offer in offers]
        index = rules.index(self._opened) if self._opened in rules else -1 if self._opened == "" else 0
        for at, card in enumerate(self.cards):
            card.set_open(at == index)

    def _toggle(self, card: FindingRow, on: bool) -> None:
        offers = [each.offer for each in self.shown if each.offer is not None]
        self._opened = card.offer.finding.rule if on and card.offer is not None else ""
        self._open_one(offers)
        if on:
            self.ensureWidgetVisible(card)

    def show_progress(self, progress: Progress) -> None:
        """How far mends have been tried: those of all findings are tried together."""
        for card in self.shown:
            card.show_progress(progress)

    def _card(self) -> FindingRow:
        card = FindingRow()
        card.hide()
        card.chosen.connect(self.chosen)
        card.beside_chosen.connect(self.beside_chosen)
        card.way_back.chosen.connect(self.way_back_chosen)
        card.toggled.connect(lambda on: self._toggle(card, on))
        self._column.insertWidget(self._column.count() - 1, card)
        return card
