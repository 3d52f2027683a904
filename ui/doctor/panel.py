"""The list of findings: each with its evidence, and a button for every mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from simulator.doctor import Finding, Mend
from ui.style.numbers import integer, number

NOTHING = "Nothing is wrong as far as the doctor can see."
SHOWN_SETTINGS = 6
SIGNS = {"severe": "●", "warning": "○", "note": "·"}


def _label(role: str = "", *, wrap: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    label.setWordWrap(wrap)
    if role:
        label.setProperty("role", role)
    return label


def place_text(finding: Finding) -> str:
    """``severe · layers 1, 10 · since step 0 · the slope``"""
    parts: list[str] = [finding.severity]
    if finding.layers:
        few = finding.layers if len(finding.layers) <= 6 else (*finding.layers[:3], "…", finding.layers[-1])
        parts.append(f"layer{'s' if len(finding.layers) > 1 else ''} {', '.join(few)}")
    parts.append(f"since step {integer(finding.since)}")
    if finding.factor:
        parts.append(f"by the {finding.factor}")
    return "  ·  ".join(parts)


def evidence_text(numbers: Mapping[str, float]) -> str:
    """``gradient first to last 2.8×10⁻⁶  ·  decades slope −6.3``"""
    return "  ·  ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in numbers.items())


def mend_text(mend: Mend) -> str:
    """What a mend sets, one setting a line."""
    lines = [f"{path} = {value if not isinstance(value, list | dict) else '…'}" for path, value in mend.settings]
    more = len(lines) - SHOWN_SETTINGS
    return "\n".join([*lines[:SHOWN_SETTINGS], *([f"and {more} more"] if more > 0 else [])])


class Card(QFrame):
    """One finding."""

    chosen = Signal(object)
    """The :class:`Mend` whose button was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plotCard")
        self.finding: Finding | None = None
        self.buttons: list[QPushButton] = []
        self.sign, self.name, self.place = _label("warning"), _label(), _label("muted")
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.sentence, self.evidence = _label(wrap=True), _label("muted", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for label in (self.sign, self.name, self.place):
            head.addWidget(label)
        head.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(head)
        words.addWidget(self.sentence)
        words.addWidget(self.evidence)
        self._mends = QHBoxLayout()
        self._mends.setSpacing(4)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addLayout(self._mends)

    def say(self, finding: Finding) -> None:
        """Show a finding; buttons that stay the same stay in place, so that a hand can reach them."""
        before, self.finding = self.finding, finding
        self.sign.setText(SIGNS[finding.severity])
        self.sign.setVisible(finding.severity != "note")
        self.name.setText(f"{finding.rule[:1].upper()}{finding.rule[1:]}")
        self.place.setText(place_text(finding))
        self.sentence.setText(finding.sentence)
        self.evidence.setText(evidence_text(finding.numbers))
        self.setAccessibleName(f"{finding.severity}: {finding.rule}")
        self.setAccessibleDescription(finding.sentence)
        if before is None or before.mends != finding.mends:
            self._show_mends(finding.mends)

    def _show_mends(self, mends: Sequence[Mend]) -> None:
        for button in self.buttons:
            self._mends.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = [self._button(mend) for mend in mends]

    def _button(self, mend: Mend) -> QPushButton:
        button = QPushButton(mend.title)
        button.setToolTip(mend_text(mend))
        button.setAccessibleDescription("Changes the experiment; it can be undone.")
        button.clicked.connect(lambda: self.chosen.emit(mend))
        self._mends.addWidget(button)
        return button


class DoctorPanel(QScrollArea):
    """All findings, the most pressing on top."""

    chosen = Signal(object)
    """The :class:`Mend` whose button was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Findings")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.cards: list[Card] = []
        self._nothing = _label("muted")
        self._nothing.setText(NOTHING)
        self._nothing.setContentsMargins(4, 4, 4, 4)
        content = QWidget()
        content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(8, 0, 8, 8)
        self._column.setSpacing(4)
        self._column.addWidget(self._nothing)
        self._column.addStretch(1)
        self.setWidget(content)

    def sizeHint(self) -> QSize:
        return QSize(600, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 72)

    @property
    def shown(self) -> list[Card]:
        """The cards that say something."""
        return [card for card in self.cards if not card.isHidden()]

    def say(self, findings: Sequence[Finding]) -> None:
        """Show these findings and no others."""
        while len(self.cards) < len(findings):
            self.cards.append(self._card())
        for card, finding in zip(self.cards, findings, strict=False):
            card.say(finding)
            card.show()
        for card in self.cards[len(findings) :]:
            card.hide()
        self._nothing.setVisible(not findings)

    def _card(self) -> Card:
        card = Card()
        card.hide()
        card.chosen.connect(self.chosen)
        self._column.insertWidget(self._column.count() - 1, card)
        return card
