"""Remedies: what may be changed about an experiment, as settings. Each is None where it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.doctor.base import Remedy
from simulator.experiment.experiment import Experiment
from simulator.layers.base import Layer
from simulator.layers.normalization import Normalization
from simulator.layers.normalization.block import BlockNormalization
from simulator.parts.activations import Activation, LeakyReLU, ReLU, Tanh
from simulator.parts.initializers import Initializer
from simulator.schema import parameter
from simulator.schema.numbers import setting
from simulator.schema.parameter import kinds
from simulator.schema.plain import Plain
from simulator.schema.settings import value_at

DEEP_LAYERS = 8
"""Layers from which on a way around them is worth its while."""
RATE_CUT = 10.0
CLIPPED_NORM = 1.0
SHUT_BIAS = -3.0
"""Of the gates of highway layers, which then let a twentieth through."""
DROPPED_SHARE = 0.3
L2_STRENGTH = 1e-2


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


def entry_of(path: str) -> int:
    """The entry of the stack that a path in it leads to: ``layers.3.units`` → 3."""
    return int(path.split(".")[1])


def _each(
    experiment: Experiment, settings: Callable[[str, Plain], list[tuple[str, Any]]]
) -> tuple[tuple[str, Any], ...]:
    return tuple(setting for path, layer in layers_of(experiment) for setting in settings(path, layer))


def kind_of(layer: Plain, field: str) -> str:
    """Kind of the part in a field of a layer, ``""`` where it has no such field."""
    part = layer.get(field)
    return str(part["kind"]) if isinstance(part, Mapping) else ""


def activation_of(layer: Plain) -> type[Activation] | None:
    """None where it has none of its own."""
    return kinds(Activation).get(kind_of(layer, "activation"))


def initializer_of(layer: Plain, field: str = "initializer") -> Initializer | None:
    """None where it has none of its own."""
    part = layer.get(field)
    if not isinstance(part, Mapping):
        return None
    return kinds(Initializer)[part["kind"]](**{name: part[name] for name in part if name != "kind"})


def bends(layer: Plain) -> bool:
    """Whether it has an activation that is not linear."""
    activation = activation_of(layer)
    return activation is not None and not activation.linear


def normalized_over(layer: Plain) -> str:
    """What its norm, or that of its branches, takes mean and variance over; ``""`` where it has none that does."""
    kind = kind_of(layer, "normalization")
    norm = kinds(Normalization).get(kind) or kinds(BlockNormalization).get(kind)
    return norm.over if norm is not None else ""


def ungated(layer: Plain) -> bool:
    """Whether it carries a state that nothing but weights and slopes keep."""
    kind = kinds(Layer)[layer["kind"]]
    return kind.stateful and not kind.gates


def unfitting(layer: Plain) -> type[Initializer] | None:
    """The initialiser that would fit a layer's activation; None where the one it has does, or it has none."""
    activation, present = activation_of(layer), initializer_of(layer)
    if activation is None or present is None or present.data_dependent:
        return None
    wanted = activation.fitting_initializer
    return wanted if present.family != wanted.family else None


def cause_of(experiment: Experiment, path: str) -> tuple[str, Any]:
    """(path, value) of what decides in the initialiser at ``path``: its one number where it has one, else its kind."""
    layer, _, field = path.rpartition(".")
    part = initializer_of(value_at(experiment.to_builtins(), layer), field)
    assert part is not None
    field = part.size_field or "kind"
    return f"{path}.{field}", getattr(part, field)


def weights(experiment: Experiment) -> Remedy | None:
    """Initial weights whose variance fits each layer's activation."""
    used: list[str] = []

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        wanted = unfitting(layer)
        if wanted is None:
            return []
        used.append(wanted.family)
        return [(f"{path}.initializer.kind", parameter.kind_of(wanted))]

    changes = _each(experiment, settings)
    title = " and ".join(dict.fromkeys(used))
    return Remedy(f"{title} weights", changes) if changes else None


def activation(
    experiment: Experiment, better: type[Activation], instead: Callable[[type[Activation]], bool], title: str
) -> Remedy | None:
    """Another activation, with weights that fit it, for every layer whose activation is such."""

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        present = activation_of(layer)
        if present is None or not instead(present) or initializer_of(layer) is None:
            return []
        fitting = parameter.kind_of(better.fitting_initializer)
        return [(f"{path}.activation.kind", parameter.kind_of(better)), (f"{path}.initializer.kind", fitting)]

    changes = _each(experiment, settings)
    return Remedy(title, changes) if changes else None


def rectifier(experiment: Experiment) -> Remedy | None:
    return activation(experiment, ReLU, lambda present: present.squashing(), "ReLU and He weights")


def tanh(experiment: Experiment) -> Remedy | None:
    """Values around 0 instead of ones that squash to one side."""
    return activation(
        experiment, Tanh, lambda present: present.squashing() and not present.centred(), "tanh and Glorot weights"
    )


