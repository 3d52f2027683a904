"""The application's style sheet: compact, on an 8-pixel grid, over the Fusion style."""

from __future__ import annotations

from string import Template

from msgspec.structs import asdict

from ui.style.icons import RESOURCES
from ui.style.theme import Theme

_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }
QMainWindow::separator { background: $window; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: $border; }
QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { background: $window; color: $muted; padding: 6px 8px; text-align: left; }

QToolBar { background: $window; border: 0; border-bottom: 1px solid $border; padding: 4px 8px; spacing: 4px; }
QToolBar::separator { background: $border; width: 1px; margin: 4px 4px; }
QToolButton { background: transparent; color: $text; border: 1px solid transparent; border-radius: 4px;
    padding: 3px 5px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $border; }
QToolButton:checked { background: $hover; color: $accent; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; }
QToolButton[popupMode="1"] { padding-right: 16px; }
QToolButton[popupMode="2"] { padding-right: 14px; }
QToolButton::menu-indicator, QPushButton::menu-indicator {
    image: url("$icons/chevron-$name.svg"); width: 9px; height: 9px; subcontrol-position: right center;
    subcontrol-origin: padding; right: 4px; }
QToolButton::menu-button { border: 0; width: 14px; }
QToolButton::menu-arrow { image: url("$icons/chevron-$name.svg"); width: 9px; height: 9px; }

QPushButton { background: $raised; color: $text; border: 1px solid $border; border-radius: 4px;
    padding: 4px 12px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $border; }
