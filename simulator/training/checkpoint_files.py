"""A checkpoint as three files: ``weights.safetensors``, ``state.safetensors`` and ``sampler.json``; no pickles.

The JSON holds what is no array: the step, the state of every random stream, what layers remember. Arrays among these
stand in ``state.safetensors`` under the name that the JSON gives. Nothing that is read is believed: whether it is of
the network that an experiment describes is for :meth:`Training.restore`, which compares it with that network's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays import tensors
from simulator.experiment.experiment import Experiment
from simulator.system.json_text import has_too_many_values
from simulator.system.machine import GIB
from simulator.training.checkpoint import Checkpoint
from simulator.training.nonfinite import Began, Known, LostState

WEIGHTS, STATE, SAMPLER = "weights.safetensors", "state.safetensors", "sampler.json"
MOST_BYTES = MappingProxyType({WEIGHTS: 2 * GIB, STATE: 2 * GIB, SAMPLER: 2**24})
"""File → how large it may be."""
FILES = tuple(MOST_BYTES)
MOST_DEPTH = 32
"""How deep what a layer remembers may be nested."""
Arrays = dict[str, NDArray[Any]]


class CheckpointError(ValueError):
    """What was read is no checkpoint; one sentence with the name of the file."""


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the JSON."""

    step: int
    updates: int
    slots: int
    data: str
    sampler: Any
    layers: Any
    began: Began | None
    lost_state: LostState | None


def written(kept: Checkpoint) -> dict[str, bytes]:
    """The files by their names."""
    state: Arrays = {"running_averages": kept.states}
    state |= {f"optimizer_{place}": slot for place, slot in enumerate(kept.slots)}
    plain = _Written(
        step=kept.step,
        updates=kept.updates,
        slots=len(kept.slots),
        data=kept.data,
        sampler=_plain(kept.sampler, "sampler", state),
        layers=_plain(kept.module_states, "layers", state),
        began=kept.known.began,
        lost_state=kept.known.lost_state,
    )
    return {
        WEIGHTS: tensors.to_bytes({"parameters": kept.parameters}),
        STATE: tensors.to_bytes(state),
        SAMPLER: msgspec.json.encode(plain),
    }


def checkpoint_of(experiment: Experiment, files: Mapping[str, bytes]) -> Checkpoint:
    """What was written of a run of this experiment; CheckpointError where it was not."""
    if has_too_many_values(files[SAMPLER]):
        raise CheckpointError(f"{SAMPLER} is no part of a run: it holds more values than any")
    plain = _read(SAMPLER, lambda: msgspec.json.decode(files[SAMPLER], type=_Written))
    weights = _read(WEIGHTS, lambda: tensors.from_bytes(files[WEIGHTS]))
    state = _read(STATE, lambda: tensors.from_bytes(files[STATE]))
    return Checkpoint(
        experiment=experiment,
        step=plain.step,
        updates=plain.updates,
        parameters=_read(WEIGHTS, lambda: _named("parameters", weights)),
        states=_read(STATE, lambda: _named("running_averages", state)),
        slots=_read(STATE, lambda: tuple(_named(f"optimizer_{place}", state) for place in range(plain.slots))),
        sampler=_read(SAMPLER, lambda: _sampler(plain.sampler, state)),
        module_states=_read(SAMPLER, lambda: _valued(plain.layers, state)),
        known=Known(plain.began, plain.lost_state),
        data=plain.data,
    )


def _read(name: str, read: Any) -> Any:
    """What ``read`` gives; what is wrong is said with the name of the file."""
    try:
        return read()
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = " ".join(str(error.args[0] if error.args else error).split()) or "it cannot be read"
        raise CheckpointError(f"{name} is no part of a run: {reason}") from None


def _named(name: str, arrays: Arrays) -> NDArray[Any]:
    if name not in arrays:
        raise ValueError(f"there is no array {name[:40]!r}")
    return arrays[name].copy()


def _sampler(plain: Any, arrays: Arrays) -> tuple[dict[str, Any], NDArray[Any], NDArray[Any]]:
    match _valued(plain, arrays):
        case (dict(generator), np.ndarray() as order, np.ndarray() as batch):
            return generator, order, batch
    raise ValueError("the sampler is not a generator, samples and a batch")


def _plain(value: Any, name: str, arrays: Arrays) -> Any:
    """As JSON takes it: numbers of any size as texts, arrays put into ``arrays``."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, dict):
        return {"fields": {key: _plain(each, f"{name}.{key}", arrays) for key, each in value.items()}}
    if isinstance(value, tuple):
        return [_plain(each, f"{name}.{place}", arrays) for place, each in enumerate(value)]
    raise TypeError(f"{type(value).__name__} is not written")


def _valued(plain: Any, arrays: Arrays, depth: int = 0) -> Any:
    """What :func:`_plain` took apart; ValueError where it is nothing of the kind."""
    if depth > MOST_DEPTH:
        raise ValueError(f"nested deeper than {MOST_DEPTH} levels")
    match plain:
        case None | bool():
            return plain
        case list():
            return tuple(_valued(each, arrays, depth + 1) for each in plain)
        case {"array": str(name)} if len(plain) == 1:
            return _named(name, arrays)
        case {"integer": str(digits)} if len(plain) == 1 and len(digits) <= 40:
            return int(digits)
        case {"text": str(text)} if len(plain) == 1:
            return text
        case {"fields": dict(fields)} if len(plain) == 1:
            return {str(key): _valued(each, arrays, depth + 1) for key, each in fields.items()}
    raise ValueError("a value is of no kind that a layer remembers")
