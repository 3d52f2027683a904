"""The small header every plot has: its name, its own switches, pause, pin, maximise, export and an explanation."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from ui.style.boxes import in_row
from ui.style.elided_label import ElidedLabel
from ui.style.icons import set_icon
from ui.style.text_size import scaled, with_text
from ui.style.theme import current_theme
from ui.style.widgets import icon_button, tool_button

HEIGHT = 24
TITLE = 56
"""Pixels of its name that a header keeps longer than most of its buttons."""
BESIDE = 26
"""Pixels of a header that neither its name nor its buttons take."""
SIDE_COLOUR = {"forward": "forward", "backward": "backward", "training": "muted"}
SIDES = {"forward": "What flows forward", "backward": "What flows back", "training": "Training as a whole"}
TIPS = {"forward": 9.0, "backward": 1.0}
"""Where the tip of an arrow stands across."""


class HeaderOption(Struct, frozen=True):
    """A switch of one plot: off or on."""

    key: str
    label: str
    help: str
    on: bool = False


class _SideMark(QWidget):
    """Which way it flows, by shape and colour: green to the right forward, purple to the left back, else a disc."""

    def __init__(self, side: str) -> None:
        super().__init__()
        self.side = side
        self.setToolTip(SIDES[side])
        with_text(self, lambda mark: mark.setFixedSize(10, scaled(HEIGHT)))

    def paintEvent(self, event: QPaintEvent) -> None:
        middle = self.height() / 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(current_theme(), SIDE_COLOUR[self.side])))
            if self.side in TIPS:
                tip = TIPS[self.side]
                base = 10 - tip
                corners = [QPointF(base, middle - 5), QPointF(base, middle + 5), QPointF(tip, middle)]
                painter.drawPolygon(QPolygonF(corners))
            else:
                painter.drawEllipse(QPointF(5, middle), 4, 4)


class PlotHeader(QWidget):
    """24 pixels of header; every button is reachable by Tab and has a name.

    Where it is narrow, what the maximised plot offers too gives way.
    """

    pause_toggled = Signal(bool)
    pin_toggled = Signal(bool)
    option_toggled = Signal(str, bool)
    maximise_requested = Signal()
    export_requested = Signal()

    def __init__(
        self, title: str, side: str, explain: str, formula: str, options: tuple[HeaderOption, ...], page: str
    ) -> None:
        """``page`` is the plot's page in the manual."""
        super().__init__()
        self.setObjectName("plotHeader")
        self._words = (title, explain, formula, page)
        self._row = in_row(_SideMark(side), 4, on=self, spacing=0, margins=(8, 0, 2, 0))
        name = self._title = ElidedLabel(title)
        name.setObjectName("plotTitle")
        self._row.addWidget(name, 1)
        self._row.addSpacing(2)
        self._withheld: set[QToolButton] = set()
        self.options = {option.key: self._option(option) for option in options}
        self.pause = self._button("pause", "Pause", "Hold this plot still while training goes on", checkable=True)
        self.pin = self._button(
            "pin", "Pin as ghost", "Keep what it shows now as a ghost behind the live state", checkable=True
        )
        self.maximise = self._button("maximise", "Maximise", "Let this plot fill the window, or put it back")
        self.export = self._button("export", "Export", "Save this plot as a picture or as numbers")
        self.info = self._button("info", "Explain", "What one should see here, and the formula")
        self.pause.toggled.connect(self.pause_toggled)
        self.pin.toggled.connect(self.pin_toggled)
        self.maximise.clicked.connect(self.maximise_requested)
        self.export.clicked.connect(self.export_requested)
        self.info.clicked.connect(self.show_explanation)
        with_text(self, PlotHeader._fit_text)

    def _fit_text(self) -> None:
        """Take on the present size of text."""
        self.setFixedHeight(scaled(HEIGHT))
        for button in self.findChildren(QToolButton):
            button.setIconSize(QSize(scaled(14), scaled(14)))
            button.setFixedSize(scaled(19), scaled(20))
        for button in self.options.values():
            font = button.font()
            font.setPixelSize(scaled(11))
            button.setFont(font)
            button.setFixedWidth(button.fontMetrics().horizontalAdvance(button.text()) + 12)
        self._give_way()

    def minimumSizeHint(self) -> QSize:
        return QSize(BESIDE + scaled(TITLE) + self.maximise.minimumWidth(), scaled(HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_way()

    def withhold(self, *buttons: QToolButton) -> None:
        """Leave out what means nothing where the plot stands."""
        self._withheld.update(buttons)
        self._give_way()

    def offer(self, key: str, on: bool) -> None:
        """Whether there is a switch at all."""
        button = self.options[key]
        if on == (button in self._withheld):
            (self._withheld.discard if on else self._withheld.add)(button)
            self._give_way()

    def _give_way(self) -> None:
        """Show the buttons that the name leaves room for, dearest first; what is pressed must be there to be let go.

        Its card's menu offers all of them.
        """
        pressed = [button for button in (self.pause, self.pin) if button.isChecked()]
        kept = {self.maximise, *pressed}
        others = (self.info, *self.options.values(), self.pin, self.pause, self.export)
        room = self.width() - BESIDE - scaled(TITLE)
        rest_of_title = max(0, self._title.sizeHint().width() - scaled(TITLE))
        for button in dict.fromkeys((self.maximise, *pressed, *others)):
            offered = button not in self._withheld
            room -= button.minimumWidth() * offered
            button.setVisible(offered and room >= (0 if button in kept else rest_of_title))

    def _button(self, name: str, label: str, help: str, *, checkable: bool = False) -> QToolButton:
        button = icon_button(name, f"{label}: {self._words[0]}", help)
        button.setCheckable(checkable)
        self._row.addWidget(button)
        return button

    def _option(self, option: HeaderOption) -> QToolButton:
        button = tool_button(option.label, option.help)
        button.setAccessibleName(f"{option.label}: {self._words[0]}")
        button.setCheckable(True)
        button.setChecked(option.on)
        button.toggled.connect(lambda on, key=option.key: self.option_toggled.emit(key, on))
        self._row.addWidget(button)
        return button

    def set_maximised(self, maximised: bool) -> None:
        set_icon(self.maximise, "restore" if maximised else "maximise")

    def show_explanation(self) -> None:
        # It sets formulas, which a start does not wait for.
        from ui.chart.explanation import Explanation

        popover = Explanation(self, *self._words)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        corner = self.info.mapToGlobal(QPoint(self.info.width(), self.info.height() + 2))
        screen = self.screen().availableGeometry()
        x = max(screen.left(), min(corner.x() - popover.width(), screen.right() - popover.width()))
        popover.move(x, min(corner.y(), screen.bottom() - popover.height()))
        popover.show()
