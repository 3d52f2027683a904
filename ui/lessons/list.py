"""All lessons, with where a pupil stands in each: for menus, the start page and the palette."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.lessons.files import shipped
from simulator.lessons.lesson import Lesson
from ui.lessons.open_lesson import attempts_of

CLAIMS = "Claims about deep networks"
RESULTS = "Results of the literature"
SIGNS = {"": "", "begun": "◐ ", "done": "✓ "}
"""Before a lesson's title: not begun, committed to, revealed."""


@dataclass(frozen=True)
class ListedLesson:
    """One lesson in a list."""

    lesson: Lesson
    state: str
    """``""``, ``begun`` or ``done``."""

    @property
    def title(self) -> str:
        """With the sign of its state."""
        return f"{SIGNS[self.state]}{self.lesson.title}"


def listed() -> dict[str, list[ListedLesson]]:
    """Group → its lessons in teaching order."""
    groups: dict[str, list[ListedLesson]] = {CLAIMS: [], RESULTS: []}
    for lesson in shipped():
        group = RESULTS if lesson.claim is None else CLAIMS
        groups[group].append(ListedLesson(lesson, attempts_of(lesson.name).state))
    return groups
