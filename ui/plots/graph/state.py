"""What the computation graph draws: the boxes, the open one, and what a hand has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.observations.base import CellValue
from simulator.observations.graph.matrix import Matrix
from simulator.observations.graph.nodes import Box, Graph
from simulator.observations.graph.what_if import Changes, WhatIfOutcome
from ui.plots.graph.folding import OpenFolds
from ui.plots.graph.layout import depth_of

UNCHANGED = Changes()


@dataclass(frozen=True)
class GraphState:
    step: int
    """Of the graph, which may be a little before the frame's."""
    now: int
    """Step of the frame."""
    depth: int
    graph: Graph
    chosen: str = ""
    """Key of the open box."""
    matrix: Matrix | None = None
    changes: Changes = UNCHANGED
    outcome: WhatIfOutcome | None = None
    """What the changes have done."""
    unfolded: OpenFolds = ()
    """Which of the repeats are open."""

    @property
    def changed(self) -> WhatIfOutcome | None:
        return self.outcome if self.changes != UNCHANGED else None

    @property
    def norms(self) -> dict[str, float]:
        """As they are, or as the changes make them."""
        after = self.changed.norms if self.changed is not None else {}
        return {box.key: after.get(box.key, box.norm) for box in self.graph.boxes}

    @property
    def last(self) -> int:
        return max(depth_of(box.key) for box in self.graph.boxes)


def changed_columns(outcome: WhatIfOutcome, boxes: Sequence[Box]) -> Mapping[str, Sequence[CellValue]]:
    ratios = [outcome.ratio(box.key) for box in boxes]
    return {
        "norm_changed": [outcome.norms[box.key] for box in boxes],
        "norm_ratio": [ratio.norm for ratio in ratios],
        "entry_ratio": [ratio.entry for ratio in ratios],
        "entries_now_0": [ratio.zeros for ratio in ratios],
    }
