"""An analysis with a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from simulator.observations.tables import Analysis, Row

if TYPE_CHECKING:
    from simulator.training.training import Training


class SizeTable(Analysis):
    """How many parameters there are."""

    name = "size"
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"size.csv": ("step", "parameters")}

    def rows(self, training: Training) -> Iterator[Row]:
        yield Row("size.csv", {"parameters": training.network.parameters.size})
