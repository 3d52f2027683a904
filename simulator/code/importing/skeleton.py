"""The skeleton of a network that the bench cannot rebuild: depth, widths, activations, weight scales and norms."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.code.importing.modules import MAPS, RECURRENT, ForeignModule
from simulator.code.importing.rebuilding import ACTIVATIONS, MOST_CLASSES, Rebuilt, together
from simulator.experiment.experiment import ExperimentError
from simulator.layers.base import Shape
from simulator.schema.numbers import count, integer
from simulator.schema.plain import PlainDict

GATES = {"LSTM": 4, "GRU": 3, "MultiheadAttention": 3}
NORMS = {"BatchNorm1d": "batch", "BatchNorm2d": "batch", "BatchNorm3d": "batch", "LayerNorm": "layer"}
POOLS = {"MaxPool2d": "max", "AvgPool2d": "average"}
SILENT = ("Identity", "Flatten", "Dropout", "Softmax", "LogSoftmax", *NORMS, *ACTIVATIONS)
"""What changes nothing of a skeleton, or is told of with its layer."""
SIDE, MOST_SIDE = 32, 256
"""Of images whose size nobody says, and as large as pooling may want it."""
STEPS = 20
"""Of sequences whose length nobody says."""
MOST_IMAGE_CLASSES = 100
"""Of a table of images, which has some for each class."""
ALIKE = {
    "Hardtanh": "tanh", "ReLU6": "relu", "PReLU": "leaky_relu", "RReLU": "leaky_relu", "CELU": "elu", "Mish": "silu",
    "Hardswish": "silu", "Hardsigmoid": "sigmoid", "Softplus": "softplus", "GELU": "gelu",
}  # fmt: skip
"""Class of PyTorch → the activation of the bench that is taken for it."""


def skeleton(modules: Sequence[ForeignModule], reason: str, shape: Shape | None = None) -> Rebuilt:
    """Layers in a row, drawn as widely as its weights are; ``reason`` says why it is not the network itself."""
    return _Skeleton(modules, [f"a skeleton: {reason}"], shape).made()


class _Skeleton:
    """Layers in the making, map after map."""

    def __init__(self, modules: Sequence[ForeignModule], notes: list[str], shape: Shape | None) -> None:
        self.modules, self.notes = modules, notes
        self.groups = _groups(modules)
        if not self.groups:
            raise ExperimentError("it has no weights that a layer could be made of, by PyTorch's names")
        notes.append("its maps stand in a row: how modules are connected is not known")
        self.usual = _usual_activation(self.groups, notes)
        self.layers: list[PlainDict] = []
        self.last: PlainDict = {}
        self.taken = 0
        """Inputs of the dense layer before."""
        self.input_shape = self.signal = self._first_shape(self.groups[0][0], shape)

    def _first_shape(self, first: ForeignModule, given: Shape | None) -> Shape:
        """Of what the first map takes, and what is taken for it where that is not known."""
        weight = first.weight
        assert weight is not None
        if first.kind == "Conv2d":
            side = next((2**k for k in range(5, 9) if 2**k >= math.prod(map(_pool, self.modules))), MOST_SIDE)
            shape = given if given is not None and len(given) == 3 else (_channels(first), side, side)
            self.notes.append(f"its images are taken for {' × '.join(map(str, shape))}: --input says otherwise")
            return shape
        if first.kind in RECURRENT:
            self.notes.append(f"its sequences are taken for {STEPS} steps")
            return STEPS, weight.shape[1]
        return (weight.shape[1],)

    def made(self) -> Rebuilt:
        for group in self.groups:
            self._add(group)
        if self.groups[-1][0].kind in RECURRENT or len(self.signal) > 1:
            self.notes.append("it ends without a Linear: a layer of answers is put behind")
            self._flatten(0)
            answers = 2
        else:
            self.last = self.layers.pop()
            answers = int(self.last["units"])
        alike = (module for module in self.modules if module.kind in ALIKE and _activation(module) is None)
        self.notes += [f"{module.name} ({module.kind}) is taken for {ALIKE[module.kind]}" for module in alike]
        self.notes += [f"left out: {name}" for name in _left_out(self.modules)]
        loss = "softmax_cross_entropy" if answers > 1 else "mse"
        if answers > 1:
            self.notes.append("its outputs are taken for logits of classes: PyTorch leaves that to the loss")
        most = MOST_IMAGE_CLASSES if len(self.input_shape) == 3 else MOST_CLASSES
        if answers > most:
            self.notes.append(f"its {answers} answers are taken for {most} classes")
        output = {"initializer": self.last["initializer"]} if self.last else {}
        answers = min(answers, most)
        return Rebuilt(self.input_shape, answers, loss, together(self.layers), [], output, self.notes)

    def _add(self, group: Sequence[ForeignModule]) -> None:
        own = group[0]
        if own.kind == "Conv2d" and len(self.signal) == 3:
            self._add_convolution(own, group)
        elif own.kind in RECURRENT and len(self.signal) == 2:
            self._add_recurrent(own)
        else:
            self._add_dense(own, group)

    def _add_convolution(self, own: ForeignModule, group: Sequence[ForeignModule]) -> None:
        """A convolution, and the pooling behind it; one that does not take what comes stands beside the row."""
        channels = _channels(own)
        if channels != self.signal[0]:
            gets = f"{own.name} (Conv2d) takes {count(channels, 'channel')} and gets {self.signal[0]}"
            self.notes.append(f"{gets}: it stands beside the row, as a projection does, and is left out")
            return
        kernel, stride = _largest(own, "kernel_size", own.arrays["weight"].shape[-1]), _largest(own, "stride", 1)
        exact = {"kernel_size": kernel, "stride": stride, "dilation": 1}
        if own.fields.get("groups", 1) != 1 or any(set(_sizes(own, name, n)) != {n} for name, n in exact.items()):
            self.notes.append(f"{own.name} (Conv2d) is taken for a whole convolution of {kernel} × {kernel}")
        if kernel > min(self.signal[1:]):
            self.notes.append(f"{own.name} (Conv2d) is taken for one over what is left of the image")
        kernel = min(kernel, *self.signal[1:])
        sides = tuple(-(-side // stride) for side in self.signal[1:])
        channels = len(own.arrays["weight"])
        layer = {"kind": "convolution", "channels": channels, "kernel": kernel, "stride": stride}
        self.layers.append({**layer, **_around(own, group, self.usual)})
        self.signal = (channels, *sides)
        for module in group[1:]:
            self._pool(module)

    def _pool(self, module: ForeignModule) -> None:
        size = _pool(module)
        if module.kind == "AdaptiveAvgPool2d":
            self._pool_all()
        elif size > 1 and min(self.signal[1:]) >= size:
            self.layers.append({"kind": "pooling", "mode": POOLS[module.kind], "size": size})
            self.signal = (self.signal[0], *(side // size for side in self.signal[1:]))
            if set(_sizes(module, "kernel_size", size)) != {size} or _largest(module, "padding", 0):
                self.notes.append(f"{module.name} ({module.kind}) is taken for one over {size} × {size} pixels")
        elif size > 1:
            self.notes.append(f"{module.name} ({module.kind}) is left out: images are too small for it")

    def _pool_all(self) -> None:
        self.layers.append({"kind": "pooling", "mode": "global"})
        self.signal = (self.signal[0], 1, 1)

    def _add_recurrent(self, own: ForeignModule) -> None:
        """One layer for each that it stacks, in one direction."""
        if any(name.endswith("_reverse") for name in own.arrays):
            self.notes.append(f"{own.name} ({own.kind}) reads in both directions: one is taken")
        kind = {"RNN": "recurrent"}.get(own.kind, own.kind.lower())
        for place in range(sum(name.startswith("weight_ih_l") and name[11:].isdecimal() for name in own.arrays)):
            state = own.arrays[f"weight_hh_l{place}"]
            layer: PlainDict = {"kind": kind, "units": len(state) // GATES.get(own.kind, 1), "output": "all"}
            layer |= {"initializer": _drawn(own.arrays[f"weight_ih_l{place}"]), "recurrent_initializer": _drawn(state)}
            if own.kind == "RNN":
                layer["activation"] = {"kind": own.fields.get("nonlinearity", "tanh")}
            self.layers.append(layer)
            self.signal = (self.signal[0], int(layer["units"]))

    def _add_dense(self, own: ForeignModule, group: Sequence[ForeignModule]) -> None:
        weight = own.weight
        assert weight is not None
        units = len(weight) // GATES.get(own.kind, 1)
        if own.kind != "Linear":
            self.notes.append(
                f"{own.name or 'the network'} ({own.kind}) is taken for a dense layer of {count(units, 'unit')}"
            )
        if own.kind == "Linear" and len(self.signal) == 1 and weight.shape[1] != self.signal[0]:
            taken, given = count(weight.shape[1], "input"), integer(self.signal[0])
            turned = ": weights may be stored inputs first" if len(weight) == self.taken else ""
            self.notes.append(f"{own.name} (Linear) takes {taken} and gets {given} in a row{turned}")
        self.taken = weight.shape[1]
        self._flatten(weight.shape[1])
        self.layers.append({"kind": "dense", "units": units, **_around(own, group, self.usual)})
        self.signal = (units,)

    def _flatten(self, inputs: int) -> None:
        """What stands between images or sequences and a dense layer that takes so many inputs."""
        if len(self.signal) == 2:
            self.layers[-1]["output"] = "last"
        elif len(self.signal) == 3:
            if inputs == self.signal[0] and math.prod(self.signal[1:]) > 1:
                self._pool_all()
            self.layers.append({"kind": "flatten"})


def _groups(modules: Sequence[ForeignModule]) -> list[list[ForeignModule]]:
    """Each map with what follows until the next."""
    groups: list[list[ForeignModule]] = []
    for module in modules:
        if module.kind in MAPS and module.weight is not None:
            groups.append([module])
        elif groups:
            groups[-1].append(module)
    return groups


def _sizes(module: ForeignModule, name: str, default: int) -> list[int]:
    value = module.fields.get(name, default)
    return value if isinstance(value, list) else [value]


def _largest(module: ForeignModule, name: str, default: int) -> int:
    return max(_sizes(module, name, default))


def _channels(module: ForeignModule) -> int:
    """Those that a convolution takes."""
    return int(module.arrays["weight"].shape[1]) * int(module.fields.get("groups", 1))


def _pool(module: ForeignModule) -> int:
    """By how much a module makes images smaller; 1 where it does not pool."""
    return _largest(module, "stride", 1) if module.kind in POOLS else 1


def _usual_activation(groups: Sequence[Sequence[ForeignModule]], notes: list[str]) -> PlainDict:
    """What is taken where a layer shows no activation: a module may be used many times, or a function in its place."""
    kinds = Counter(module.kind for group in groups for module in group if module.kind in (*ACTIVATIONS, *ALIKE))
    silent = [group for group in groups[:-1] if group[0].kind not in RECURRENT]
    if sum(kinds.values()) >= len(silent):
        return {"kind": "linear"}
    usual = kinds.most_common(1)[0][0] if kinds else "ReLU"
    whence = "the one that there is" if kinds else "none is known"
    notes.append(f"activations that are no modules of their own are taken for {usual}: {whence}")
    return {"kind": ALIKE.get(usual, "leaky_relu" if usual == "LeakyReLU" else usual.lower())}


def _drawn(weight: Floats) -> PlainDict:
    """How weights (units, inputs, …) are drawn that are as large as these."""
    variance = float(np.mean(np.square(weight))) * math.prod(weight.shape[1:])
    return {"kind": "variance_scaled", "weight_variance": variance}


def _around(own: ForeignModule, group: Sequence[ForeignModule], usual: PlainDict) -> dict[str, Any]:
    """How a map is drawn, and the norm and activation behind it."""
    weight = own.weight
    assert weight is not None
    layer: PlainDict = {"activation": usual, "initializer": _drawn(weight)}
    norm = next((place for place, module in enumerate(group) if module.kind in NORMS), None)
    phi = next((place for place, module in enumerate(group) if module.kind in (*ACTIVATIONS, *ALIKE)), None)
    if phi is not None:
        layer["activation"] = _activation(group[phi]) or {"kind": ALIKE[group[phi].kind]}
    if norm is not None:
        position = "before" if phi is None or norm < phi else "after"
        layer["normalization"] = {"kind": NORMS[group[norm].kind], "position": position}
    return layer


def _activation(module: ForeignModule) -> PlainDict | None:
    """The same one; None where the bench has none."""
    return ACTIVATIONS[module.kind](module.fields) if module.kind in ACTIVATIONS else None


def _left_out(modules: Sequence[ForeignModule]) -> list[str]:
    told = (*MAPS, *SILENT, *ALIKE, *POOLS, "AdaptiveAvgPool2d")
    first = next(place for place, module in enumerate(modules) if module.kind in MAPS)
    before = [module.kind for module in modules[:first] if module.kind in (*NORMS, *ACTIVATIONS, *ALIKE)]
    unknown = Counter([*before, *(module.kind for module in modules if module.kind not in told)])
    return [f"{count} × {kind}" if count > 1 else kind for kind, count in unknown.items()]
