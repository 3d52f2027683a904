"""From the computation graph to the run and back: what is opened or changed there is asked of the network."""

from __future__ import annotations

from ui.bench import Bench
from ui.plot_area import PlotArea
from ui.plots.computation_graph import TOPIC, ComputationGraph


def let_ask(plots: PlotArea, bench: Bench) -> None:
    """The graph's questions go to the present run, whose answers it hears."""

    def connect(plot: ComputationGraph) -> None:
        plot.asked.connect(lambda question: bench.ask(TOPIC, question, plot.hear))

    plots.when_made(ComputationGraph.key, connect)
