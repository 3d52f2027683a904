"""What was changed by hand in a run that went on: enough to let it act again, at the same place in the same step."""

from __future__ import annotations

from msgspec import Struct

from simulator.experiment.experiment import Experiment
from simulator.training.training import Training


class LiveChange(Struct, frozen=True):
    """One change that acted at ``step``, which was the present one then; what is left out stayed as it was."""

    step: int
    experiment: Experiment | None = None
    """What was trained from then on."""
    scales: bool = False
    """Whether the step's update was written already, so that only its learning rate could change."""
    layer: str = ""
    """Label of the layer of which units were drawn anew."""
    units: tuple[int, ...] = ()
    threads: int = 0
    """Of matrix products from then on; their last digits may hang on it."""

    def act(self, training: Training) -> None:
        """Let it act again on a training in the state in which it acted."""
        if self.layer:
            training.revive(self.layer, self.units)
        elif self.experiment is None:
            return
        elif not self.scales:
            take_live(training, self.experiment)
        elif not training.change_learning_rate(self.experiment):
            raise ValueError(f"the update of step {self.step} cannot be scaled again")


def take_live(training: Training, experiment: Experiment) -> bool:
    """Take over ``experiment`` without a new network, if that can be; whether it can."""
    if not (training.change_update_rule(experiment) or training.accepts(experiment)):
        return False
    if training.experiment is not experiment:
        training.update_spec(experiment)
    return True
