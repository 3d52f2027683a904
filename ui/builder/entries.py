"""What a row of the stack says: read from an experiment's builtins through the parts' own parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from simulator.layers import Layer
from simulator.layers.info import inner_number
from simulator.parts.losses import Loss
from simulator.schema.parameter import Parameter, Part, kind_of, kinds, parameters, title_of
from simulator.schema.plain import Plain
from simulator.training.run_info import RunInfo
from ui.builder.edits import LayerPath, inner_name, inner_of
from ui.forms.form import value_of
from ui.style.numbers import count, setting


class StackEntry(Struct, frozen=True):
    """One row. Depth indices count from 0 as the rows of plots do: ``repeat`` expanded, inner layers before the
    layer they are in, the output layer last. ``own`` are those that the row stands for, ``first`` … ``last`` the
    span with all that is inside; -1 for the input."""

    role: Literal["input", "layer", "output"]
    number: str
    title: str
    badges: tuple[str, ...] = ()
    first: int = -1
    last: int = -1
    depth: int = 0
    own: tuple[int, ...] = ()
    repeat: int = 1
    place: LayerPath = ()
    """Where in the experiment the layer stands."""
    shape: str = ""
    """What it gives: ``16×8×8``."""
    inner: str = ""
    """The field of its inner stack, where it has one."""
    wrong: str = ""
    """Why it does not fit, where it does not."""

    @property
    def level(self) -> int:
        """How deep it is nested, from 0."""
        return max(len(self.place) // 2 - 1, 0)

    @property
    def text(self) -> str:
        """The row in words, for those who do not see it."""
        times = f", {self.repeat} times" if self.repeat > 1 else ""
        gives = f", gives {self.shape}" if self.shape else ""
        words = f"{self.number} {self.title}{times}{gives}. {', '.join(self.badges)}".strip()
        return f"{words}\n{self.wrong}" if self.wrong else words


def entries_of(
    plain: Plain,
    info: RunInfo | None = None,
    shapes: Mapping[LayerPath, str] | None = None,
    wrong: Mapping[LayerPath, str] | None = None,
) -> list[StackEntry]:
    """The rows from input to output; ``shapes`` by place, that of the input under ``()``; ``wrong`` likewise."""
    context = _Context(sum(rows_of(layer) for layer in plain["layers"]) + 1, shapes or {}, wrong or {})
    rows = [_input(plain, info, context.shapes.get((), ""))]
    rows += context.rows(plain["layers"], ("layers",), [0], "")
    rows.append(_output(plain, info, context.depth))
    return rows


def rows_of(layer: Plain) -> int:
    """Depth indices that a layer takes, with its inner layers and its repetitions."""
    return int(layer.get("repeat", 1)) * (1 + sum(rows_of(inner) for inner in inner_of(layer)))


class _Context(Struct, frozen=True):
    """What is known of a whole stack, and its rows."""

    depth: int
    shapes: Mapping[LayerPath, str]
    wrong: Mapping[LayerPath, str]

    def rows(self, layers: Sequence[Plain], stack: LayerPath, starts: Sequence[int], prefix: str) -> list[StackEntry]:
        """``starts``: depth indices at which each copy of the stack begins, of which a repeated composite has some."""
        entries: list[StackEntry] = []
        number, count = 1, sum(int(layer.get("repeat", 1)) for layer in layers) if prefix else 1
        for index, layer in enumerate(layers):
            place, repeat, taken = (*stack, index), int(layer.get("repeat", 1)), rows_of(layer)
            copies = [start + turn * taken // repeat for start in starts for turn in range(repeat)]
            own = tuple(start + taken // repeat - 1 for start in copies)
            first, last = (prefix + inner_number(each, count) for each in (number, number + repeat - 1))
            entry = self._entry(layer, place, own, copies[0], first if first == last else f"{first}–{last}")
            entries.append(entry)
            if entry.inner:
                inside = f"{entry.number}." if len(copies) == 1 else "."
                entries += self.rows(inner_of(layer), (*place, entry.inner), copies, inside)
            starts = [start + taken for start in starts]
            number += repeat
        return entries

    def _entry(self, layer: Plain, place: LayerPath, own: tuple[int, ...], first: int, number: str) -> StackEntry:
        return StackEntry(
            "layer",
            number,
            _title(layer),
            _badges(layer),
            first,
            own[-1],
            self.depth,
            own,
            int(layer.get("repeat", 1)),
            place,
            self.shapes.get(place, ""),
            inner_name(layer) or "",
            self.wrong.get(place, ""),
        )


def _input(plain: Plain, info: RunInfo | None, shape: str) -> StackEntry:
    name = _kind_title(parameters_by_name(plain, "data"), plain["data"])
    if info is None:
        return StackEntry("input", "in", name, shape=shape)
    title = f"{name} · {count(len(info.input_names), 'input')}"
    return StackEntry("input", "in", title, (count(info.train_samples, "sample"),), shape=shape)


def parameters_by_name(plain: Plain, name: str) -> dict[str, type[Part]]:
    """The kinds that the experiment's field ``name`` may have."""
    from simulator.experiment.experiment import Experiment

    parameter = next(p for p in parameters(Experiment) if p.name == name)
    return {kind_of(kind): kind for kind in parameter.kinds}


