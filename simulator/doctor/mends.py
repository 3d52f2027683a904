"""Mends: what may be changed about an experiment, as settings. Each is None where it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.doctor.base import Mend
from simulator.experiment import Experiment

Plain = Mapping[str, Any]
SQUASHING = frozenset({"sigmoid", "tanh", "erf", "softsign"})
RECTIFYING = frozenset({"relu", "leaky_relu", "gelu", "silu", "elu", "softplus"})
ALIKE = frozenset({"zeros", "constant"})
"""Initialisers that draw all units of a layer alike."""
DEEP = 8
"""Layers from which on a way around them is worth its while."""
RATE_CUT = 10.0


def layers_of(experiment: Experiment) -> Iterator[tuple[str, Plain]]:
    """(path, builtins) of every layer, those inside others included."""
    plain = experiment.to_builtins()
    yield from _walk(plain["layers"], "layers")


def _walk(layers: list[Plain], path: str) -> Iterator[tuple[str, Plain]]:
    for place, layer in enumerate(layers):
        here = f"{path}.{place}"
        yield here, layer
        inner = layer.get("layers")
        if isinstance(inner, list):
            yield from _walk(inner, f"{here}.layers")


def _each(
    experiment: Experiment, settings: Callable[[str, Plain], list[tuple[str, Any]]]
) -> tuple[tuple[str, Any], ...]:
    return tuple(setting for path, layer in layers_of(experiment) for setting in settings(path, layer))


def kind_of(layer: Plain, field: str) -> str:
    """Kind of the part in a field of a layer, ``""`` where it has no such field."""
    part = layer.get(field)
    return str(part["kind"]) if isinstance(part, Mapping) else ""


def fitting_initializer(activation: str) -> str:
    """The initialiser whose variance fits an activation: He for rectifiers, LeCun for SELU, else Glorot."""
    if activation in RECTIFYING:
        return "he_normal"
    return "lecun_normal" if activation == "selu" else "glorot_normal"


def _family(initializer: str) -> str:
    """Normal and uniform draws of one name have one variance."""
    return initializer.partition("_")[0]


def unfitting(layer: Plain) -> str | None:
    """The initialiser that would fit a layer's activation; None where the one it has does, or it has none."""
    activation, present = kind_of(layer, "activation"), kind_of(layer, "initializer")
    wanted = fitting_initializer(activation)
    known = activation and present and present != "lsuv"
    return wanted if known and _family(present) != _family(wanted) else None


