"""The command ``reference``: every part, its fields, defaults, ranges and units, as the parts themselves say them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

import msgspec

from simulator.commands.screen import Screen
from simulator.experiment.experiment import Experiment
from simulator.landscape.entry import MomentumAsPrinted
from simulator.landscape.functions import FUNCTIONS
from simulator.measures import RECORDED
from simulator.schema.parameter import (
    Parameter,
    Part,
    Spec,
    details_of,
    kind_of,
    own_first,
    parameters,
    summary_of,
    title_of,
)

MEASURED = (
    "z is what φ receives, behind a norm that stands before it; the activation a = φ(z) is taken before a norm that "
    "stands after φ and before dropout. The next layer receives what those make of it. Of a residual block a is the "
    "sum, of a highway layer H T + x (1 − T), of a layer with a state the states h."
)
"""What the letters in the formulas of the measures mean."""
LANDSCAPE = (
    "Functions of two parameters, for `main.py landscape` and *View › Landscape*. Every optimiser above races on them "
    "with its fields and any schedule; `momentum_as_printed` races there alone."
)


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Print it; the exit status."""
    sys.stdout.write(reference())
    return 0


def reference() -> str:
    """Markdown: the experiment, then every kind of every part, then the measures."""
    lines = ["# Reference", "", "Made by `main.py reference`; every line comes from the code.", "", "## Experiment", ""]
    lines += _table(Experiment)
    for field in nested():
        lines += ["", f"## {field.knob.label}: `{field.name}`", ""]
        if field.kinds:
            for kind in field.kinds:
                lines += _section(kind)
        elif field.part is not None:
            lines += [*_paragraphs(field.part), *_table(field.part)]
    lines += ["", *_landscape()]
    lines += ["", "## Measures", "", MEASURED, "", "| name | formula | unit |", "|---|---|---|"]
    lines += [f"| `{m.name}` | {table_cell(m.formula)} | {m.unit} |" for m in RECORDED]
    return "\n".join(lines) + "\n"


def _landscape() -> list[str]:
    """What can be raced on, and what races that trains no network."""
    lines = ["## Landscape: what optimisers race on", "", LANDSCAPE, ""]
    parts: tuple[type[Part], ...] = (*FUNCTIONS.values(), MomentumAsPrinted)
    for part in parts:
        lines += [f"### `{kind_of(part)}`", "", *_paragraphs(part, f"{title_of(part)}: "), part.formula, ""]
        lines += [*_table(part), ""] if parameters(part) else []
    return lines[:-1]


def _section(kind: type[Part]) -> list[str]:
    lines = [f"### `{kind_of(kind)}`", "", *_paragraphs(kind, f"{title_of(kind)}: ")]
    return lines + ([*_table(kind), ""] if parameters(kind) else [])


def _paragraphs(spec: type[Spec], title: str = "") -> Iterator[str]:
    """What the part says of itself."""
    for paragraph in (title + summary_of(spec), *details_of(spec)):
        yield from (paragraph, "")


def _table(spec: type[Spec]) -> list[str]:
    head = ["| name | default | range | unit | acts | meaning |", "|---|---|---|---|---|---|"]
    return head + [_row(field) for field in own_first(spec)]


def _row(field: Parameter) -> str:
    default = "(required)" if field.required else f"`{default_text(field)}`"
    acts = "live" if field.live else "restarts"
    cells = [f"`{field.name}`", default, range_text(field), field.knob.unit, acts, field.knob.help]
    return "| " + " | ".join(table_cell(cell) for cell in cells) + " |"


def table_cell(text: str) -> str:
    """Text that does not end a cell of a Markdown table."""
    return text.replace("|", "\\|")


def default_text(field: Parameter) -> str:
    """The default as JSON has it; of a part its kind."""
    if field.default is msgspec.UNSET:
        return "(none)"
    if field.default is None:
        return "null"
    plain = msgspec.to_builtins(field.default)
    if isinstance(plain, dict):
        return str(plain.get("kind", "{…}"))
    return json.dumps(plain, ensure_ascii=False)


def range_text(field: Parameter) -> str:
    """What is valid: a range, choices or kinds."""
    if field.kinds:
        return ", ".join(kind_of(kind) for kind in field.kinds)
    return field.range_text or {"specs": "list", "plain": "object"}.get(field.type, field.type)


def nested() -> Iterator[Parameter]:
    """Every field that holds a part or a struct, each base once, in the order met."""
    seen: set[object] = set()
    queue: list[type[Spec]] = [Experiment]
    while queue:
        for field in parameters(queue.pop(0)):
            inner = (
                list(field.kinds)
                if field.kinds
                else [field.part]
                if field.type in ("spec", "specs") and field.part
                else []
            )
            if not inner or field.part in seen:
                continue
            seen.add(field.part)
            queue.extend(inner)
            yield field
