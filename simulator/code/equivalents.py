"""What another library has of the same kind; what it has not is named, never left out in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from simulator.experiment.experiment import ExperimentError
from simulator.schema.parameter import Part, title_of

Equivalent = TypeVar("Equivalent")


class NoEquivalentError(ExperimentError):
    """What of an experiment another library cannot do, or this program cannot say in its words."""

    def __init__(self, what: str, library: str) -> None:
        super().__init__(f"{what} has no equivalent in {library}")


def equivalent(table: Mapping[type[Part], Equivalent], part: Part, library: str) -> Equivalent:
    """What ``library`` has for a part, or what writes it in its words; NoEquivalentError where nothing does."""
    if type(part) not in table:
        raise NoEquivalentError(f"{title_of(type(part))} ({part.kind})", library)
    return table[type(part)]
