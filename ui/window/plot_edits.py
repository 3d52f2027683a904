"""What hands do in plots, done to the experiment or to the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulator.schema.plain import Plain, PlainDict
from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.board.plot_area import PlotArea


def placed_at(layers: Sequence[Plain], weight_variance: float, bias_variance: float) -> list[PlainDict]:
    """The layers with σ_w² and σ_b² in every dense one, at any depth of nesting: a place between order and chaos."""
    return [_placed(layer, weight_variance, bias_variance) for layer in layers]


def _placed(layer: Plain, weight_variance: float, bias_variance: float) -> PlainDict:
    settings = dict(layer)
    if "layers" in settings:
        settings["layers"] = placed_at(settings["layers"], weight_variance, bias_variance)
    if settings.get("kind") == "dense":
        settings["initializer"] = {"kind": "variance_scaled", "weight_variance": weight_variance}
        std = math.sqrt(bias_variance)
        settings["bias_initializer"] = {"kind": "normal", "std": std} if std > 0 else {"kind": "zeros"}
    return settings


def let_move(plots: PlotArea, document: Document) -> None:
    """Where the dot of the map is moved to, the document's initialisers follow; a drag is one undo entry."""

    def follow(weight_variance: float, bias_variance: float, final: bool) -> None:
        plain = document.experiment.to_builtins()
        plain["layers"] = placed_at(plain["layers"], weight_variance, bias_variance)
        document.propose(plain, "Move between order and chaos", "order_chaos", final)

    plots.when_made("order_chaos", lambda plot: plot.moved.connect(follow))


def let_revive(plots: PlotArea, bench: Bench) -> None:
    """The bench revives what the microscope tells it to."""
    plots.when_made("unit_microscope", lambda plot: plot.revive_wanted.connect(bench.revive_units))