def _kind_title(known: Mapping[str, type[Part]], plain: Plain) -> str:
    kind = str(plain.get("kind", ""))
    return title_of(known[kind]) if kind in known else kind


def _output(plain: Plain, info: RunInfo | None, depth: int) -> StackEntry:
    units = f" {info.layers[-1].units}" if info is not None and info.layers else ""
    loss = plain.get("loss")
    badges: tuple[str, ...] = (_kind_title(kinds(Loss), loss),) if loss else ()
    badges += _part_badges(_output_parameters(), plain.get("output", {}), first=False)
    return StackEntry("output", "out", f"output{units}", badges, depth - 1, depth - 1, depth, (depth - 1,))


def _output_parameters() -> tuple[Parameter, ...]:
    from simulator.layers.output import Output

    return parameters(Output)


def _title(layer: Plain) -> str:
    """``dense 100 · tanh``, ``residual · 2 layers``"""
    known = kinds(Layer)
    words = [_kind_title(known, layer)]
    fields = {p.name: p for p in parameters(known[str(layer["kind"])])}
    size = _size_field(fields.values())
    if size is not None:
        words.append(setting(value_of(size, layer)))
    title = " ".join(words)
    if "activation" in fields:
        title += f" · {_part_title(fields['activation'], value_of(fields['activation'], layer))}"
    if inner_name(layer) is not None:
        inside = sum(int(inner.get("repeat", 1)) for inner in inner_of(layer))
        title += f" · {inside} layer{'s' * (inside != 1)}"
    return title


def _size_field(fields: Iterable[Parameter]) -> Parameter | None:
    """The number that says how large a layer is: its first one."""
    return next((p for p in fields if p.type == "integer" and p.name != "repeat"), None)


def _badges(layer: Plain) -> tuple[str, ...]:
    fields = parameters(kinds(Layer)[str(layer["kind"])])
    return _scalar_badges(fields, layer) + _part_badges([p for p in fields if p.name != "activation"], layer)


def _scalar_badges(fields: Sequence[Parameter], plain: Plain) -> tuple[str, ...]:
    """Numbers and choices that are not as usual: ``stride 2``, ``valid``, ``checkpoints``."""
    known = {"repeat", getattr(_size_field(fields), "name", "")}
    badges = []
    for field in fields:
        value = value_of(field, plain)
        if field.name in known or value == field.default or value is None:
            continue
        if field.type in ("number", "integer"):
            badges.append(f"{field.knob.label} {setting(value)}")
        elif field.type == "choice":
            badges.append(str(value).replace("_", " "))
        elif field.type == "flag" and value:
            badges.append(field.knob.label)
    return tuple(badges)


def _part_badges(fields: Sequence[Parameter], plain: Plain, *, first: bool = True) -> tuple[str, ...]:
    """Parts worth a badge: the ``first`` one always (how weights are drawn), others where they are not as usual."""
    badges = []
    for index, field in enumerate(p for p in fields if p.type == "part"):
        value = value_of(field, plain)
        usual = value_of(field, {})
        if value is not None and value["kind"] != "none" and ((first and index == 0) or value["kind"] != usual["kind"]):
            badges.append(_badge(field, value))
    return tuple(badges)


def _badge(field: Parameter, value: Plain) -> str:
    """``normal 0.01``, ``dropout 0.2``, ``batch norm before``; ``He normal``, ``He normal slope 0.2``.

    A bare factor that as usual changes nothing, a slope of 0 or a gain of 1, is told by name where it is another.
    """
    title = _part_title(field, value)
    chosen = {kind_of(kind): kind for kind in field.kinds}[str(value["kind"])]
    named = " " in title or not any(kind_of(kind) == "none" for kind in field.kinds)
    words = [title if named else field.knob.label]
    for own in parameters(chosen):
        shown = value_of(own, value)
        if own.type in ("number", "integer", "choice") and shown is not None:
            words += _own_words(own, shown)
            break
    return " ".join(words)


def _own_words(own: Parameter, shown: float | str) -> list[str]:
    """What a badge tells of the part's first own value."""
    if isinstance(shown, str):
        return [shown]
    if own.knob.unit or own.default not in (0, 1):
        return [setting(shown)]
    return [] if shown == own.default else [own.knob.label, setting(shown)]


def _part_title(field: Parameter, value: Plain) -> str:
    return _kind_title({kind_of(kind): kind for kind in field.kinds}, value)
