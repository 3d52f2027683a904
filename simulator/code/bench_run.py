"""What the bench itself computes in float64 for a network that is taken along: what the other program must give too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.arrays.numeric import Array
from simulator.code.pieces import DropoutMask, Tensor
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training

BenchArrays = dict[str, NDArray[Any]]


def exact(kept: Checkpoint) -> Training:
    """A run as it was kept, to be trained on in float64."""
    training = Training(replace(kept.experiment, precision="float64"))
    training.restore(kept)
    return training


def samples_first(columns: Array, shape: tuple[int, ...]) -> Array:
    """(samples, …) from the bench's columns."""
    return np.array(columns.T, order="C").reshape(-1, *shape)


def targets(training: Training) -> Array:
    """Of the present batch: shares of classes or scaled quantities, as :func:`outputs` has them."""
    answers, width = training.experiment.data.answers, training.data.outputs
    return samples_first(training.y, (answers, width) if answers else (width,))


def outputs(training: Training) -> Array:
    """The network's answers to the present batch, (samples, outputs) or (samples, answers, outputs)."""
    answers, a = training.experiment.data.answers, training.network.output.a
    if not answers:
        return samples_first(a, (len(a),))
    return np.array(a.reshape(len(a), answers, -1).transpose(2, 1, 0), order="C")


def read(training: Training, tensors: Iterable[tuple[str, Tensor]], vector: Array) -> BenchArrays:
    """The library's arrays out of a vector that is laid out as the parameters."""
    part = training.network.parameters.part
    return {name: tensor.value(part(vector, tensor.block)) for name, tensor in tensors if not tensor.state}


def states(training: Training, tensors: Iterable[tuple[str, Tensor]]) -> BenchArrays:
    """The running averages, and of how many steps they are."""
    averages = ((name, tensor) for name, tensor in tensors if tensor.state)
    return {
        name: np.array(training.step) if tensor.count else tensor.value(tensor.block.value) for name, tensor in averages
    }


def bench_arrays(
    training: Training, tensors: Mapping[str, Tensor], masks: Mapping[str, DropoutMask], updates: int
) -> BenchArrays:
    """Batches, answers and gradients of so many steps, and all parameters after their updates; trains for them."""
    arrays = _answered(training)
    steps: dict[str, list[Array]] = {}
    for _ in range(updates):
        training.propose(measure=False)
        gradients = read(training, _trained(tensors), training.network.parameters.gradient)
        seen = {"inputs": samples_first(training.network.input[:-1], training.data.input_shape)}
        seen |= {"targets": targets(training), "outputs": outputs(training)}
        seen |= {f"gradient.{name}": array for name, array in gradients.items()}
        seen |= {f"mask.{name}": mask.kept() for name, mask in masks.items()}
        for name, array in seen.items():
            steps.setdefault(name, []).append(array)
        training.apply()
    arrays |= {name: np.stack(each) for name, each in steps.items()}
    return arrays | {f"after.{name}": array for name, array in weights(training, tensors).items()}


def _answered(training: Training) -> BenchArrays:
    """The answers to the first batch as they are when nobody trains."""
    with np.errstate(all="ignore"):
        training.network.forward(training=False)
    return {"evaluated": outputs(training)}


def _trained(tensors: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    return [(name, tensor) for name, tensor in tensors.items() if not tensor.frozen]


def weights(training: Training, tensors: Mapping[str, Tensor]) -> BenchArrays:
    """All parameters and running averages as they are."""
    return read(training, tensors.items(), training.network.parameters.value) | states(training, tensors.items())


def kept_state(training: Training, tensors: Mapping[str, Tensor], names: tuple[tuple[str, float], ...]) -> BenchArrays:
    """What the optimiser keeps of each parameter: ``names`` are those of its vectors, with what they are multiplied by.

    Nothing where no update has been made yet: all of it is 0.
    """
    if not training.updater.updates:
        return {}
    kept: BenchArrays = {}
    part, roles = training.network.parameters.part, training.experiment.optimizer.roles
    for (name, factor), role, slot in zip(names, roles, training.updater.slots, strict=False):
        for path, tensor in (each for each in _trained(tensors) if not each[1].state):
            view = part(slot, tensor.block)
            read_entries: Callable[[Array], Array] = tensor.value if role == "mean" else tensor.square
            # In float64, as a product with the factor is not what a run in float32 keeps.
            kept[f"optimizer.{name}.{path}"] = read_entries(view if factor == 1 else view * np.float64(factor))
    return kept
