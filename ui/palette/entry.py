"""One thing that can be found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from PySide6.QtGui import QIcon

from ui.palette.matching import fit, words_of

WORTH_SHOWING = 0.15
"""Of the best."""
TITLE, SENTENCE, ABOUT, MORE = 10.0, 4.0, 2.0, 1.0
"""What a word is worth in the title, the sentence below, what it says of itself, and all else that is known of it."""


@dataclass(frozen=True)
class PaletteEntry:
    """What it is called, what it shows or does in one sentence, and what happens when it is chosen."""

    group: str
    title: str
    sentence: str
    act: Callable[[], object]
    about: str = ""
    """What it says of itself, beyond the sentence."""
    more: Callable[[], str] = str
    """Further words that it is found by, read when something is first looked for."""
    keys: str = ""
    """Its shortcut."""
    picture: Callable[[], QIcon] = QIcon

    @cached_property
    def _words(self) -> tuple[tuple[frozenset[str], float], ...]:
        more = f"{self.group} {self.more()}"
        texts = (self.title, TITLE), (self.sentence, SENTENCE), (self.about, ABOUT), (more, MORE)
        return tuple((words_of(text), weight) for text, weight in texts)

    def fit(self, query: str) -> float:
        """How well it fits what is typed; 0: not at all."""
        return fit(query, self._words)


def first_sentence(text: str) -> str:
    """Of a text of several."""
    text = " ".join(text.split())
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def matching(entries: Iterable[PaletteEntry], query: str, most: int) -> list[tuple[str, list[PaletteEntry]]]:
    """What fits, group by group: the group with the best first, the best first in each, ``most`` of a group.

    What fits much worse than the best of its group is left out. All entries where nothing is typed.
    """
    groups: dict[str, list[tuple[float, PaletteEntry]]] = {}
    for entry in entries:
        weight = entry.fit(query) if query.strip() else 1.0
        if weight > 0:
            groups.setdefault(entry.group, []).append((weight, entry))
    ordered = sorted(groups.items(), key=lambda group: -max(weight for weight, _ in group[1]))
    return [(name, _best(group, most)) for name, group in ordered]


def _best(weighed: Sequence[tuple[float, PaletteEntry]], most: int) -> list[PaletteEntry]:
    least = WORTH_SHOWING * max(weight for weight, _ in weighed)
    ordered = sorted(weighed, key=lambda item: -item[0])
    return [entry for weight, entry in ordered[:most] if weight >= least]
