"""Nablascope from Python: read or describe an experiment, train it, and have the numbers that the window shows.

Train a preset, or an experiment file, and write the files of ``nablascope run``:

>>> import nablascope
>>> experiment = nablascope.load("vanishing-sigmoid")
>>> result = nablascope.run(experiment, steps=20, every=10, out="out")
>>> result.last.step
20
>>> norms = result.last.measures["weight_gradient_norm"]
>>> bool(norms[0] < 1e-4 * norms[-1])
True

Describe an experiment by the JSON form, change it by paths, and save it:

>>> experiment = nablascope.Experiment.from_builtins({
...     "data": {"kind": "spirals"},
...     "layers": [{"kind": "dense", "units": 30, "repeat": 4, "activation": {"kind": "tanh"}}],
... })
>>> experiment = experiment.with_values([("optimizer.kind", "adam"), ("seed", 3)])
>>> nablascope.save(experiment, "mine.json")
>>> nablascope.load("mine.json") == experiment
True

Keep the end of a run in a file, and go on from there, to the numbers of never having stopped; what acts live may be
changed on the way:

>>> first = nablascope.run(experiment, steps=10, save="first.nabla")
>>> second = nablascope.run("first.nabla", steps=10, save="second.nabla")
>>> second.last.step
20
>>> whole = nablascope.run(experiment, steps=20)
>>> second.last.scalars["loss"] == whole.last.scalars["loss"]
True
>>> nablascope.load("second.nabla") == experiment
True
>>> slower = experiment.with_values([("optimizer.learning_rate", 1e-4)])
>>> nablascope.run(slower, steps=5, start="second.nabla").last.step
25

Whatever cannot be trained is one sentence with a path:

>>> experiment.with_values([("layers.0.units", -1)])
Traceback (most recent call last):
    ...
simulator.experiment.experiment.ExperimentError: expected a whole number ≥ 1, not −1 at layers[0].units

Train a step at a time:

>>> training = nablascope.Training(experiment)
>>> losses = []
>>> for _ in range(50):
...     _ = training.propose()
...     losses.append(training.scalars()["loss"])
...     training.apply()
>>> losses[-1] < losses[0]
True
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.system.version import __version__

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment, ExperimentError
    from simulator.running.headless.result import RunResult
    from simulator.running.headless.run import run
    from simulator.training.training import Training

__all__ = ["Experiment", "ExperimentError", "RunResult", "Training", "__version__", "load", "run", "save"]

_HOMES = {
    "Experiment": "simulator.experiment.experiment",
    "ExperimentError": "simulator.experiment.experiment",
    "RunResult": "simulator.running.headless.result",
    "Training": "simulator.training.training",
    "run": "simulator.running.headless.run",
}


def load(path: str | Path) -> Experiment:
    """The experiment in a file, of a run or an exported picture too, or the preset of that name.

    ExperimentError says what is wrong with it.
    """
    from simulator.running.run_source import experiment_of

    return experiment_of(path)


def save(experiment: Experiment, path: str | Path) -> None:
    """Write an experiment as readable JSON; OSError if it cannot be, and then the file of before is whole."""
    from simulator.experiment.files import write

    write(experiment, Path(path))


def __getattr__(name: str) -> Any:
    # Asking for the version need not import numpy.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
