"""What a row of the stack says: read from an experiment's builtins through the parts' own parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simulator.frame import RunInfo
from simulator.layers import Layer
from simulator.losses import Loss
from simulator.parameter import Parameter, Part, kind_of, kinds, parameters, title_of
from ui.forms.form import value_of
from ui.forms.typed import text_of

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One row: ``first`` … ``last`` are depth indices from 0 with ``repeat`` expanded; -1 for the input."""

    role: Literal["input", "layer", "output"]
    number: str
    title: str
    badges: tuple[str, ...] = ()
    first: int = -1
    last: int = -1
    depth: int = 0

    @property
    def repeat(self) -> int:
        return self.last - self.first + 1

    @property
    def text(self) -> str:
        """The row in words, for those who do not see it."""
        times = f", {self.repeat} times" if self.repeat > 1 else ""
        return f"{self.number} {self.title}{times}. {', '.join(self.badges)}".strip()


def entries_of(plain: Plain, info: RunInfo | None = None) -> list[Entry]:
    """The rows from input to output."""
    repeats = [int(layer.get("repeat", 1)) for layer in plain["layers"]]
    depth = sum(repeats) + 1
    rows, first = [_input(plain, info)], 0
    for layer, repeat in zip(plain["layers"], repeats, strict=True):
        last = first + repeat - 1
        rows.append(Entry("layer", _range(first, last), _title(layer), _badges(layer), first, last, depth))
        first = last + 1
    rows.append(_output(plain, info, depth))
    return rows


def _range(first: int, last: int) -> str:
    return str(first + 1) if first == last else f"{first + 1}–{last + 1}"


def _input(plain: Plain, info: RunInfo | None) -> Entry:
    name = _kind_title(parameters_by_name(plain, "data"), plain["data"])
    if info is None:
        return Entry("input", "in", name)
    inputs = len(info.input_names)
    return Entry("input", "in", f"{name} · {inputs} input{'s' * (inputs != 1)}", (f"{info.train_samples} samples",))


def parameters_by_name(plain: Plain, name: str) -> dict[str, type[Part]]:
    """The kinds that the experiment's field ``name`` may have."""
    from simulator.experiment import Experiment

    found = next(p for p in parameters(Experiment) if p.name == name)
    return {kind_of(kind): kind for kind in found.kinds}


def _kind_title(known: Mapping[str, type[Part]], plain: Plain) -> str:
    kind = str(plain.get("kind", ""))
    return title_of(known[kind]) if kind in known else kind


def _output(plain: Plain, info: RunInfo | None, depth: int) -> Entry:
    units = f" {info.layers[-1].units}" if info is not None and info.layers else ""
    loss = plain.get("loss")
    badges: tuple[str, ...] = (_kind_title(kinds(Loss), loss),) if loss else ()
    badges += _part_badges(_output_parameters(), plain.get("output", {}), first=False)
    return Entry("output", "out", f"output{units}", badges, depth - 1, depth - 1, depth)


def _output_parameters() -> tuple[Parameter, ...]:
    from simulator.layers.output import Output

    return parameters(Output)


def _title(layer: Plain) -> str:
    """``dense 100 · tanh``"""
    known = kinds(Layer)  # type: ignore[type-abstract]
    words = [_kind_title(known, layer)]
    fields = {p.name: p for p in parameters(known[str(layer["kind"])])}
    sizes = [p for p in fields.values() if p.type == "integer" and p.name != "repeat"]
    if sizes:
        words.append(text_of(value_of(sizes[0], layer)))
    title = " ".join(words)
    if "activation" in fields:
        title += f" · {_part_title(fields['activation'], value_of(fields['activation'], layer))}"
    return title


def _badges(layer: Plain) -> tuple[str, ...]:
    fields = parameters(kinds(Layer)[str(layer["kind"])])  # type: ignore[type-abstract]
    return _part_badges([p for p in fields if p.name != "activation"], layer)


def _part_badges(fields: Sequence[Parameter], plain: Plain, *, first: bool = True) -> tuple[str, ...]:
    """Parts worth a badge: the ``first`` one always (how weights are drawn), others where they are not as usual."""
    found = []
    for index, field in enumerate(p for p in fields if p.type == "part"):
        value = value_of(field, plain)
        usual = value_of(field, {})
        if value is not None and value["kind"] != "none" and ((first and index == 0) or value["kind"] != usual["kind"]):
            found.append(_badge(field, value))
    return tuple(found)


def _badge(field: Parameter, value: Plain) -> str:
    """``normal 0.01``, ``dropout 0.2``, ``batch norm before``"""
    title = _part_title(field, value)
    chosen = {kind_of(kind): kind for kind in field.kinds}[str(value["kind"])]
    named = " " in title or not any(kind_of(kind) == "none" for kind in field.kinds)
    words = [title if named else field.knob.label]
    for own in parameters(chosen):
        shown = value_of(own, value)
        if own.type in ("number", "integer", "choice") and shown is not None:
            words.append(shown if isinstance(shown, str) else text_of(shown))
            break
    return " ".join(words)


def _part_title(field: Parameter, value: Plain) -> str:
    return _kind_title({kind_of(kind): kind for kind in field.kinds}, value)
