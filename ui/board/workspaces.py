"""Named sets of plots with their arrangement: those that come with the program, changed or not, and a person's own."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from simulator.system.file_format import FileFormat, FormatError
from ui.board.arrangement import Arrangement
from ui.settings.fault_log import log
from ui.settings.settings import Settings

KEY = "board/workspaces"
STORED = FileFormat()
OWN = re.compile(r"own-\d{1,6}", re.ASCII)
"""The id of a person's own workspace."""
MOST, LONGEST_TITLE = 1000, 200
SIZES = (0.5, 2.5)
"""Least and largest factor of the size of cards."""


class Workspace(Struct, frozen=True):
    """``id`` in settings and in the table of presets, ``title`` on the tab, ``explain`` its tooltip."""

    id: str
    title: str
    explain: str
    arrangement: Arrangement
    own: bool = False
    """Whether a person has made it."""


BUILT_IN = (
    Workspace("flow", "Flow", "What flows forward and back through the layers, and how the loss goes.", Arrangement.of(
        "activation_ridges", "gradient_depth", "activation_profile", "gradient_time", "loss", "gradient_image",
    )),
    Workspace("why", "Why", "Which factor makes the gradient grow or fade, layer by layer.", Arrangement.of(
        "waterfall", "factor_image", "saturation", "activation_function", "gradient_histograms", "activation_image",
    )),
    Workspace("time", "Through time", "Sequences: the gradient on its way back through the steps, and the gates.",
        Arrangement.of(
            "through_time", "through_time_image", "gates", "gradient_depth", "gradient_time", "loss",
    )),
    Workspace("units", "Units and kernels", "Single units, kernels and feature maps, and the step as a graph.",
        Arrangement.of(
            "unit_microscope", "computation_graph", "feature_maps", "kernels", "weights", "input_gradient_picture",
    )),
    Workspace("theory", "Theory", "What mean-field theory predicts, beside what is measured.", Arrangement.of(
        "order_chaos", "correlation", "gradient_depth", "activation_profile", "jacobian", "bounds", "effective_rank",
    )),
    Workspace("learning", "Learning", "What is learnt and how steadily: boundary, errors, sharpness, noise.",
        Arrangement.of(
            "loss", "boundary", "output_errors", "sharpness", "gradient_noise", "update_ratio", "input_gradient",
    )),
)  # fmt: skip
"""In the order of their tabs."""


