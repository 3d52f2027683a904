"""One line of a form: label, control, and a mark that says whether it acts live or restarts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSizePolicy, QWidget

from simulator.schema.parameter import Parameter
from simulator.system.text import capitalized
from ui.forms.typed import acts, tip_of
from ui.style.boxes import in_column, in_row
from ui.style.text_size import scaled, with_text
from ui.style.widgets import NarrowableWidget

ROW_HEIGHT = 28
CONTROL_HEIGHT = 24
GAP = 5
MARK_WIDTH = 12
MIXED = "mixed"


class RowLabel(QLabel):
    """A label that reports double clicks."""

    double_clicked = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.double_clicked.emit()


class WarningLabel(QLabel):
    """One amber sentence, wrapped; takes no room while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setContentsMargins(0, 0, 0, 4)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setProperty("role", "warning")
        self.hide()

    def say(self, sentence: str) -> None:
        self.setText(sentence)
        self.setAccessibleName(f"Refused: {sentence}" if sentence else "")
        self.setVisible(bool(sentence))


class NoteLabel(QLabel):
    """One muted sentence, wrapped; takes no room while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setContentsMargins(0, 0, 0, 4)
        self.setProperty("role", "muted")
        self.hide()

    def say(self, sentence: str) -> None:
        if sentence != self.text():
            self.setText(sentence)
            self.setVisible(bool(sentence))


class Combo(QComboBox):
    """A combo box that the wheel turns only when it has the focus, and that may shrink."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setMaxVisibleItems(20)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def fit_control(control: QWidget) -> None:
    """Let it be as high as all controls, in text of the present size."""
    with_text(control, lambda field: field.setFixedHeight(scaled(CONTROL_HEIGHT)))


class FormRow(NarrowableWidget):
    """Base of all rows. ``changed`` while a hand is moving, ``committed`` when it lets go."""

    changed = Signal(object)
    committed = Signal(object)

    def __init__(self, parameter: Parameter, path: Sequence[str | int] = ()) -> None:
        super().__init__()
        self.parameter = parameter
        self.path = tuple(path) or (parameter.name,)
        self.setObjectName(".".join(map(str, self.path)))
        self.name = " ".join(str(part).replace("_", " ") for part in self.path[:-1])
        self.name = f"{self.name} {parameter.knob.label}".strip()
        self.label = RowLabel(capitalized(parameter.knob.label))
        self.mark = QLabel("●" if parameter.live else "↺")
        self.note = NoteLabel()
        self.warning = WarningLabel()
        self.body = in_row(spacing=GAP, margins=(0, 0, 0, 0))
        self._arrange()
        self.set_tip(tip_of(parameter))
        self.label.double_clicked.connect(self.reset)

    def _arrange(self) -> None:
        holder = QWidget()
        in_row(self.label, (self.body, 1), self.mark, on=holder, spacing=GAP, margins=(0, 0, 0, 0))
        live = self.parameter.live
        self.mark.setForegroundRole(QPalette.ColorRole.Highlight if live else QPalette.ColorRole.PlaceholderText)
        self.mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.mark.setToolTip(acts(live))
        self.mark.setAccessibleName("acts live" if live else "restarts")
        with_text(self.mark, lambda mark: mark.setFixedWidth(scaled(MARK_WIDTH)))
        with_text(holder, lambda line: line.setFixedHeight(scaled(ROW_HEIGHT)))
        in_column(holder, self.note, self.warning, on=self, spacing=0, margins=(0, 0, 0, 0))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_tip(self, text: str) -> None:
        self.setToolTip(text)

    def set_unused(self, why: str) -> None:
        """Say ``why`` the field has no say, and take no value; empty: it has."""
        self.setEnabled(not why)
        self.set_tip(why or tip_of(self.parameter))
        self.mark.setToolTip(why or acts(self.parameter.live))

    def hide_label(self) -> None:
        """Give the control the whole line, where a heading above says what it is."""
        self.label.hide()

    def label_width(self) -> int:
        return 0 if self.label.isHidden() else self.label.sizeHint().width()

    def set_label_width(self, width: int) -> None:
        """The width shared by all rows of a panel, so that labels and controls stand in columns."""
        self.label.setFixedWidth(max(width, 0))

    def named(self, widget: QWidget, suffix: str = "") -> None:
        """Give a control this row's name for those who do not see it."""
        widget.setAccessibleName(f"{self.name} {suffix}".strip())
        widget.setAccessibleDescription(self.parameter.knob.help)

    def typed_line(self, typed: Callable[[], object]) -> QLineEdit:
        """A field over the rest of the line; ``typed`` once what is typed in it stands."""
        line = QLineEdit()
        fit_control(line)
        self.named(line)
        line.editingFinished.connect(typed)
        self.body.addWidget(line, 1)
        return line

    # -- what the kinds of row differ in -------------------------------------------------------------------------

    def value(self) -> Any:
        """The value shown; None where it is null or mixed."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Draw ``value``; emits nothing."""
        raise NotImplementedError

    def show_mixed(self) -> None:
        """Say that the values edited together differ; emits nothing."""
        raise NotImplementedError

    def set_suggestions(self, names: tuple[str, ...]) -> None:
        """Values worth offering; rows that cannot use them ignore them."""

    # -- what they share -----------------------------------------------------------------------------------------

    def set_value(self, value: Any) -> None:
        self.set_values([value])

    def set_values(self, values: Sequence[Any]) -> None:
        """Show what ``values`` agree on, or that they differ."""
        first = values[0]
        if all(type(v) is type(first) and v == first for v in values):
            self.show_value(first)
        else:
            self.show_mixed()

    def refuse(self, reason: str) -> None:
        """Show in amber why the last edit was not taken."""
        self.warning.say(reason)

    def commit(self, value: Any) -> None:
        self.warning.say("")
        self.committed.emit(value)

    def reset(self) -> None:
        """Back to the default, as one edit."""
        if self.parameter.required or not self.isEnabled():
            return
        self.show_value(self.parameter.default)
        self.commit(self.parameter.default)
