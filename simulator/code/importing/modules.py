"""What is known of a person's network: its modules in a row, with their settings and arrays."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.code.importing import reader
from simulator.experiment.experiment import ExperimentError
from simulator.system.text import one_line

RECURRENT = ("RNN", "LSTM", "GRU")
MAPS = ("Linear", "Conv1d", "Conv2d", "Conv3d", *RECURRENT, "Bilinear", "MultiheadAttention")
"""Modules that are layers by themselves: what stands between two of them belongs to the first."""


STORED = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip
"""Kinds of numbers in a file of weights, as numpy reads them."""
MOST_SECONDS = 600
"""That a person's code may take."""
MOST_LETTERS = 200
"""Of a name that is shown."""


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
    parametrizations: Sequence[str] = ()
    """What makes its arrays of others, as in ``weight by SpectralNorm``; the arrays are what comes of it."""

    @property
    def weight(self) -> Floats | None:
        """Its weights, units first, a unit's weights as one row; None where it has none."""
        named = ("weight", "in_proj_weight", "weight_ih_l0")
        array = next((self.arrays[key] for key in named if key in self.arrays), np.empty(0))
        return array.reshape(len(array), -1) if array.size else None


def read_factory(path: Path, factory: str, python: str) -> list[ForeignModule]:
    """The modules of the network that a function in a file makes, run by ``python`` in a process of its own."""
    if not path.is_file():
        raise ExperimentError(f"there is no file {path}")
    with tempfile.TemporaryDirectory(prefix="nablascope-") as kept:
        _run(path, factory, python, Path(kept))
        try:
            with np.load(Path(kept) / "arrays.npz", allow_pickle=False) as arrays:
                return _modules(json.loads((Path(kept) / "modules.json").read_text(encoding="utf-8")), dict(arrays))
        except FileNotFoundError:
            raise ExperimentError(f"{path.name}:{factory} ended before it had made a network") from None


def _run(path: Path, factory: str, python: str, folder: Path) -> None:
    """Have the network described in files; ExperimentError says why there are none."""
    # In a built program the file that it runs lies beside what stands for it.
    command = [python, str(Path(reader.__file__).with_suffix(".py")), str(path), factory, str(folder)]
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=MOST_SECONDS, env=_environment(),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ExperimentError(f"{path.name}:{factory} made no network within {MOST_SECONDS // 60} minutes") from None
    except OSError as error:
        raise ExperimentError(f"{python} is no Python ({error.strerror}): name one that has the library") from None
    if ended.returncode:
        last = (ended.stderr.strip() or "it ended without a word").splitlines()[-1]
        hint = ": --python FILE names a Python that has it" if last.startswith("ModuleNotFoundError") else ""
        raise ExperimentError(f"{path.name}:{factory} could not be read: {printable(last)}{hint}")


def _environment() -> dict[str, str]:
    """A built program finds its own libraries first: another Python must not."""
    own = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    before = os.environ.get("LD_LIBRARY_PATH_ORIG" if getattr(sys, "frozen", False) else "LD_LIBRARY_PATH")
    return own if before is None else {**own, "LD_LIBRARY_PATH": before}


def printable(text: str) -> str:
    """Without what a terminal would obey, and not too long."""
    shown = "".join(mark if mark.isprintable() else "?" for mark in text)
    return shown if len(shown) <= MOST_LETTERS else f"{shown[:MOST_LETTERS]} …"


def _modules(described: Sequence[Mapping[str, Any]], arrays: Mapping[str, Floats]) -> list[ForeignModule]:
    return [
        ForeignModule(
            printable(each["name"]),
            printable(each["kind"]),
            each["plain"],
            each["fields"],
            {key: arrays[f"{each['name']}.{key}"] for key in each["shapes"]},
            [printable(made.replace("by _", "by ")) for made in each["parametrizations"]],
        )
        for each in described
    ]


def read_weights(path: Path) -> list[ForeignModule]:
    """What the arrays of a ``.safetensors`` file tell of their network: no activation, no order of use."""
    groups: dict[str, dict[str, Floats]] = {}
    arrays = _arrays(path)
    for name in sorted(arrays, key=_natural):
        owner, _, key = name.rpartition(".")
        if not owner.startswith(("optimizer", "scaling")):
            groups.setdefault(owner, {})[_usual(key)] = arrays[name].astype(np.float64)
    return [ForeignModule(printable(owner), _kind(own), arrays=own) for owner, own in groups.items()]


def _arrays(path: Path) -> dict[str, Floats]:
    """The arrays of a file by their names; bfloat16, which numpy has not, is the upper half of a float32."""
    from safetensors import SafetensorError

    # Without types.
    deserialize: Any = import_module("safetensors").deserialize
    try:
        stored = deserialize(path.read_bytes())
    except (SafetensorError, OSError) as error:
        raise ExperimentError(f"{path.name} is no file of weights: {one_line(error)}") from None
    arrays: dict[str, Floats] = {}
    for name, array in stored:
        if array["dtype"] not in STORED:
            raise ExperimentError(
                f"{path.name}: {printable(name)} holds numbers of {array['dtype']}, which are not read"
            )
        numbers = np.frombuffer(array["data"], STORED[array["dtype"]])
        if array["dtype"] == "BF16":
            numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
        arrays[name] = numbers.reshape(array["shape"])
    return arrays


def _natural(name: str) -> list[tuple[int, str]]:
    """Layer 2 before layer 10."""
    parts = re.split(r"[.]|(?<=\D)(?=\d)", name)
    return [(int(part), "") if re.fullmatch(r"[0-9]{1,18}", part) else (-1, part) for part in parts]


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
    if weight is None or not weight.size:
        return "other"
    return {1: "LayerNorm", 2: "Linear", 4: "Conv2d"}.get(weight.ndim, "other")
