"""Where the network starts on the map of weight against bias variance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from simulator.observations.base import AnalysisRow, Observation, known
from simulator.theory.order_chaos import OrderChaos, order_chaos
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training


class OrderChaosObservation(Observation[OrderChaos], frozen=True, tag="order-chaos"):
    """Where the network starts on the map of weight against bias variance."""

    share = 0
    initial = True
    order = 2
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order_chaos.csv": (
            "step", "layer", "activation", "weight_variance", "bias_variance", "settled_q", "chi", "unreliable_because",
        ),
        "edge_of_chaos.csv": ("step", "weight_variance", "bias_variance"),
    }  # fmt: skip

    def observe(self, training: Training) -> OrderChaos:
        return order_chaos(training.network, training.data)

    def rows(self, result: OrderChaos, info: RunInfo) -> Iterator[AnalysisRow]:
        yield AnalysisRow(
            "order_chaos.csv",
            {
                "layer": result.layer, "activation": result.activation, "weight_variance": result.weight_variance,
                "bias_variance": result.bias_variance, "settled_q": result.settled, "chi": result.chi,
                "unreliable_because": result.doubt,
            },
        )  # fmt: skip
        for weight, bias in result.edge.T:
            yield AnalysisRow("edge_of_chaos.csv", {"weight_variance": known(weight), "bias_variance": known(bias)})
