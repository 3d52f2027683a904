"""A frame as plain JSON values, each result read back as what its observation finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict
from numpy import bool_
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.base import Observation, Observed
from simulator.observations.registry import at_start, is_kept_of_start
from simulator.record.frame import Frame
from simulator.record.packed import Packing, unpacked
from simulator.schema.parameter import kind_of
from simulator.training.nonfinite import Began, LostState
from simulator.training.run_info import RunInfo


class _Observed(Struct, frozen=True, forbid_unknown_fields=True):
    observation: Any
    step: int
    result: Any
    refusal: str
    seconds: float


class _Frame(Struct, frozen=True, forbid_unknown_fields=True):
    info: RunInfo
    step: int
    epoch: float
    scalars: Mapping[str, float]
    measures: Mapping[str, Floats]
    defined: Mapping[str, NDArray[bool_]]
    observations: tuple[_Observed, ...]
    began: Began | None
    lost_state: LostState | None


def packed_frame(frame: Frame | None, packing: Packing) -> Any:
    """The frame with those of its observations that are kept of step 0."""
    if frame is None:
        return None
    kept = {each: observed for each, observed in frame.observations.items() if is_kept_of_start(each)}
    # What one cost is another each time: one run gives one file.
    observations = tuple(_Observed(each, **{**asdict(observed), "seconds": 0.0}) for each, observed in kept.items())
    fields = {name: value for name, value in asdict(frame).items() if name in _Frame.__struct_fields__}
    return packing.packed(_Frame(**{**fields, "observations": observations}))


def unpacked_frame(plain: Any, buffer: NDArray[np.uint8]) -> Frame | None:
    """ValueError where it is none."""
    if plain is None:
        return None
    written = unpacked(plain, _Frame, buffer)
    observations = dict(_observed(each, buffer) for each in written.observations)
    return Frame(**{**asdict(written), "observations": observations})


def _observed(written: _Observed, buffer: NDArray[np.uint8]) -> tuple[Observation[Any], Observed[Any]]:
    kinds = {kind_of(type(each)): type(each) for each in at_start()}
    name = written.observation.get("kind") if isinstance(written.observation, dict) else None
    if name not in kinds:
        raise ValueError(f"there is no observation {name!r}")
    kind = kinds[name]
    result = None if written.result is None else unpacked(written.result, kind.result_type(), buffer)
    observation: Observation[Any] = unpacked(written.observation, kind, buffer)
    return observation, Observed(written.step, result, written.refusal, written.seconds)