QPushButton:focus { border-color: $accent; }
QPushButton:default { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton:default:focus { border: 2px solid $text; padding: 3px 11px; }
QPushButton:disabled { color: $disabled; background: $window; }

QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
    background: $panel; color: $text; border: 1px solid $border; border-radius: 4px; padding: 2px 5px;
    placeholder-text-color: $muted; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus { border-color: $accent; }
QLineEdit:disabled, QAbstractSpinBox:disabled { color: $disabled; background: $window; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: 0; width: 14px; background: transparent; }
QAbstractSpinBox::up-arrow { image: url("$icons/chevron-up-$name.svg"); width: 8px; height: 8px; }
QAbstractSpinBox::down-arrow { image: url("$icons/chevron-$name.svg"); width: 8px; height: 8px; }

QLineEdit { lineedit-clear-button-icon: url("$icons/clear-$name.svg"); }
QFileDialog { backward-icon: url("$icons/chevron-left-$name.svg"); forward-icon: url("$icons/chevron-right-$name.svg");
    filedialog-parent-directory-icon: url("$icons/chevron-up-$name.svg");
    filedialog-new-directory-icon: url("$icons/folder-plus-$name.svg");
    filedialog-listview-icon: url("$icons/rows-$name.svg");
    filedialog-detailedview-icon: url("$icons/columns-$name.svg"); }

QComboBox { background: $raised; color: $text; border: 1px solid $border; border-radius: 4px;
    padding: 2px 0 2px 6px; min-height: 18px; }
QComboBox:hover { background: $hover; }
QComboBox:focus { border-color: $accent; }
QComboBox:disabled { color: $disabled; background: $window; }
QComboBox::drop-down { border: 0; width: 16px; }
QComboBox::down-arrow { image: url("$icons/chevron-$name.svg"); width: 9px; height: 9px; }
QComboBox QAbstractItemView { background: $panel; color: $text; border: 1px solid $border; padding: 2px;
    outline: 0;
    selection-background-color: $accent; selection-color: $on_accent; }

QCheckBox, QRadioButton { border: 1px solid transparent; border-radius: 4px; padding: 2px; spacing: 6px; }
QCheckBox:focus, QRadioButton:focus { border-color: $accent; }
QCheckBox::indicator, QAbstractItemView::indicator { background: $panel; border: 1px solid $muted; border-radius: 3px;
    width: 12px; height: 12px; }
QCheckBox::indicator:hover, QAbstractItemView::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked, QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:checked,
QAbstractItemView::indicator:indeterminate { background: $accent; border-color: $accent; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { image: url("$icons/check-$name.svg"); }
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate {
    image: url("$icons/mixed-$name.svg"); }
QAbstractItemView::indicator:selected { border-color: $on_accent; }
QCheckBox::indicator:disabled, QAbstractItemView::indicator:disabled { background: $window; border-color: $faint; }
QCheckBox::indicator:checked:disabled, QCheckBox::indicator:indeterminate:disabled,
QAbstractItemView::indicator:checked:disabled, QAbstractItemView::indicator:indeterminate:disabled {
    background: $faint; border-color: $faint; }

QSlider::groove:horizontal { height: 4px; margin: 0 3px; background: $border; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $faint; }
QSlider::handle:horizontal { background: $panel; border: 2px solid $accent; width: 8px; height: 8px;
    margin: -4px 0; border-radius: 6px; }
QSlider::handle:horizontal:hover { background: $hover; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::handle:horizontal:disabled { border-color: $faint; }

QMenuBar { background: $window; color: $text; }
QMenuBar::item { padding: 4px 8px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 24px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QMenu::icon { padding-left: 4px; }

QAbstractItemView { background: $panel; color: $text; border: 1px solid $border; outline: 0;
    selection-background-color: $accent; selection-color: $on_accent; alternate-background-color: $raised; }
QAbstractItemView:focus { border-color: $accent; }
QRadioButton::indicator { width: 11px; height: 11px; background: $panel; border: 1px solid $muted;
    border-radius: 6px; }
QRadioButton::indicator:hover { border-color: $accent; }
QRadioButton::indicator:checked { width: 5px; height: 5px; background: $on_accent; border: 4px solid $accent; }
QRadioButton::indicator:disabled { background: $window; border-color: $faint; }
QRadioButton::indicator:checked:disabled { background: $window; border-color: $muted; }
QListWidget::item { border: 1px solid transparent; border-radius: 3px; }
QListWidget::item:focus { border-color: $accent; }
QListWidget::item:selected { background: $accent; color: $on_accent; }
QHeaderView::section { background: $window; color: $muted; border: 0; border-bottom: 1px solid $border;
    padding: 4px 8px; }
QTabBar::tab { background: transparent; color: $muted; padding: 4px 10px; border: 0;
    border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:selected:focus { background: $hover; }
QTabBar#workspaceTabs::tab { padding: 5px 7px; }
QTabBar QToolButton { background: $window; border-radius: 0; padding: 0; }
QTabBar QToolButton::left-arrow { image: url("$icons/chevron-left-$name.svg"); width: 9px; height: 9px; }
QTabBar QToolButton::right-arrow { image: url("$icons/chevron-right-$name.svg"); width: 9px; height: 9px; }
QTabBar::tab:hover { color: $text; }
QStatusBar { background: $window; color: $text; border-top: 1px solid $border; }
QStatusBar::item { border: 0; }
QSplitter::handle { background: $window; }
QSplitter::handle:hover { background: $border; }
QScrollArea { background: transparent; border: 0; }
QProgressBar { background: $border; border: 0; border-radius: 2px; height: 4px; text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QFrame#plotCard { background: $panel; border: 1px solid $border; border-radius: 6px; }
QFrame#tourBubble { background: $panel; border: 2px solid $accent; border-radius: 8px; }
QFrame[strip="foot"] { background: $panel; border: 1px solid $border; border-radius: 6px; }
QTableWidget#verdict { border: 0; }
QTableWidget#verdict QHeaderView, QTableWidget#verdict QHeaderView::section,
    QTableWidget#verdict QTableCornerButton::section { background: $panel; border: 0; }
QTableWidget#verdict QHeaderView::section:vertical { color: $text; }
QScrollArea#verdictBody, QWidget#verdictWords { background: $panel; }
QFrame#finding { border: 0; border-top: 1px solid $border; }
QFrame#findingsStrip QScrollArea, QWidget#findings { background: $panel; }
QFrame#plotCard[current="true"] { border-color: $accent; }
QWidget#plotHeader { background: transparent; }
QWidget#plotHeader QToolButton, QToolButton#cardButton { padding: 0; border-radius: 3px; }
QToolButton#caption { padding: 0 14px 0 2px; color: $muted; border-radius: 3px; }
QLabel#plotTitle { color: $text; font-weight: 600; }
QLabel#plotReadout { background: $raised; color: $text; border: 1px solid $border; border-radius: 4px;
    padding: 3px 6px; }
QLabel#plotEmpty { color: $muted; background: transparent; }
QFrame#plotInfo { background: $panel; border: 1px solid $border; border-radius: 6px; }
QLabel#plotFormula { color: $muted; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="warning"] { color: $warning; }
""")


def stylesheet(theme: Theme) -> str:
    colours = {name: value for name, value in asdict(theme).items() if isinstance(value, str)}
    return _SHEET.substitute(colours, icons=RESOURCES.as_posix())
