"""What "N steps" trains until: a number of steps, or a rule of the engine, named below its number."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QSizePolicy, QSpinBox, QToolButton, QWidget

from simulator.running.stop_rule_text import number_of, typed_limit
from simulator.running.stop_rules import StopRule
from simulator.schema.numbers import exact_percent, read_share
from simulator.schema.parameter import concrete, summary_of, title_of
from ui.forms.typed import parsed, text_of
from ui.style.boxes import in_column
from ui.style.text_size import CAPTION, resize_text, with_text

STEPS = "steps"
ARROW = 24
"""Pixels of a button beside its text: margins and its menu's arrow."""
ROOM = 30
"""Pixels of a field beside its text: frame, margins and arrows."""
SIGNS = {"<": "≤ ", ">": "≥ "}
"""Of a rule for which its limit itself is enough, before that limit."""


class StepCount(QSpinBox):
    """How many steps, or epochs; Return does them."""

    entered = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setRange(1, 1_000_000)
        self.setValue(100)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        with_text(self, lambda field: field.setFixedWidth(width_of_number(field)))
        self.setAccessibleName("Number of steps")
        self.setToolTip("How many steps the button beside takes before it pauses.")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus | Qt.FocusPolicy.TabFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()
            self.entered.emit()


def width_of_number(field: QWidget) -> int:
    """As wide as the largest number of steps."""
    return field.fontMetrics().horizontalAdvance("1000000") + ROOM


def _widest_name(button: QToolButton) -> int:
    """Room for the longest name of a rule."""
    names = (STEPS, *(title_of(kind) for kind in concrete(StopRule)))
    return max(map(button.fontMetrics().horizontalAdvance, names)) + ARROW


class StopControl(QWidget):
    """A button that names the rule, with all of them in its menu, and the rule's number."""

    entered = Signal()
    """Return was pressed in the number."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind: type[StopRule] | None = None
        """The chosen rule; None for a number of steps."""
        self._numbers: dict[type[StopRule] | None, str] = {
            each: _number_text(each, number_of(each).default) if each.__struct_fields__ else ""
            for each in concrete(StopRule)
        }
        self._numbers[None] = "100"
        self.button = QToolButton(self)
        self.count = StepCount(self)
        self.limit = QLineEdit(self)
        self._fill()
        in_column(self.count, self.limit, self.button, on=self, spacing=0, margins=(4, 0, 4, 0))
        with_text(self.button, lambda button: button.setFixedWidth(_widest_name(button)))
        self.choose(None)

    def _fill(self) -> None:
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setAccessibleName("Train until")
        self.button.setObjectName("caption")
        resize_text(self.button, CAPTION)
        menu = QMenu("Train until", self, toolTipsVisible=True)
        group = QActionGroup(menu)
        self.entries = {kind: menu.addAction(menu_text(kind)) for kind in (None, *concrete(StopRule))}
        for kind, entry in self.entries.items():
            entry.setCheckable(True)
            entry.setToolTip("So many steps are made." if kind is None else summary_of(kind))
            entry.triggered.connect(lambda _on=False, kind=kind: self.choose(kind))
            group.addAction(entry)
        self.button.setMenu(menu)
        with_text(self.limit, self._fit_limit)
        # A field that would take more room than it may have would push all that stands right of it aside.
        self.limit.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.limit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.limit.returnPressed.connect(self._enter_limit)
        self.count.entered.connect(self.entered)

    def _fit_limit(self, field: QLineEdit) -> None:
        field.setFixedSize(width_of_number(field), self.count.sizeHint().height())

    def _enter_limit(self) -> None:
        self.limit.clearFocus()  # The next key is the window's again: Space pauses.
        self.entered.emit()

    def choose(self, kind: type[StopRule] | None) -> None:
        """Show a rule with the number that it had last; None: a number of steps."""
        self._numbers[self.kind] = self._text()
        self.kind = kind
        self.entries[kind].setChecked(True)
        self.button.setText(STEPS if kind is None else title_of(kind))
        said = menu_text(kind)
        self.button.setToolTip(f"What the button beside trains until: {said[0].lower()}{said[1:]}.")
        whole = kind is None or (bool(kind.__struct_fields__) and number_of(kind).type == "integer")
        numbered = kind is None or bool(kind.__struct_fields__)
        self.count.setVisible(whole)
        self.limit.setVisible(numbered and not whole)
        self._fit_limit(self.limit)
        self._keep_room(not numbered)
        self._show_number(kind, whole)

    def _keep_room(self, kept: bool) -> None:
        """Without a number the transport, and with it the board, stays as high as with one."""
        policy = self.count.sizePolicy()
        policy.setRetainSizeWhenHidden(kept)
        self.count.setSizePolicy(policy)

    def _show_number(self, kind: type[StopRule] | None, whole: bool) -> None:
        name = "Number of steps" if kind is None else menu_text(kind)
        for field in (self.count, self.limit):
            field.setAccessibleName(name)
        if whole:
            self.count.setValue(int(self._numbers[kind]))
        else:
            self.limit.setText(self._numbers[kind])
        if kind is not None and kind.__struct_fields__:
            self.limit.setToolTip(number_of(kind).knob.help)
            self.count.setToolTip(number_of(kind).knob.help)
        else:
            self.count.setToolTip("How many steps the button beside takes before it pauses.")

    def _text(self) -> str:
        if self.kind is None or (self.kind.__struct_fields__ and number_of(self.kind).type == "integer"):
            self.count.interpretText()
            return str(self.count.value())
        return self.limit.text()

    def rule(self) -> StopRule | str | None:
        """The rule as it stands; None for a number of steps; why there is none, where its number is none."""
        kind = self.kind
        if kind is None:
            self.count.interpretText()
            return None
        if not kind.__struct_fields__:
            return kind()
        parameter = number_of(kind)
        text, inclusive = typed_limit(kind, self._text())
        try:
            value = parsed(parameter, _share_text(text) if kind.share else text)
            rule = kind(**{parameter.name: value, **({"inclusive": True} if inclusive else {})})
        except ValueError as error:
            return f"Not started: {error}"
        if kind.share:  # What was read is shown, whichever way it was typed.
            self.limit.setText(f"{SIGNS[kind.symbol] if inclusive else ''}{exact_percent(value)}")
        return rule


def _number_text(kind: type[StopRule], value: float) -> str:
    """As a rule's number stands in the field; a share in per cent, as accuracies are read out."""
    return exact_percent(value) if kind.share else text_of(value)


def _share_text(text: str) -> str:
    """A share as programs write it; what is none is left as it was typed."""
    try:
        return repr(read_share(text))
    except ValueError:
        return text


def menu_text(kind: type[StopRule] | None) -> str:
    """``Until the loss is below a number``."""
    if kind is None:
        return "So many steps"
    more = f" a {'share' if kind.share else 'number'}" if kind.phrase.endswith(("below", "above")) else ""
    return f"Until {kind.phrase}{more}"
