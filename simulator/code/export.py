"""Writes a network as a script, its weights and what the bench computes with it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.code import bench_run
from simulator.code.equivalents import NoEquivalentError
from simulator.code.preprocessing import preprocessing
from simulator.code.pytorch import layers
from simulator.code.pytorch.parts import LIBRARY
from simulator.code.pytorch.script import MOST_LINES, Exported, script
from simulator.code.pytorch.updates import rule
from simulator.code.rounding import rounding
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.base import Shape
from simulator.system.atomic import write_atomic
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training

MODEL, WEIGHTS, CHECK = "model.py", "weights.safetensors", "check.npz"


@dataclass(frozen=True)
class Written:
    """What stands in the three files."""

    model: str
    weights: dict[str, NDArray[Any]]
    check: dict[str, NDArray[Any]]


def export(source: Experiment | Checkpoint, title: str, folder: Path) -> None:
    """Write ``model.py``, ``weights.safetensors`` and ``check.npz`` into a folder.

    ExperimentError says what cannot be written so, before anything is.
    """
    from safetensors.numpy import save

    files = written(source, title)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS, save(files.weights))
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **files.check)
    write_atomic(folder / CHECK, stream.getvalue())
    write_atomic(folder / MODEL, files.model.encode())


def written(source: Experiment | Checkpoint, title: str) -> Written:
    """What :func:`export` writes, of an experiment before its first step or of a run as it was kept."""
    training = Training(source if isinstance(source, Experiment) else source.experiment)
    if isinstance(source, Checkpoint):
        training.check_fit(source)
        training.restore(source)
    kept = training.checkpoint()
    exact = bench_run.exact(kept)
    shape = exact.data.input_shape
    pieces = layers.by_layer(exact.network, shape)
    network = layers.in_a_row(pieces)
    if all(tensor.frozen or tensor.state for _, tensor in network.all_tensors()):
        raise NoEquivalentError("a network of which everything is frozen", LIBRARY)
    shaken = rounding(kept, exact)
    made = preprocessing(exact.experiment, shape)
    exported, text = _shortened(Exported(exact.experiment, title, kept.step, kept.updates, pieces, made, shaken), shape)
    tensors = dict(layers.in_a_row(layers.by_layer(training.network, shape)).all_tensors())
    state = bench_run.kept_state(training, tensors, rule(training.experiment.optimizer).state)
    weights = bench_run.weights(training, tensors) | state | exported.preprocessing.arrays
    arrays = bench_run.bench_arrays(exact, network, shaken)
    return Written(text, weights, arrays)


def _shortened(exported: Exported, shape: Shape) -> tuple[Exported, str]:
    """The script; where it is long without what a reader misses least: numbers of a scaling, the reading of tables."""
    text = script(exported)
    for cells in (True, False):
        if len(text.splitlines()) > MOST_LINES:
            exported = replace(exported, preprocessing=preprocessing(exported.experiment, shape, 1, cells))
            text = script(exported)
    lines = len(text.splitlines())
    if lines > MOST_LINES:
        lack = f"the network would take {lines} lines of {LIBRARY}, and a script has {MOST_LINES} at most"
        raise ExperimentError(f"{lack}: write layers that are alike as one with repeat", "layers")
    return exported, text
