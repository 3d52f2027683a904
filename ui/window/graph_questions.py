"""From the computation graph to the run and back: what is opened or changed there is asked of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea

if TYPE_CHECKING:  # The first window does not wait for it.
    from ui.plots.computation_graph import ComputationGraph


def let_ask(plots: PlotArea, bench: Bench) -> None:
    """The graph's questions go to the present run, whose answers it hears."""

    def connect(plot: ComputationGraph) -> None:
        plot.asked.connect(lambda question: bench.ask(plot.key, question, plot.hear))

    plots.when_made("computation_graph", connect)
