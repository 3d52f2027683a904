"""What is known of a person's network: its modules in a row, with their settings and arrays."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.code.importing import reader
from simulator.experiment.experiment import ExperimentError

MAPS = ("Linear", "Conv1d", "Conv2d", "Conv3d", "RNN", "LSTM", "GRU", "Bilinear", "Embedding", "MultiheadAttention")
"""Modules that are layers by themselves: what stands between two of them belongs to the first."""


@dataclass(frozen=True)
class ForeignModule:
    """A module of a person's network that is made of no others."""

    name: str
    kind: str
    """Its class, as PyTorch calls it."""
    plain: bool = False
    """Whether it stands in nothing but ``nn.Sequential``, so that what comes before and behind it is known."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def weight(self) -> Floats | None:
        """Its weights, units first, a unit's weights as one row; None where it has none."""
        named = next((key for key in ("weight", "in_proj_weight", "weight_ih_l0") if key in self.arrays), "")
        return self.arrays[named].reshape(len(self.arrays[named]), -1) if named else None


def read_factory(path: Path, factory: str, python: str) -> list[ForeignModule]:
    """The modules of the network that a function in a file makes, run by ``python`` in a process of its own."""
    if not path.is_file():
        raise ExperimentError(f"there is no file {path}")
    with tempfile.TemporaryDirectory(prefix="nablascope-") as kept:
        folder = Path(kept)
        command = [python, str(Path(reader.__file__)), str(path), factory, str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if ended.returncode:
            last = (ended.stderr.strip() or "it ended without a word").splitlines()[-1]
            raise ExperimentError(f"{path.name}:{factory} could not be read: {last}")
        with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
            return _modules(json.loads((folder / "modules.json").read_text(encoding="utf-8")), dict(arrays))


def _modules(described: Sequence[Mapping[str, Any]], arrays: Mapping[str, Floats]) -> list[ForeignModule]:
    return [
        ForeignModule(
            each["name"],
            each["kind"],
            each["plain"],
            each["fields"],
            {key: arrays[f"{each['name']}.{key}"] for key in each["shapes"]},
        )
        for each in described
    ]


def read_weights(path: Path) -> list[ForeignModule]:
    """What the arrays of a ``.safetensors`` file tell of their network: no activation, no order of use."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (SafetensorError, OSError, TypeError) as error:
        raise ExperimentError(f"{path.name} is no file of weights: {' '.join(str(error).split())}") from None
    groups: dict[str, dict[str, Floats]] = {}
    for name in sorted(arrays, key=_natural):
        owner, _, key = name.rpartition(".")
        if not owner.startswith(("optimizer", "scaling")):
            groups.setdefault(owner, {})[_usual(key)] = arrays[name].astype(np.float64)
    return [ForeignModule(owner, _kind(own), arrays=own) for owner, own in groups.items()]


def _natural(name: str) -> list[tuple[int, str]]:
    """Layer 2 before layer 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[.]|(?<=\D)(?=\d)", name)]


def _usual(key: str) -> str:
    return "weight" if key == "original1" else key


def _kind(arrays: Mapping[str, Floats]) -> str:
    """What holds such arrays."""
    if "running_mean" in arrays:
        return "BatchNorm1d"
    recurrent = arrays.get("weight_ih_l0"), arrays.get("weight_hh_l0")
    if recurrent[0] is not None and recurrent[1] is not None:
        gates = len(recurrent[1]) // recurrent[1].shape[1]
        return {1: "RNN", 3: "GRU", 4: "LSTM"}.get(gates, "RNN")
    weight = arrays.get("weight")
    if weight is None:
        return "other"
    return {1: "LayerNorm", 2: "Linear", 4: "Conv2d"}.get(weight.ndim, "other")
