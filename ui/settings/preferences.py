"""What a person prefers, stored at once, and told to whoever acts on it."""

from __future__ import annotations

import os

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from simulator.running.session import usual_mode
from simulator.schema.numbers import GROUPINGS, size_text
from ui.settings.settings import Settings

SYMBOL_NAMES = {"space": "1\N{NARROW NO-BREAK SPACE}234.5", "comma": "1,234.5"}


class Preference(Struct, frozen=True):
    """One choice among several: ``key`` in the settings, what the dialog calls it, its values with their words."""

    key: str
    label: str
    help: str
    choices: tuple[tuple[str, str], ...]
    """Value in the settings → in words; none: any whole number from 0 on."""
    default: str

    def allows(self, value: str) -> bool:
        """Whether it is one of the choices."""
        return value in dict(self.choices) if self.choices else value.isdecimal()


def _numbers(values: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(value)) for value in values)


THEME = Preference(
    "window/theme", "Theme",
    "The colours of the whole program.",
    (("system", "Like the desktop"), ("light", "Light"), ("dark", "Dark")), "system",
)  # fmt: skip
FRAMES = Preference(
    "window/frames", "Frames per second",
    "How often plots are drawn while training, at most: fewer leave more time to train.",
    _numbers((5, 10, 20, 33, 60)), "60",
)  # fmt: skip
NUMBERS = Preference(
    "window/numbers", "Numbers",
    "How thousands are grouped wherever a number is read.",
    tuple(SYMBOL_NAMES.items()), "space",
)  # fmt: skip
START = Preference(
    "start/page", "A start without a file",
    "What the program begins with where neither a file nor a preset is named; Help has the start page at any time.",
    (("on", "with the start page"), ("off", "with the bench")), "on",
)  # fmt: skip
PRECISION = Preference(
    "new/precision", "Precision of new experiments",
    "The numbers that File → New computes with.",
    (("float32", "float32"), ("float64", "float64")), "float32",
)  # fmt: skip
SEED = Preference(
    "new/seed", "Seed of new experiments",
    "What File → New draws weights, data and batches from.",
    (), "0",
)  # fmt: skip
WORKER = Preference(
    "run/worker", "Training from the next start on",
    "A process keeps training at full speed while the window draws. The present window goes on as it began.",
    (("process", "in a process of its own"), ("thread", "in a thread of the window")), usual_mode(),
)  # fmt: skip
THREADS = Preference(
    "run/threads", "BLAS threads",
    "Cores that one matrix product may use; more than the work deserves are slower.",
    (("auto", "chosen for the network"), *_numbers(tuple(range(1, (os.cpu_count() or 1) + 1)))), "auto",
)  # fmt: skip
PAUSE = Preference(
    "run/pause", "At the first loss that is not finite",
    "Once in a run: at the first loss or parameter that is NaN or ∞.",
    (("on", "pause"), ("off", "go on")), "on",
)  # fmt: skip
AUTOSAVE = Preference(
    "run/autosave", "Autosave",
    "Experiment and run are kept beside the window while they change; a start after a hard end offers them.",
    (*((seconds, f"every {seconds} s") for seconds in ("5", "10", "20", "30")), ("off", "only when told to end")), "20",
)  # fmt: skip
MEMORY = Preference(
    "run/memory", "Memory for going back",
    "What checkpoints and the runs that undo brings back may take together; the page Memory lists them.",
    tuple((str(size), size_text(size * 2**20)) for size in (64, 128, 256, 512, 1024, 2048, 4096, 8192)), "512",
)  # fmt: skip
PREFERENCES = (THEME, FRAMES, NUMBERS, START, PRECISION, SEED, WORKER, THREADS, PAUSE, AUTOSAVE, MEMORY)
"""In the order of the dialog."""
assert set(SYMBOL_NAMES) == set(GROUPINGS)


class _Preferences(QObject):
    """One for the program: several windows would act alike."""

    changed = Signal(str)
    """The key of what is preferred otherwise now."""


_preferences = _Preferences()
preference_changed = _preferences.changed
"""Emitted with the key of a preference after it has been stored."""


def preferred(preference: Preference) -> str:
    """What is stored, where it is one of the choices; else the default."""
    stored = Settings().text(preference.key)
    return stored if preference.allows(stored) else preference.default


def prefer(preference: Preference, value: str) -> None:
    """Store a choice, and tell of it where it is another than before."""
    before = preferred(preference)
    Settings().set(preference.key, value)
    if preferred(preference) != before:
        preference_changed.emit(preference.key)


def restore_preferences() -> None:
    """All of them as on the first day."""
    for preference in PREFERENCES:
        prefer(preference, preference.default)
        Settings().forget(preference.key)
