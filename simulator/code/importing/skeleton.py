"""The skeleton of a network that the bench cannot rebuild: depth, widths, activations, weight scales and norms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from simulator.code.importing.modules import MAPS, ForeignModule
from simulator.code.importing.rebuilding import ACTIVATIONS, Plain, Rebuilt, together
from simulator.experiment.experiment import ExperimentError

GATES = {"LSTM": 4, "GRU": 3, "MultiheadAttention": 3}
NORMS = {"BatchNorm1d": "batch", "BatchNorm2d": "batch", "BatchNorm3d": "batch", "LayerNorm": "layer"}
SILENT = ("Identity", "Flatten", "Dropout", "Softmax", "LogSoftmax", *NORMS, *ACTIVATIONS)
"""What changes nothing of a skeleton, or is told of with its layer."""


def skeleton(modules: Sequence[ForeignModule], reason: str) -> Rebuilt:
    """Dense layers in a row, drawn as widely as its weights are; ``reason`` says why it is not the network itself."""
    groups = _groups(modules)
    if not groups:
        raise ExperimentError("it has no weights that a layer could be made of")
    notes = [f"a skeleton: {reason}", "its maps stand in a row: how modules are connected is not known"]
    usual = _usual_activation(groups, notes)
    layers = [_layer(group, usual, notes) for group in groups]
    *hidden, last = layers
    notes += [f"left out: {name}" for name in _left_out(modules)]
    weight = groups[0][0].weight
    assert weight is not None
    outputs = int(last["units"])
    loss = "softmax_cross_entropy" if outputs > 1 else "mse"
    output = {"initializer": last["initializer"]}
    return Rebuilt((weight.shape[1],), outputs, loss, together(hidden), [], output, notes)


def _groups(modules: Sequence[ForeignModule]) -> list[list[ForeignModule]]:
    """Each map with what follows until the next."""
    groups: list[list[ForeignModule]] = []
    for module in modules:
        if module.kind in MAPS and module.weight is not None:
            groups.append([module])
        elif groups:
            groups[-1].append(module)
    return groups


def _usual_activation(groups: Sequence[Sequence[ForeignModule]], notes: list[str]) -> Plain:
    """What is taken where a layer shows no activation: a module may be used many times, or a function in its place."""
    kinds = Counter(module.kind for group in groups for module in group if module.kind in ACTIVATIONS)
    if sum(kinds.values()) >= len(groups) - 1:
        return {"kind": "linear"}
    usual = kinds.most_common(1)[0][0] if kinds else "ReLU"
    whence = "the one that there is" if kinds else "none is known"
    notes.append(f"activations that are no modules of their own are taken for {usual}: {whence}")
    return {"kind": usual.lower()} if usual != "LeakyReLU" else {"kind": "leaky_relu"}


def _layer(group: Sequence[ForeignModule], usual: Plain, notes: list[str]) -> Plain:
    """A dense layer as wide as a map and drawn as widely, with the norm and activation behind it."""
    own, weight = group[0], group[0].weight
    assert weight is not None
    units = len(weight) // GATES.get(own.kind, 1)
    if own.kind != "Linear":
        notes.append(f"{own.name or 'the network'} ({own.kind}) is taken for a dense layer of {units} units")
    variance = float(np.mean(weight**2)) * weight.shape[1]
    layer: Plain = {
        "kind": "dense",
        "units": units,
        "activation": usual,
        "initializer": {"kind": "variance_scaled", "weight_variance": variance},
    }
    norm = next((place for place, module in enumerate(group) if module.kind in NORMS), None)
    phi = next((place for place, module in enumerate(group) if module.kind in ACTIVATIONS), None)
    if phi is not None:
        module = group[phi]
        layer["activation"] = ACTIVATIONS[module.kind](module.fields) or usual
    if norm is not None:
        position = "before" if phi is None or norm < phi else "after"
        layer["normalization"] = {"kind": NORMS[group[norm].kind], "position": position}
    return layer


def _left_out(modules: Sequence[ForeignModule]) -> list[str]:
    unknown = Counter(module.kind for module in modules if module.kind not in (*MAPS, *SILENT))
    return [f"{count} × {kind}" if count > 1 else kind for kind, count in unknown.items()]
