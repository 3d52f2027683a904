"""The commands that train a run again, changes by hand included."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from simulator.experiment.experiment import Experiment
from simulator.training.live_change import LiveChanges
from ui.report.changes import changed_paths
from ui.report.network import at

BY_LIST = "the list that Run › Changes… exports has all of it, and run --changes makes it again."
MOST_STAGES = 12
"""More than that nobody types."""


@dataclass
class TrainedStage:
    """Steps that were trained by one description."""

    step: int
    """Where it begins."""
    experiment: Experiment
    threads: int
    settings: list[str] = field(default_factory=list)
    """What differs from before, as ``--set`` takes it."""


def stages(live: LiveChanges, present: Experiment, step: int) -> list[TrainedStage]:
    """What was trained from step to step, until ``step``; the first differs from the ``present`` experiment."""
    if live.experiment is None:
        return []
    made = [TrainedStage(0, live.experiment, live.threads)]
    for change in live.entries:
        if change.step >= step:
            break
        last = made[-1]
        experiment, threads = change.experiment or last.experiment, change.threads or last.threads
        if change.step == last.step:
            last.experiment, last.threads = experiment, threads
        else:
            made.append(TrainedStage(change.step, experiment, threads))
    for before, stage in pairwise([TrainedStage(0, present, 0), *made]):
        stage.settings = list(_settings(before.experiment, stage.experiment))
    return made


def _settings(before: Experiment, after: Experiment) -> Iterator[str]:
    for path in changed_paths(before, after):
        value = msgspec.json.encode(at(after, path)).decode()
        yield f"{'.'.join(map(str, path))}={value}"


def why_not(live: LiveChanges, present: Experiment, step: int) -> str:
    """Why no commands give the run again; ``""`` where some do."""
    if live.experiment is None:
        return "How the run came to where it was opened is not known here: only its run file has it."
    acted = [change for change in live.entries if change.step <= step]
    if any(change.layer for change in acted):
        return f"Units were drawn anew: {BY_LIST}"
    if any(change.surgery is not None for change in acted):
        return f"The network was operated on: {BY_LIST}"
    if len(stages(live, present, step)) > MOST_STAGES:
        return f"It was changed at more steps than anybody would type: {BY_LIST}"
    return ""


def rounds_once_more(live: LiveChanges, step: int) -> bool:
    """Whether an update that was written already was scaled, as another rate was wanted: that rounds once more."""
    late = (change.experiment for change in live.entries if change.scales and change.step < step)
    return any(experiment is not None and not experiment.optimizer.rewrites for experiment in late)


def commands(live: LiveChanges, present: Experiment, step: int) -> Iterator[str]:
    """What to type beside the saved ``present`` experiment; the steps of a stage go on where those before end."""
    made = stages(live, present, step)
    ends = [stage.step for stage in made[1:]] + [step]
    for number, (stage, end) in enumerate(zip(made, ends, strict=True), 1):
        source = "experiment.json" if number == 1 else f"part-{number - 1}.nabla"
        words = ["nablascope", "run", source, "--steps", str(end - stage.step), "--threads", str(stage.threads)]
        for text in stage.settings:
            words += ["--set", text]
        if number < len(made):
            words += ["--save", f"part-{number}.nabla"]
        words += ["--out", "again" if len(made) == 1 else f"again-{number}"]
        yield shlex.join(words)
