"""The front of the recomputation: steps are asked for, and come back as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.observations.base import Observation
from simulator.running.recomputation import Recompute, Reply, recomputation_worker
from simulator.running.side_session import SideSession
from simulator.running.transport import Mode, Notify

if TYPE_CHECKING:
    from simulator.training.replay import Replay


class RecomputationSession(SideSession[Recompute, Reply]):
    """Requests are worked off in their order, until they are cancelled."""

    name = "recomputation"

    def __init__(self, mode: Mode, notify: Notify) -> None:
        super().__init__(mode, notify, recomputation_worker)

    def recompute(
        self, replay: Replay | None, steps: tuple[int, ...], observations: tuple[Observation[Any], ...],
        validate: bool, lanes: tuple[tuple[str, Replay], ...] = (),
    ) -> None:  # fmt: skip
        """Ask for these steps, ascending, from ``replay`` on, or from where the last request comes to."""
        self._ask(lambda number: Recompute(number, replay, steps, observations, validate, lanes), alone=False)
