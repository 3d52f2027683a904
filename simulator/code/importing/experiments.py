"""A person's network as an experiment, its weights put into the bench's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from simulator.code.importing.modules import ForeignModule
from simulator.code.importing.rebuilding import MOST_CLASSES, Rebuilt
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.affine import AffineModule
from simulator.layers.normalization.batch import BatchNormStage
from simulator.schema.numbers import count, integer
from simulator.schema.plain import PlainDict
from simulator.system.atomic import write_atomic
from simulator.training.training import Training

SAMPLES = 256
MOST_FEATURES = 10_000
"""Of data that are drawn; of others a table is written."""
MOST_NUMBERS = 10_000_000
"""In such a table."""
NOISE = "noise.csv"


def experiment_of(network: Rebuilt, name: str, folder: Path) -> Experiment:
    """The network on noise of the shape that it takes, until it is given data of its own."""
    data = _data(network, folder)
    plain: PlainDict = {"name": name, "data": data, "layers": network.layers, "loss": {"kind": network.loss}}
    if network.output:
        plain["output"] = network.output
    return Experiment.from_builtins({**plain, "batch_size": 64})


def _data(network: Rebuilt, folder: Path) -> PlainDict:
    """Drawn noise where the bench has it in that shape, else a table of noise."""
    shape, outputs = network.input_shape, network.outputs
    if len(shape) == 2:
        return _sequences(network)
    drawn = len(shape) == 1 and shape[0] <= MOST_FEATURES and 2 <= outputs <= MOST_CLASSES
    if drawn and not network.quantities:
        return {"kind": "gaussian", "features": shape[0], "classes": outputs, "samples": SAMPLES, "scale": "none"}
    _write_noise(network, folder / NOISE)
    targets = [f"y{place + 1}" for place in range(outputs)] if network.quantities else "class"
    task = "regression" if network.quantities else "classification"
    image = {"shape": shape} if len(shape) == 3 else {}
    return {"kind": "csv", "path": NOISE, "target": targets, "task": task, "scale": "none", **image}


def _sequences(network: Rebuilt) -> PlainDict:
    """A task on sequences as long: the bench draws none of any width, and answers are the task's."""
    kind = "temporal_order" if not network.quantities else "adding"
    network.notes.append(
        f"no sequences of any width are drawn here: its inputs and answers are those of the task {kind}"
    )
    return {"kind": kind, "steps": network.input_shape[0]}


def _write_noise(network: Rebuilt, path: Path) -> None:
    rng, inputs = np.random.default_rng(0), int(np.prod(network.input_shape))
    names = [f"x{place + 1}" for place in range(inputs)]
    classes = not network.quantities
    names += ["class"] if classes else [f"y{place + 1}" for place in range(network.outputs)]
    text = io.StringIO()
    text.write(",".join(names) + "\n")
    samples = max(SAMPLES, 2 * network.outputs)
    if samples * inputs > MOST_NUMBERS:
        asked = f"{integer(samples)} samples of {count(inputs, 'number')}"
        raise ExperimentError(f"noise for this network, {asked}, would be a table of more than {integer(MOST_NUMBERS)}")
    for sample in range(samples):
        answers = [f"class {sample % network.outputs + 1}"]
        if not classes:
            answers = [repr(float(f"{value:.4g}")) for value in rng.standard_normal(network.outputs)]
        text.write(",".join([*(repr(float(f"{value:.4g}")) for value in rng.standard_normal(inputs)), *answers]) + "\n")
    write_atomic(path, text.getvalue().encode())


def trained_as(experiment: Experiment, network: Rebuilt) -> Training:
    """A training before its first step, with the network's own weights where it was rebuilt."""
    training = Training(experiment)
    modules: list[AffineModule[Any]] = [
        module for module in training.network.modules if isinstance(module, AffineModule)
    ]
    *sources, (last, _) = network.sources
    for module, (own, norm) in zip(modules, sources, strict=True):
        _fill(module.affine.block.value, own)
        if norm is not None:
            _fill_norm(module.norm, norm)
    _fill(training.network.output.affine.block.value, last)
    training.check_parameters()
    return training


def _fill(kernel: Any, own: ForeignModule) -> None:
    """W and b, stored inputs × units, biases last."""
    assert own.weight is not None
    kernel[:-1] = own.weight.T
    kernel[-1] = own.arrays.get("bias", 0.0)


def _fill_norm(stage: Any, norm: ForeignModule) -> None:
    stage.scale.value[:, 0] = norm.arrays.get("weight", 1.0)
    stage.shift.value[:, 0] = norm.arrays.get("bias", 0.0)
    if isinstance(stage, BatchNormStage):
        stage.running_mean.value[:, 0] = norm.arrays["running_mean"]
        stage.running_variance.value[:, 0] = norm.arrays["running_var"]
