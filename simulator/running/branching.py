"""Where a network beside the run begins that is a branch: at a step of a run, with all that this had there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from msgspec import UNSET
from msgspec.structs import replace as changed

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import Origin
from simulator.network.threads import limited_blas
from simulator.running.live_run import LiveRun
from simulator.running.timeline import Timeline
from simulator.training.ledger import Ledger
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.operation import operated
from simulator.training.replay import Replay, training_at
from simulator.training.surgery import Transplant


def origin_of(changes: LiveChanges, step: int, parent: str) -> Origin:
    """A branch of a run with these changes; ExperimentError where its beginning is not known."""
    before = changes.up_to(step)
    ledger = json.loads(Ledger.of(before).to_json())
    assert before.experiment is not None
    return Origin(step=step, parent=parent, experiment=_alone(before.experiment).to_builtins(), changes=ledger)


def _alone(experiment: Experiment) -> Experiment:
    return changed(experiment, lanes=UNSET)


@dataclass(frozen=True)
class Beginning:
    """All that computing the first step of a branch takes."""

    step: int
    replay: Replay
    changes: LiveChanges
    """Of the run until there."""

    def built(self, run: int, experiment: Experiment) -> LiveRun:
        """The network there, as ``experiment``: with its weights handed on, where that is another network."""
        training = training_at(replace(self.replay, run=run), self.step)
        changes = self.changes
        with limited_blas(self.replay.threads):
            if not training.accepts(changed(experiment, lanes=training.experiment.lanes)):
                training, _ = operated(training, Transplant(), experiment)
                changes = changes.after((LiveChange(self.step, experiment, surgery=Transplant()),))
        live = LiveRun(training, Timeline(training.checkpoint(), changes), experiment.data)
        live.change(experiment, 0)
        live.training.look()
        return live


def beginning(origin: Origin, known: Sequence[Timeline]) -> Beginning:
    """From the nearest checkpoint of a run that came there the same way, or else from step 0."""
    try:
        experiment = Experiment.from_builtins(origin.experiment)
        ledger = Ledger.from_json(json.dumps(origin.changes).encode())
        changes = ledger.on(experiment)
    except ExperimentError as error:
        raise ExperimentError(f"the branch cannot begin: {error}") from None
    for timeline in known:
        replay = _from_checkpoint(timeline, experiment, ledger, origin.step)
        if replay is not None:
            return Beginning(origin.step, replay, changes)
    return Beginning(origin.step, Replay(experiment, max(changes.threads, 1), None, changes.entries), changes)


def _from_checkpoint(timeline: Timeline, experiment: Experiment, ledger: Ledger, step: int) -> Replay | None:
    began, way = timeline.changes.experiment, timeline.changes.up_to(step)
    if began is None or _alone(began) != experiment or Ledger.of(way).entries != ledger.entries:
        return None
    kept = timeline.checkpoints.before(step + 1, good=False)
    if kept is None:
        return None
    threads = way.threads_after(kept.changes)
    return Replay(kept.checkpoint.experiment, threads, kept.checkpoint, way.entries[kept.changes :])