def value_at(experiment: Experiment, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    here: Any = experiment.to_builtins()
    for key in path.split("."):
        here = here[int(key)] if isinstance(here, list | tuple) else here.get(key)
        if here is None:
            return None
    return here


def cause_of(experiment: Experiment, path: str) -> tuple[str, Any]:
    """(path, value) of what decides in the initialiser at ``path``: its one number where it has one, else its kind."""
    part = value_at(experiment, path)
    field = next((name for name in ("std", "limit", "value", "gain", "weight_variance") if name in part), "kind")
    return f"{path}.{field}", part[field]


def weights(experiment: Experiment) -> Mend | None:
    """Initial weights whose variance fits each layer's activation."""
    used: list[str] = []

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        wanted = unfitting(layer)
        if wanted is None:
            return []
        used.append(wanted)
        return [(f"{path}.initializer.kind", wanted)]

    found = _each(experiment, settings)
    names = {"he_normal": "He", "glorot_normal": "Glorot", "lecun_normal": "LeCun"}
    title = " and ".join(dict.fromkeys(names[name] for name in used))
    return Mend(f"{title} weights", found) if found else None


def activation(experiment: Experiment, kind: str, among: frozenset[str], title: str) -> Mend | None:
    """Another activation, with weights that fit it, for every layer whose activation is one of ``among``."""

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        if kind_of(layer, "activation") not in among or not kind_of(layer, "initializer"):
            return []
        return [(f"{path}.activation.kind", kind), (f"{path}.initializer.kind", fitting_initializer(kind))]

    found = _each(experiment, settings)
    return Mend(title, found) if found else None


def rectifier(experiment: Experiment) -> Mend | None:
    return activation(experiment, "relu", SQUASHING, "ReLU and He weights")


def tanh(experiment: Experiment) -> Mend | None:
    return activation(experiment, "tanh", frozenset({"sigmoid"}), "tanh and Glorot weights")


def leaky(experiment: Experiment) -> Mend | None:
    return activation(experiment, "leaky_relu", frozenset({"relu"}), "Leaky ReLU")


def batch_norm(experiment: Experiment) -> Mend | None:
    """Batch norm before every nonlinear activation that has no norm yet, where that is most of them."""
    active = bare = 0
    found: list[tuple[str, Any]] = []
    for path, layer in layers_of(experiment):
        if kind_of(layer, "activation") not in ("", "linear"):
            active += layer["repeat"]
            if kind_of(layer, "normalization") == "none":
                bare += layer["repeat"]
                found.append((f"{path}.normalization.kind", "batch"))
    return Mend("Batch norm", tuple(found)) if 2 * bare > active else None


def rate(experiment: Experiment, factor: float) -> Mend:
    """The learning rate times ``factor``."""
    value = float(f"{experiment.optimizer.learning_rate * factor:.3g}")
    return Mend(f"Learning rate {value:g}", (("optimizer.learning_rate", value),))


def clip(experiment: Experiment, norm: float = 1.0) -> Mend | None:
    """The gradient's norm held to ``norm``."""
    if experiment.regularization.clip_norm is not None and experiment.regularization.clip_norm <= norm:
        return None
    return Mend(f"Clip at norm {norm:g}", (("regularization.clip_norm", norm),))


def adam(experiment: Experiment) -> Mend | None:
    """Adam, whose step does not depend on the gradient's size while that is far above ε."""
    if experiment.optimizer.kind in ("adam", "adamw"):
        return None
    return Mend("Adam", (("optimizer.kind", "adam"),))


def skips(experiment: Experiment) -> Mend | None:
    """A way around every two layers of the longest run of equal dense layers."""
    entries = [(layer.repeat, place) for place, layer in enumerate(experiment.layers) if layer.kind == "dense"]
    if not entries:
        return None
    repeat, place = max(entries)
    if repeat < DEEP:
        return None
    plain = experiment.to_builtins()["layers"]
    one = {**plain[place], "repeat": 1}
    last = {**one, "activation": {"kind": "linear"}, "normalization": {"kind": "none"}}
    block = {"kind": "residual", "repeat": (repeat - 1) // 2, "layers": [one, last], "scale": "sqrt_depth"}
    rest = [one] if repeat % 2 == 0 else []
    return Mend("Skip connections", (("layers", [*plain[:place], one, block, *rest, *plain[place + 1 :]]),))


def carry(experiment: Experiment, bias: float = -3.0) -> Mend | None:
    """Gates of highway layers that start almost shut, so that the input is carried past."""
    found = tuple(
        (f"{path}.transform_bias", bias)
        for path, layer in layers_of(experiment)
        if layer["kind"] == "highway" and layer["transform_bias"] > bias
    )
    return Mend(f"Transform bias {bias:g}", found) if found else None


def gated(experiment: Experiment, kind: str) -> Mend | None:
    """An LSTM or a GRU in place of every plain recurrent layer."""
    kept = ("units", "repeat", "output", "truncate", "checkpoint")
    found = tuple(
        (path, {"kind": kind, **{name: layer[name] for name in kept}})
        for path, layer in layers_of(experiment)
        if layer["kind"] == "recurrent"
    )
    return Mend("LSTM" if kind == "lstm" else "GRU", found) if found else None


def irnn(experiment: Experiment) -> Mend | None:
    """ReLU and recurrent weights that start as the identity."""

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        if layer["kind"] != "recurrent":
            return []
        return [(f"{path}.activation.kind", "relu"), (f"{path}.recurrent_initializer.kind", "identity")]

    found = _each(experiment, settings)
    return Mend("ReLU from the identity", found) if found else None


def dropout(experiment: Experiment, share: float = 0.3) -> Mend | None:
    """Dropout in every layer that could have it and has none."""

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        bare = kind_of(layer, "dropout") == "none" and kind_of(layer, "activation") not in ("", "linear")
        return [(f"{path}.dropout", {"kind": "inverted", "rate": share})] if bare else []

    found = _each(experiment, settings)
    return Mend(f"Dropout {share:g}", found) if found else None


def decay(experiment: Experiment, strength: float = 1e-2) -> Mend | None:
    """A penalty on large weights."""
    if experiment.regularization.l2 >= strength:
        return None
    return Mend(f"L2 {strength:g}", (("regularization.l2", strength),))


def double(experiment: Experiment) -> Mend | None:
    """float64, which holds what float32 rounds to 0."""
    return Mend("float64", (("precision", "float64"),)) if experiment.precision == "float32" else None