class Workspaces(QObject):
    """Which there are and which is on the board; every change is stored at once."""

    listed = Signal()
    """There are others, or they are called otherwise."""
    selected = Signal()
    """Another is on the board, or it is to be as at first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = Settings()
        self._all = list(BUILT_IN)
        self.current = BUILT_IN[0].id
        self.size_factor = 1.0
        self._restore()

    @property
    def all(self) -> tuple[Workspace, ...]:
        """Those of the program, then the person's own, in the order of their tabs."""
        return tuple(self._all)

    @property
    def present(self) -> Workspace:
        """The one on the board."""
        return next(workspace for workspace in self._all if workspace.id == self.current)

    def has(self, id: str) -> bool:
        return any(workspace.id == id for workspace in self._all)

    def select(self, id: str) -> None:
        """Put another on the board; KeyError if there is none of this id."""
        if not self.has(id):
            raise KeyError(id)
        if id != self.current:
            self.current = id
            self._store()
            self.selected.emit()

    def keep(self, arrangement: Arrangement) -> None:
        """The present one is arranged so from now on."""
        self._change(replace(self.present, arrangement=arrangement))

    def save_as(self, title: str) -> None:
        """The present arrangement under a name of its own, and on the board."""
        self._add(title, self.present.arrangement)

    def _add(self, title: str, arrangement: Arrangement) -> None:
        id = f"own-{1 + max([int(w.id.removeprefix('own-')) for w in self._all if w.own], default=0)}"
        self._all.append(Workspace(id, title, "Your own workspace.", arrangement, own=True))
        self.current = id
        self._store()
        self.listed.emit()
        self.selected.emit()

    def take_in(self, title: str, arrangement: Arrangement, source: str) -> None:
        """Put an arrangement from elsewhere on the board, as a workspace of its own unless there is such a one.

        No other is changed; ``source`` is in its name where there is another of the same.
        """
        alike = [each for each in self._all if each.arrangement == arrangement]
        if alike:
            self.select(min(alike, key=lambda each: each.title != title).id)
        else:
            self._add(self._free_title(title, source), arrangement)

    def _free_title(self, title: str, source: str) -> str:
        """``Flow``, ``Flow (talk)``, ``Flow (talk) 2`` …"""
        taken = {each.title for each in self._all}
        named = f"{title} ({source})"
        titles = (title, named, *(f"{named} {number}" for number in range(2, len(taken) + 3)))
        return next(each for each in titles if each not in taken)

    def rename(self, title: str) -> None:
        """Call the present one otherwise, if it is a person's own."""
        if self.present.own:
            self._change(replace(self.present, title=title))
            self.listed.emit()

    def delete(self) -> None:
        """Take the present one away, if it is a person's own."""
        if self.present.own:
            index = self._all.index(self.present)
            del self._all[index]
            self.current = self._all[index - 1].id
            self._store()
            self.listed.emit()
            self.selected.emit()

    def reset(self) -> None:
        """The present one as the program brings it; a person's own stays."""
        for workspace in BUILT_IN:
            if workspace.id == self.current:
                self._change(workspace)
        self.selected.emit()

    def reset_all(self) -> None:
        """Those of the program as it brings them, the first on the board, cards of usual size; a person's own stay."""
        self._all = [*BUILT_IN, *(each for each in self._all if each.own)]
        self.current, self.size_factor = BUILT_IN[0].id, 1.0
        self._store()
        self.selected.emit()

    def set_size_factor(self, factor: float) -> None:
        self.size_factor = max(SIZES[0], min(factor, SIZES[1]))
        self._store()

    def _change(self, workspace: Workspace) -> None:
        self._all = [workspace if each.id == workspace.id else each for each in self._all]
        self._store()

    # -- what is remembered --------------------------------------------------------------------------------------

    def _store(self) -> None:
        changed = [each for each in self._all if each not in BUILT_IN]
        state = {
            "format": STORED.number,
            "needs": STORED.needs,
            "current": self.current,
            "size": self.size_factor,
            "arrangements": {each.id: each.arrangement.to_builtins() for each in changed},
            "own": {each.id: each.title for each in self._all if each.own},
        }
        self._settings.set(KEY, json.dumps(state))

    def _restore(self) -> None:
        """What was stored, as far as it can be read."""
        state = _stored(self._settings)
        own = _mapping(state.get("own"))
        arrangements = _mapping(state.get("arrangements"))
        for id, title in own.items():
            if OWN.fullmatch(id) and isinstance(title, str) and len(self._all) < MOST:
                self._all.append(Workspace(id, title[:LONGEST_TITLE], "Your own workspace.", Arrangement(), own=True))
        self._all = [_as_stored(each, arrangements.get(each.id)) for each in self._all]
        if self.has(str(state.get("current"))):
            self.current = str(state["current"])
        size = state.get("size")
        if isinstance(size, int | float) and SIZES[0] <= size <= SIZES[1]:
            self.size_factor = float(size)


def _stored(settings: Settings) -> dict[str, Any]:
    """As it was written; what a later version has written stays for that one, under a key of its own."""
    text = settings.text(KEY, "{}")
    try:
        state = _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}
    try:
        return STORED.brought_up(state, state.get("format", 1))
    except FormatError as error:
        settings.set(f"{KEY}-of-a-later-version", text)
        log.warning("the arrangement is not read: %s", error)
        return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_stored(workspace: Workspace, stored: object) -> Workspace:
    if stored is None:
        return workspace
    try:
        return replace(workspace, arrangement=Arrangement.from_builtins(stored))
    except ValueError:
        return workspace
