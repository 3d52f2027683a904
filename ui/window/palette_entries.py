"""What the palette finds: plots, workspaces, presets, commands and settings, each by its own words."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

import resources
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import Preset, presets
from simulator.layers import Layer
from simulator.lessons.lesson import Lesson
from simulator.running.stop_rules import StopRule
from simulator.schema.parameter import Parameter, Part, Spec, concrete, own_first, parameters, summary_of, title_of
from simulator.system.text import capitalized
from ui.board.plot_area import PlotArea
from ui.builder.builder import Builder
from ui.forms.row import FormRow
from ui.forms.training import TrainingPanel
from ui.palette.entry import PaletteEntry, first_sentence
from ui.plots.base import Plot
from ui.settings.preferences import PREFERENCES, Preference
from ui.settings.shortcuts import command_keys, command_name
from ui.start.pictures import preset_picture
from ui.style.icons import icon
from ui.style.theme import Theme, current_theme
from ui.window.parts import WindowParts
from ui.window.stop_control import StopControl, menu_text

PLOTS, WORKSPACES, PRESETS, COMMANDS, SETTINGS = "Plots", "Workspaces", "Presets", "Commands", "Settings"
LESSONS = "Lessons"
PICTURES = resources.FOLDER / "plots"


@dataclass(frozen=True)
class Docks:
    """Panels that are shown where one of their fields is chosen."""

    network: QWidget
    training: QWidget


def plot_entries(area: PlotArea) -> Iterator[PaletteEntry]:
    """Every plot by what it shows, with its page of the manual for further words."""
    area.complete()
    for plot in area.known:
        yield PaletteEntry(
            PLOTS, plot.title, first_sentence(plot.explain), partial(area.show_plot, plot.key), plot.explain,
            partial(_words_about, plot), picture=partial(plot_picture, plot.key),
        )  # fmt: skip


def _words_about(plot: type[Plot[Any]]) -> str:
    page = resources.FOLDER / "manual" / "plots" / f"{plot.key}.md"
    written = page.read_text(encoding="utf-8") if page.is_file() else ""
    return f"{' '.join(option.help for option in plot.offers)} {written}"


def plot_picture(key: str) -> QIcon:
    """A small picture of a plot in the theme that is on."""
    return QIcon(str(picture_file(key, current_theme())))


def picture_file(key: str, theme: Theme) -> Path:
    """Where the picture of a plot is."""
    return PICTURES / f"{key}-{theme.name}.png"


def workspace_entries(area: PlotArea) -> Iterator[PaletteEntry]:
    """Every set of plots."""
    for workspace in area.workspaces.all:
        keys = workspace.arrangement.keys
        yield PaletteEntry(
            WORKSPACES, workspace.title, workspace.explain, partial(area.show_workspace, workspace.id),
            picture=partial(plot_picture, keys[0]) if keys else QIcon,
        )  # fmt: skip


def preset_entries(open_preset: Callable[[Preset], object]) -> Iterator[PaletteEntry]:
    """Every preset by what one will see and the question that it answers."""
    for preset in presets():
        yield PaletteEntry(
            PRESETS, preset.title, preset.effect, partial(open_preset, preset),
            f"{preset.id} {preset.group} {preset.question}", picture=partial(preset_icon, preset.id),
        )  # fmt: skip


def lesson_entries(open_lesson: Callable[[Lesson], object]) -> Iterator[PaletteEntry]:
    """Every lesson by its title and what it asks."""
    from ui.lessons.list import listed

    for group, lessons in listed().items():
        for each in lessons:
            lesson = each.lesson
            yield PaletteEntry(
                LESSONS, each.title, f"A lesson of {lesson.minutes} minutes: predict, run, see.",
                partial(open_lesson, lesson), f"{lesson.name} {group} predict",
                picture=partial(plot_picture, lesson.plots[0]) if lesson.plots else partial(icon, "command"),
            )  # fmt: skip


def preset_icon(id: str) -> QIcon:
    """What a preset shows, in the theme that is on."""
    return QIcon(str(preset_picture(id, current_theme())))


def command_entries(bar: QMenuBar, further: Iterable[QAction], more: Mapping[QAction, str]) -> Iterator[PaletteEntry]:
    """Every command that can be given now, once: those of the menus, which say where they stand, and ``further``.

    ``more`` are words that a command is found by besides.
    """
    menus = [menu for menu in (top.menu() for top in bar.actions()) if isinstance(menu, QMenu)]
    placed = [(each, f"In the menu {command_name(menu.title())}.") for menu in menus for each in menu.actions()]
    listed: set[QAction] = set()
    for action, where in [*placed, *((each, "") for each in further)]:
        text = command_name(action.text())
        if text and action.isEnabled() and action.menu() is None and not action.isSeparator() and action not in listed:
            listed.add(action)
            keys = command_keys(action)
            tip = action.toolTip().removesuffix(f" ({keys})")
            sentence = where if command_name(tip) == text else tip
            yield PaletteEntry(
                COMMANDS, text, sentence, action.trigger, more.get(action, ""), keys=keys,
                picture=partial(_icon_of, action),
            )  # fmt: skip


def _icon_of(action: QAction) -> QIcon:
    return icon("command") if action.icon().isNull() else action.icon()


def doctor_words() -> str:
    """What the doctor may find, by the names of its findings."""
    pages = sorted((resources.FOLDER / "manual" / "findings").glob("*.md"))
    return " ".join(page.stem.replace("-", " ") for page in pages)


def rule_entries(stop: StopControl) -> Iterator[PaletteEntry]:
    """Everything that training can go on until."""
    for kind in concrete(StopRule):
        yield PaletteEntry(
            COMMANDS, f"Train {menu_text(kind).lower()}", summary_of(kind), partial(stop.choose, kind), "stop pause",
            picture=partial(icon, "steps"),
        )  # fmt: skip


def setting_entries(parts: WindowParts, docks: Docks) -> Iterator[PaletteEntry]:
    """Every knob of the training panel, and every field of the present layers."""
    for row in parts.training.findChildren(FormRow):
        if not row.isHidden():
            act = partial(_show_knob, parts.training, row, docks.training)
            yield knob_entry(row.parameter, name_of(row.path, row.parameter), act)
    seen: set[type[Spec]] = set()
    for index, layer in enumerate(parts.bench.document.experiment.layers):
        if type(layer) not in seen:
            seen.add(type(layer))
            for path, parameter in fields_of(layer):
                act = partial(_show_field, parts.builder, index, path, docks.network)
                yield knob_entry(parameter, f"{title_of(type(layer))} {name_of(path, parameter)}", act)


def name_of(path: Sequence[str | int], parameter: Parameter) -> str:
    """What a field and the parts that it is in are called: ``optimiser momentum``."""
    names = _labels()
    words = [*(names.get(str(part), str(part).replace("_", " ")) for part in path[:-1]), parameter.knob.label]
    return " ".join(dict.fromkeys(words))


@functools.cache
def _labels() -> dict[str, str]:
    """What the fields are called that hold parts."""
    specs = (Experiment, *concrete(Layer))
    return {each.name: each.knob.label for spec in specs for each in parameters(spec) if each.type in ("part", "spec")}


def knob_entry(parameter: Parameter, name: str, act: Callable[[], object]) -> PaletteEntry:
    """A field, found also by the kinds that it offers."""
    kinds = " ".join(f"{title_of(kind)} {summary_of(kind)}" for kind in parameter.kinds)
    return PaletteEntry(SETTINGS, capitalized(name), parameter.knob.help, act, kinds, picture=partial(icon, "sliders"))


def preference_entries(open_at: Callable[[Preference], object]) -> Iterator[PaletteEntry]:
    """Every preference."""
    for preference in PREFERENCES:
        values = " ".join(words for _, words in preference.choices)
        yield PaletteEntry(
            SETTINGS, preference.label, preference.help, partial(open_at, preference), f"preferences {values}",
            picture=partial(icon, "sliders"),
        )  # fmt: skip


def fields_of(part: Spec, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Parameter]]:
    """The fields that a form shows for a part, with those of the parts in it."""
    for parameter in own_first(type(part)):
        value = getattr(part, parameter.name)
        if parameter.type == "part":
            yield (*path, parameter.name, "kind"), parameter
        elif parameter.type not in ("spec", "parts") and not parameter.knob.hidden:
            yield (*path, parameter.name), parameter
        if isinstance(value, Part):
            yield from fields_of(value, (*path, parameter.name))


def _show_knob(training: TrainingPanel, row: FormRow, dock: QWidget) -> None:
    """Bring a knob of the training panel into sight and give it the focus."""
    dock.show()
    training.reveal(row)
    _focus_in(row)


def _show_field(builder: Builder, index: int, path: tuple[str, ...], dock: QWidget) -> None:
    """Choose a layer and give the focus to one of its fields."""
    dock.show()
    builder.choose([("layers", index)])
    for row in builder.findChildren(FormRow):
        if row.path == path and row.isVisibleTo(builder):
            _focus_in(row)


def _focus_in(row: FormRow) -> None:
    """Give the focus to the control of a row."""
    controls = [each for each in row.findChildren(QWidget) if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    next((each for each in controls if each.isVisibleTo(row) and each.isEnabled()), row).setFocus()