def leaky(experiment: Experiment) -> Remedy | None:
    return activation(experiment, LeakyReLU, lambda present: present.dies, "Leaky ReLU")


def batch_norm(experiment: Experiment) -> Remedy | None:
    """Batch norm before every nonlinear activation that has no norm yet, where that is most of them."""
    active = bare = 0
    norms: list[tuple[str, Any]] = []
    for path, layer in layers_of(experiment):
        if bends(layer):
            active += layer["repeat"]
            if kind_of(layer, "normalization") == "none":
                bare += layer["repeat"]
                norms.append((f"{path}.normalization.kind", "batch"))
    return Remedy("Batch norm", tuple(norms)) if 2 * bare > active else None


def rate(experiment: Experiment, factor: float) -> Remedy:
    """The learning rate times ``factor``."""
    value = float(f"{experiment.optimizer.learning_rate * factor:.3g}")
    return Remedy(f"Learning rate {setting(value)}", (("optimizer.learning_rate", value),))


def clip(experiment: Experiment) -> Remedy | None:
    """The gradient's norm held to 1."""
    limit = experiment.regularization.clip_norm
    if limit is not None and limit <= CLIPPED_NORM:
        return None
    return Remedy(f"Clip at norm {setting(CLIPPED_NORM)}", (("regularization.clip_norm", CLIPPED_NORM),))


def adam(experiment: Experiment) -> Remedy | None:
    """Adam, whose step does not depend on the gradient's size while that is far above ε."""
    if experiment.optimizer.adaptive:
        return None
    return Remedy("Adam", (("optimizer.kind", "adam"),))


def skips(experiment: Experiment) -> Remedy | None:
    """A way around every two layers of the longest run of equal dense layers."""
    entries = [(layer.repeat, place) for place, layer in enumerate(experiment.layers) if layer.plain]
    if not entries:
        return None
    repeat, place = max(entries)
    if repeat < DEEP_LAYERS:
        return None
    plain = experiment.to_builtins()["layers"]
    one = {**plain[place], "repeat": 1}
    last = {**one, "activation": {"kind": "linear"}, "normalization": {"kind": "none"}}
    block = {"kind": "residual", "repeat": (repeat - 1) // 2, "layers": [one, last], "scale": "sqrt_depth"}
    rest = [one] if repeat % 2 == 0 else []
    return Remedy("Skip connections", (("layers", [*plain[:place], one, block, *rest, *plain[place + 1 :]]),))


def shut_gates(experiment: Experiment) -> Remedy | None:
    """Gates of highway layers that start almost shut, so that the input is carried past."""
    biases = tuple(
        (f"{path}.transform_bias", SHUT_BIAS)
        for path, layer in layers_of(experiment)
        if layer.get("transform_bias", SHUT_BIAS) > SHUT_BIAS
    )
    return Remedy(f"Transform bias {setting(SHUT_BIAS)}", biases) if biases else None


def gated(experiment: Experiment, kind: str) -> Remedy | None:
    """An LSTM or a GRU in place of every plain recurrent layer."""
    kept = ("units", "repeat", "output", "truncate", "checkpoint")
    gates = tuple(
        (path, {"kind": kind, **{name: layer[name] for name in kept}})
        for path, layer in layers_of(experiment)
        if ungated(layer)
    )
    title = parameter.title_of(kinds(Layer)[kind])
    return Remedy(title, gates) if gates else None


def irnn(experiment: Experiment) -> Remedy | None:
    """ReLU and recurrent weights that start as the identity."""

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        if not ungated(layer):
            return []
        return [(f"{path}.activation.kind", "relu"), (f"{path}.recurrent_initializer.kind", "identity")]

    changes = _each(experiment, settings)
    return Remedy("ReLU from the identity", changes) if changes else None


def dropout(experiment: Experiment) -> Remedy | None:
    """Dropout in every layer that could have it and has none."""

    def settings(path: str, layer: Plain) -> list[tuple[str, Any]]:
        bare = kind_of(layer, "dropout") == "none" and bends(layer)
        return [(f"{path}.dropout", {"kind": "inverted", "rate": DROPPED_SHARE})] if bare else []

    rates = _each(experiment, settings)
    return Remedy(f"Dropout {setting(DROPPED_SHARE)}", rates) if rates else None


def decay(experiment: Experiment) -> Remedy | None:
    """A penalty on large weights."""
    if experiment.regularization.l2 >= L2_STRENGTH:
        return None
    return Remedy(f"L2 {setting(L2_STRENGTH)}", (("regularization.l2", L2_STRENGTH),))


def double(experiment: Experiment) -> Remedy | None:
    """float64, which holds what float32 rounds to 0."""
    return Remedy("float64", (("precision", "float64"),)) if experiment.precision == "float32" else None
