"""All that a run needs to go on exactly where it was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.schema.numbers import count
from simulator.training.nonfinite import FINITE, Known


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps; going on from it gives the same numbers as never having stopped."""

    experiment: Experiment
    step: int
    updates: int
    """Updates since the optimiser took over."""
    parameters: Array
    states: Array
    slots: tuple[Array, ...]
    sampler: tuple[dict[str, Any], Array, Array]
    """State of its generator, the samples still to come, and the present batch."""
    module_states: tuple[Any, ...]
    """What layers remember besides: the present draws of dropout and its generators."""
    known: Known = FINITE
    """Where NaN and Inf came in, before this step."""
    data: str = ""
    """Digest of the data that it was trained on."""

    @cached_property
    def nbytes(self) -> int:
        """What all of its arrays take."""
        return _nbytes((self.parameters, self.states, self.slots, self.sampler, self.module_states))


def _nbytes(value: Any) -> int:
    """Of the arrays in parts that may be nested."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return sum(_nbytes(each) for each in parts)


def misfit(kept: Any, own: Any, name: str = "") -> str:
    """How what was kept differs in form from a network's own, ``""`` where it does not: types, shapes and lengths.

    ``name`` says what it is. A number may be any that the own one could be.
    """
    if type(kept) is not type(own):
        return f"{name} is of another kind"
    if isinstance(own, np.ndarray):
        same = kept.dtype == own.dtype and kept.shape == own.shape
        return "" if same else f"{name} holds {_form(kept)}, not {_form(own)}"
    if isinstance(own, dict):
        if kept.keys() != own.keys():
            return f"{name} has other fields"
        return next((lack for key in own if (lack := misfit(kept[key], own[key], f"{name}.{key}"))), "")
    if isinstance(own, tuple):
        if len(kept) != len(own):
            return f"{name} has {count(len(kept), 'part')}, not {len(own)}"
        pairs = zip(kept, own, strict=True)
        return next((lack for place, pair in enumerate(pairs) if (lack := misfit(*pair, f"{name}.{place}"))), "")
    return f"{name} is {str(kept)[:40]!r}" if isinstance(own, str) and kept != own else ""


def _form(array: Array) -> str:
    return f"{array.dtype} {array.shape}"
