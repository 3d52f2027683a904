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
    exported = Exported(exact.experiment, title, kept.step, kept.updates, pieces, made, shaken)
    text = script(exported)
    if len(text.splitlines()) > MOST_LINES:
        # Numbers of the scaling are what a reader misses least.
        made = preprocessing(exact.experiment, shape, most_numbers=1)
        text = script(replace(exported, preprocessing=made))
    tensors = dict(layers.in_a_row(layers.by_layer(training.network, shape)).all_tensors())
    state = bench_run.kept_state(training, tensors, rule(training.experiment.optimizer).state)
    weights = bench_run.weights(training, tensors) | state | made.arrays
    arrays = bench_run.bench_arrays(exact, network, shaken)
    return Written(_short(text), weights, arrays)


def _short(text: str) -> str:
    """The same; ExperimentError where it is longer than a person reads."""
    lines = len(text.splitlines())
    if lines <= MOST_LINES:
        return text
    lack = f"the network would take {lines} lines of PyTorch, and a script has {MOST_LINES} at most"
    raise ExperimentError(f"{lack}: write layers that are alike as one with repeat", "layers")
