"""A row of foreign modules as layers of the bench that compute the same, or the reason why there are none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.code.importing.modules import ForeignModule
from simulator.layers.base import Shape
from simulator.layers.image.windows import Padding, WindowAxis
from simulator.schema.numbers import count, integer
from simulator.schema.plain import PlainDict

MOST_CLASSES = 1000
LARGEST_SIDE = 1024
"""Of images whose size is looked for."""

ACTIVATIONS: Mapping[str, Callable[[Mapping[str, Any]], PlainDict | None]] = {
    "Sigmoid": lambda fields: {"kind": "sigmoid"},
    "Tanh": lambda fields: {"kind": "tanh"},
    "ReLU": lambda fields: {"kind": "relu"},
    "LeakyReLU": lambda fields: {"kind": "leaky_relu", "slope": fields["negative_slope"]},
    "ELU": lambda fields: {"kind": "elu", "alpha": fields["alpha"]},
    "SELU": lambda fields: {"kind": "selu"},
    "Softplus": lambda fields: {"kind": "softplus"} if (fields["beta"], fields["threshold"]) == (1, 20) else None,
    "Softsign": lambda fields: {"kind": "softsign"},
    "GELU": lambda fields: {"kind": "gelu"} if fields["approximate"] == "none" else None,
    "SiLU": lambda fields: {"kind": "silu"},
}
"""Class of PyTorch → the bench's activation, None where its settings have none."""
OUTPUTS = {
    "Softmax": "softmax_cross_entropy",
    "LogSoftmax": "softmax_cross_entropy",
    "Sigmoid": "sigmoid_cross_entropy",
}
"""What may stand behind the last map, and the loss that it belongs to."""


class UnknownError(ValueError):
    """What of a network the bench has no layer for, in a few words."""


@dataclass
class Rebuilt:
    """A network as the bench has it."""

    input_shape: Shape
    outputs: int
    loss: str
    layers: list[PlainDict]
    sources: list[tuple[ForeignModule, ForeignModule | None]]
    """Of each layer with weights the map and the norm that they are of, the output's last."""
    output: PlainDict = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def quantities(self) -> bool:
        """Whether it answers with quantities, not with shares of classes."""
        return self.loss in ("mse", "sigmoid_mse")


def rebuilt(modules: Sequence[ForeignModule], input_shape: Shape | None = None) -> Rebuilt:
    """The same network; UnknownError says why there is none. ``input_shape`` is looked for where it is not given."""
    for module in modules:
        if not module.plain:
            raise UnknownError(f"{module.name or 'it'} ({module.kind}) does not stand in nn.Sequential alone")
    if input_shape is not None:
        return _Row(input_shape).read(modules)
    first = next((module for module in modules if module.kind in ("Linear", "Conv2d")), None)
    if first is None:
        raise UnknownError("it has no Linear and no Conv2d")
    if first.kind == "Linear":
        return _Row((int(first.fields["in_features"]),)).read(modules)
    refusal = UnknownError("its images have no size that fits")
    for side in (8, 28, 32, *range(1, LARGEST_SIDE)):
        try:
            return _Row((int(first.fields["in_channels"]), side, side)).read(modules)
        except _UnfitError as error:
            refusal = error
    raise refusal


class _UnfitError(UnknownError):
    """A map that does not take what comes, which another size of images might."""


