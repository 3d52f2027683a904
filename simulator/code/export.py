"""Writes a network as a script, its weights and what the bench computes with it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.code import bench_run
from simulator.code.equivalents import NoEquivalentError
from simulator.code.exported import ExportedNetwork
from simulator.code.libraries import LIBRARIES, Library
from simulator.code.pieces import Tensor
from simulator.code.preprocessing import MOST_NUMBERS, preprocessing
from simulator.code.rounding import rounding
from simulator.code.script import Density
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


def export(source: Experiment | Checkpoint, title: str, folder: Path, library: str = "pytorch") -> None:
    """Write ``model.py``, ``weights.safetensors`` and ``check.npz`` into a folder.

    ExperimentError says what cannot be written so, before anything is.
    """
    from safetensors.numpy import save

    files = written(source, title, LIBRARIES[library])
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS, save(files.weights))
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **files.check)
    write_atomic(folder / CHECK, stream.getvalue())
    write_atomic(folder / MODEL, files.model.encode())


def written(source: Experiment | Checkpoint, title: str, library: Library) -> Written:
    """What :func:`export` writes, of an experiment before its first step or of a run as it was kept."""
    training = Training(source if isinstance(source, Experiment) else source.experiment)
    if isinstance(source, Checkpoint):
        training.check_fit(source)
        training.restore(source)
    kept = training.checkpoint()
    exact = bench_run.exact(kept)
    shape = exact.data.input_shape
    pieces = library.layers.by_layer(exact.network, shape)
    tensors, masks = library.arrays(pieces), library.masks(pieces)
    _check(tensors, library)
    shaken = rounding(kept, exact)
    made = preprocessing(exact.experiment, shape)
    exported, text = _shortened(
        ExportedNetwork(exact.experiment, title, kept.step, kept.updates, shape, pieces, tensors, made, shaken), library
    )
    own = library.arrays(library.layers.by_layer(training.network, shape))
    state = bench_run.kept_state(training, own, library.state(training.experiment.optimizer))
    weights = bench_run.weights(training, own) | state | exported.preprocessing.arrays
    return Written(text, weights, bench_run.bench_arrays(exact, tensors, masks, shaken.updates))


def _check(tensors: Mapping[str, Tensor], library: Library) -> None:
    """NoEquivalentError where the whole network is something that no other library has."""
    if all(tensor.frozen or tensor.state for tensor in tensors.values()):
        raise NoEquivalentError("a network of which everything is frozen", library.layers.words.library)


ATTEMPTS = (
    (MOST_NUMBERS, True, Density.AIRY),
    (MOST_NUMBERS, True, Density.DENSE),
    (1, True, Density.DENSE),
    (1, True, Density.TERSE),
    (1, True, Density.TIGHT),
    (1, True, Density.LOADED),
    (1, False, Density.LOADED),
)
"""Numbers of a scaling that stand in the script, whether it reads tables, how it is written: the shorter the later."""


def _shortened(exported: ExportedNetwork, library: Library) -> tuple[ExportedNetwork, str]:
    """The script; where it is long, without what a reader misses least."""
    lines: list[str] = []
    most = library.script.most_lines
    for numbers, cells, density in ATTEMPTS:
        made = preprocessing(exported.experiment, exported.input_shape, numbers, cells)
        written = replace(exported, preprocessing=made)
        lines = library.script(written).lines(density)
        if len(lines) <= most:
            return written, "\n".join(lines) + "\n"
    lack = f"the network would take {len(lines)} lines of {library.layers.words.library}"
    raise ExperimentError(
        f"{lack}, and a script has {most} at most: write layers that are alike as one with repeat", "layers"
    )
