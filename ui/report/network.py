"""The network as a table in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simulator.experiment.experiment import Experiment
from simulator.experiment.shapes import shapes, text_of
from simulator.layers.normalization import Normalization
from simulator.layers.normalization.block import BlockNormalization
from simulator.network.memory import Need, need_of
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Parameter, Part, Spec, own_first, parameters
from simulator.schema.plain import FieldPath
from simulator.training.run_info import RunInfo
from ui.builder.entries import StackEntry, entries_of
from ui.report.markup import INDENT
from ui.report.settings import value_text
from ui.style.numbers import integer

HEADS = ("Layer", "Kind", "Gives", "Activation", "Drawn from", "Normalisation", "Besides", "Parameters")
NORMS = (Normalization, BlockNormalization)


def needed(experiment: Experiment, info: RunInfo) -> Need:
    """What the network of a run takes, counted anew."""
    shape = experiment.data.input_shape or (len(info.input_names),)
    return need_of(experiment, shape, info.layers[-1].units, info.batch_size)


def network_rows(experiment: Experiment, info: RunInfo, need: Need) -> Iterator[Sequence[str]]:
    """A row for the input, each entry of the stack and the output, cells as in ``HEADS``."""
    shape = experiment.data.input_shape or (len(info.input_names),)
    sizes = {(): text_of(shape)} | {place: text_of(size) for place, size in shapes(experiment.layers, shape).items()}
    for entry in entries_of(experiment.to_builtins(), info, sizes):
        yield _row(entry, experiment, need, info.layers[-1].units)


def _row(entry: StackEntry, experiment: Experiment, need: Need, outputs: int) -> Sequence[str]:
    if entry.role == "input":
        return ("input", entry.title, entry.shape, "", "", "", "", "")
    part: Spec = experiment.output
    place: FieldPath = ("output",)
    if entry.role == "layer":
        part, place = at(experiment, entry.place), entry.place
    number = f"{INDENT * entry.level}{entry.number}"
    times = f" × {integer(entry.repeat)}" if entry.repeat > 1 else ""
    kind = entry.title.partition(" · ")[0]
    parts = [_part_text(part, bases) for bases in ((Activation,), (Initializer,), NORMS)]
    if entry.role == "output":
        loss = experiment.objective
        number, parts[0] = "output", loss.activation.title if loss.activation is not None else "softmax"
    besides = "; ".join(_besides(part))
    gives = entry.shape or integer(outputs)
    return (number, kind + times, gives, *parts, besides, integer(need.by_place[place]))


def at(spec: Any, place: Sequence[str | int]) -> Any:
    """What stands at a path."""
    for key in place:
        spec = getattr(spec, key) if isinstance(key, str) else spec[key]
    return spec


def _of(field: Parameter, bases: tuple[type[Part], ...]) -> bool:
    return field.part is not None and issubclass(field.part, bases)


def _part_text(layer: Spec, bases: tuple[type[Part], ...]) -> str:
    """The parts of these kinds; what each is for where there are several."""
    fields = [field for field in parameters(type(layer)) if _of(field, bases)]
    texts = [part_text(getattr(layer, field.name)) for field in fields]
    if len(fields) < 2:
        return "".join(texts)
    return "; ".join(f"{field.knob.label} {text}" for field, text in zip(fields, texts, strict=True))


def _besides(layer: Spec) -> Iterator[str]:
    """What else is set, if it is not as usual."""
    for field in own_first(type(layer)):
        value = field.of(layer)
        if field.name == "repeat" or field.type == "parts" or value == field.default:
            continue
        if not _of(field, (Activation, Initializer, *NORMS)) and field.name not in ("units", "channels"):
            text = part_text(value) if isinstance(value, Part) else value_text(field, value)
            yield f"{field.knob.label} {text}"


def part_text(part: Part) -> str:
    """``normal (mean 0, std 0.01)``"""
    fields = [field for field in parameters(type(part)) if field.type not in ("part", "spec", "parts")]
    inside = ", ".join(f"{field.knob.label} {value_text(field, getattr(part, field.name))}" for field in fields)
    return f"{part.title} ({inside})" if inside else part.title