class _Row:
    """Layers in the making, module after module."""

    def __init__(self, shape: Shape) -> None:
        self.input_shape = self.shape = shape
        self.layers: list[PlainDict] = []
        self.sources: list[tuple[ForeignModule, ForeignModule | None]] = []
        self.notes: list[str] = []
        self.loss = ""

    def read(self, modules: Sequence[ForeignModule]) -> Rebuilt:
        *others, last = [module for module in modules if module.kind != "Identity"]
        for module in others:
            self._add(module)
        if last.kind in OUTPUTS and last.fields.get("dim") in (None, 1, -1):
            self.loss = OUTPUTS[last.kind]
            if last.kind == "LogSoftmax":
                self.notes.append("its LogSoftmax is part of the loss: answers are shares, not their logarithms")
        else:
            self._add(last)
        if not self.layers or self.layers[-1].keys() != {"kind", "units"} or self.layers[-1]["kind"] != "dense":
            raise UnknownError("its last module is no Linear, nor softmax or sigmoid behind one")
        outputs = int(self.layers.pop()["units"])
        if self.loss and outputs == 1:
            self.loss = "sigmoid_mse" if last.kind == "Sigmoid" else "mse"
            self.notes.append("its one answer is taken for a quantity: the bench asks for one answer per class")
        if not self.loss:
            self.loss = "softmax_cross_entropy" if outputs > 1 else "mse"
            meant = "logits of classes" if outputs > 1 else "a quantity"
            self.notes.append(f"its outputs are taken for {meant}: PyTorch leaves that to the loss")
        if outputs > MOST_CLASSES and "cross_entropy" in self.loss:
            raise UnknownError(f"it has {outputs} answers, and the bench {MOST_CLASSES} classes at most")
        return Rebuilt(self.input_shape, outputs, self.loss, together(self.layers), self.sources, notes=self.notes)

    def _add(self, module: ForeignModule) -> None:
        if module.kind in ("Linear", "Conv2d"):
            self._add_map(module)
        elif module.kind in ("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"):
            self._add_pooling(module)
        elif module.kind in ("BatchNorm1d", "BatchNorm2d", "LayerNorm"):
            self._add_norm(module)
        elif module.kind == "Dropout":
            self._set("dropout", {"kind": "inverted", "rate": module.fields["p"]}, module)
        elif module.kind == "Flatten":
            self._add_flatten(module)
        else:
            if module.kind not in ACTIVATIONS:
                raise UnknownError(f"the bench has no {module.kind} where {module.name} stands")
            made = ACTIVATIONS[module.kind](module.fields)
            if made is None:
                raise UnknownError(f"{module.kind} with its settings is no activation of the bench")
            self._set("activation", made, module)

    def _set(self, name: str, value: PlainDict, module: ForeignModule) -> None:
        """Give the last layer what stands behind its map; UnknownError where the bench has it in another order."""
        order = ("normalization", "activation", "dropout")
        layer: PlainDict = self.layers[-1] if self.layers else {"kind": ""}
        later = order[order.index(name) :]
        if layer["kind"] not in ("dense", "convolution") or any(each in layer for each in later):
            raise UnknownError(f"{module.name} ({module.kind}) stands where no layer of the bench has one")
        layer[name] = value

    def _add_map(self, module: ForeignModule) -> None:
        self._finish()
        fields = module.fields
        if module.kind == "Linear":
            if math.prod(self.shape) != fields["in_features"] or len(self.shape) != 1:
                taken, given = count(fields["in_features"], "input"), integer(math.prod(self.shape))
                raise _UnfitError(f"{module.name} takes {taken} and gets {given}")
            self.shape = (int(fields["out_features"]),)
            self.layers.append({"kind": "dense", "units": self.shape[0]})
        else:
            self._add_convolution(module)
        self.sources.append((module, None))
        if "bias" not in module.arrays:
            self.notes.append(f"{module.name} has no biases: here they are 0 and are trained")

    def _add_convolution(self, module: ForeignModule) -> None:
        fields = module.fields
        kernel, stride = (_alike(fields[name], module) for name in ("kernel_size", "stride"))
        if fields["groups"] != 1 or _alike(fields["dilation"], module) != 1 or len(self.shape) != 3:
            raise UnknownError(f"{module.name} is a convolution in groups, dilated, or not of an image")
        if self.shape[0] != fields["in_channels"] or kernel > min(self.shape[1:]):
            raise _UnfitError(f"{module.name} does not take an image of {self.shape}")
        padding = _padding(module, self.shape, kernel, stride)
        sides = (WindowAxis(size, kernel, stride, padding).positions for size in self.shape[1:])
        self.shape = (int(fields["out_channels"]), *sides)
        layer = {"kind": "convolution", "channels": self.shape[0], "kernel": kernel}
        self.layers.append({**layer, "stride": stride, "padding": padding})

    def _add_pooling(self, module: ForeignModule) -> None:
        self._finish()
        if len(self.shape) != 3:
            raise UnknownError(f"{module.name} pools what is no image")
        if module.kind == "AdaptiveAvgPool2d":
            if _alike(module.fields["output_size"], module) != 1:
                raise UnknownError(f"{module.name} pools to more than one number")
            self.layers.append({"kind": "pooling", "mode": "global"})
            self.shape = (self.shape[0], 1, 1)
            return
        size = _alike(module.fields["kernel_size"], module)
        whole = _alike(module.fields["stride"], module) == size and not _alike(module.fields["padding"], module)
        usual = module.fields.get("dilation", 1) in (1, [1, 1]) and module.fields.get("divisor_override") is None
        if not whole or not usual or module.fields["ceil_mode"]:
            raise UnknownError(f"{module.name} pools over windows that overlap, have gaps or reach over the edge")
        if size > min(self.shape[1:]):
            raise _UnfitError(f"{module.name} does not take an image of {self.shape}")
        mode = "max" if module.kind == "MaxPool2d" else "average"
        self.layers.append({"kind": "pooling", "mode": mode, "size": size})
        self.shape = (self.shape[0], *(side // size for side in self.shape[1:]))

    def _add_norm(self, module: ForeignModule) -> None:
        batch = module.kind != "LayerNorm"
        if not batch and len(self.shape) != 1:
            raise UnknownError(f"{module.name} normalises a whole image: the bench does so pixel by pixel")
        if batch and (module.fields["momentum"] is None or not module.fields["track_running_stats"]):
            raise UnknownError(f"{module.name} keeps other averages than the bench's batch norm")
        features = module.fields["num_features"] if batch else math.prod(module.fields["normalized_shape"])
        if features != self.shape[0]:
            raise _UnfitError(
                f"{module.name} normalises {count(features, 'feature')} and gets {integer(self.shape[0])}"
            )
        position = "after" if self.layers and "activation" in self.layers[-1] else "before"
        made = {"kind": "batch" if batch else "layer", "position": position, "epsilon": module.fields["eps"]}
        layer: PlainDict = self.layers[-1] if self.layers else {"kind": ""}
        if layer["kind"] not in ("dense", "convolution") or "normalization" in layer or "dropout" in layer:
            raise UnknownError(f"{module.name} ({module.kind}) stands where no layer of the bench has one")
        layer["normalization"] = made | ({"momentum": module.fields["momentum"]} if batch else {})
        self.sources[-1] = self.sources[-1][0], module
        if "weight" not in module.arrays:
            self.notes.append(f"{module.name} has no scale and shift: here they are 1 and 0 and are trained")

    def _add_flatten(self, module: ForeignModule) -> None:
        if module.fields["start_dim"] != 1 or module.fields["end_dim"] != -1:
            raise UnknownError(f"{module.name} flattens a part of a sample")
        if len(self.shape) > 1:
            self._finish()
            self.layers.append({"kind": "flatten"})
            self.shape = (math.prod(self.shape),)

    def _finish(self) -> None:
        """A layer that has got no activation is linear."""
        if self.layers and self.layers[-1]["kind"] in ("dense", "convolution"):
            self.layers[-1].setdefault("activation", {"kind": "linear"})


def _alike(value: Any, module: ForeignModule) -> int:
    """A size that is the same along both sides of an image."""
    sizes = set(value) if isinstance(value, list) else {value}
    if len(sizes) != 1 or not isinstance(size := sizes.pop(), int):
        raise UnknownError(f"{module.name} is not the same along both sides")
    return size


def _padding(module: ForeignModule, shape: Shape, kernel: int, stride: int) -> Padding:
    """The bench's, where one places all windows alike."""
    mode, margin = module.fields["padding_mode"], module.fields["padding"]
    if mode not in ("zeros", "circular"):
        raise UnknownError(f"{module.name} pads by {mode}")
    own: Padding = "circular" if mode == "circular" else "same"
    if margin == "valid" or margin in (0, [0, 0]):
        return "valid"
    if margin == "same":
        return own
    width = _alike(margin, module)
    for size in shape[1:]:
        axis = WindowAxis(size, kernel, stride, own)
        if axis.before != width or axis.positions != (size + 2 * width - kernel) // stride + 1:
            raise _UnfitError(f"{module.name} pads by {width}, the bench by {axis.before}")
    return own


def together(layers: Sequence[PlainDict]) -> list[PlainDict]:
    """Layers that are alike and follow each other as one that is repeated."""
    made = []
    for layer, alike in itertools.groupby(layers):
        count = len(list(alike))
        made.append({**layer, "repeat": count} if count > 1 else layer)
    return made
