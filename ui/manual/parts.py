"""Pages about what an experiment is made of, from the same docstrings and fields as the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from simulator.commands.reference import MEASURED, default_text, nested, range_text, table_cell
from simulator.experiment.experiment import Experiment
from simulator.landscape.entry import MomentumAsPrinted
from simulator.landscape.function import Function
from simulator.landscape.functions import FUNCTIONS
from simulator.measures import RECORDED
from simulator.schema.parameter import Parameter, Part, Spec, details_of, kind_of, own_first, summary_of, title_of
from simulator.system.text import capitalized
from ui.manual.page import Chapter, Page
from ui.style.help import part_folder, part_page
from ui.style.numbers import number

TITLES = {
    "Data": "Data sets",
    "Layer": "Layers",
    "Loss": "Losses",
    "Optimizer": "Optimisers",
    "Schedule": "Schedules",
    "Activation": "Activations",
    "Initializer": "Initialisers",
    "Normalization": "Norms",
    "BlockNormalization": "Norms of residual layers",
    "Dropout": "Dropout",
    "Projection": "Projections",
}
"""What the chapter about the kinds of a base is called; one from elsewhere by its name."""


def part_chapters() -> Iterator[Chapter]:
    """A chapter for each kind of part, then one for what has no kinds."""
    single = [Page("parts/experiment", "Experiment", _fields(Experiment, "parts"))]
    for field in nested():
        if field.part is None:
            continue
        if field.kinds:
            name = field.part.__name__
            yield _chapter(TITLES.get(name, name), part_folder(field.part), field.kinds)
        else:
            path = f"parts/{field.name}"
            single.append(Page(path, capitalized(field.knob.label), _text(field.part, "parts")))
    yield _landscape()
    yield Chapter("Experiment", (*single, _measures()))


def _landscape() -> Chapter:
    """What can be raced on, and what races that trains no network."""
    functions = _chapter("Functions of a landscape", part_folder(Function), tuple(FUNCTIONS.values()))
    printed = _page(MomentumAsPrinted, part_folder(MomentumAsPrinted))
    return Chapter("Landscape", (*functions.pages, printed))


def _chapter(title: str, folder: str, kinds: Sequence[type[Part]]) -> Chapter:
    """A list of all kinds, then a page for each."""
    rows = [
        f"| [{capitalized(title_of(kind))}]({kind_of(kind)}.md) | {table_cell(summary_of(kind))} |" for kind in kinds
    ]
    overview = Page(f"{folder}/index", title, "\n".join(["| kind | what it is |", "|---|---|", *rows]))
    return Chapter(title, (overview, *(_page(kind, folder) for kind in kinds)))


def _page(kind: type[Part], folder: str) -> Page:
    return Page(part_page(kind), capitalized(title_of(kind)), _text(kind, folder))


def _text(part: type[Spec], folder: str) -> str:
    formula = part.formula if issubclass(part, Part) else ""
    paragraphs = [summary_of(part), formula, *(_literal(detail) for detail in details_of(part))]
    fields = f"## Fields\n\n{_fields(part, folder)}" if own_first(part) else ""
    return "\n\n".join(filter(None, [*paragraphs, fields]))


def _literal(paragraph: str) -> str:
    """A docstring's ````name```` as Markdown has it."""
    return re.sub(r"``(.+?)``", r"`\1`", paragraph)


def _fields(spec: type[Spec], folder: str) -> str:
    head = ["| field | in files | default | range | acts | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [_row(field, folder) for field in own_first(spec)])


def _row(field: Parameter, folder: str) -> str:
    default = "(required)" if field.required else f"`{default_text(field)}`"
    acts = "live" if field.live else "restarts"
    label = f"{field.knob.label} {field.knob.unit}".strip()
    cells = [label, f"`{field.name}`", default, _range(field, folder), acts, field.knob.help]
    return "| " + " | ".join(table_cell(cell) for cell in cells) + " |"


def _range(field: Parameter, folder: str) -> str:
    """What is valid, and what a slider sweeps; of a part the list of its kinds."""
    if not field.kinds or field.part is None:
        return "; ".join(filter(None, [range_text(field), _slider(field)]))
    up = "../" * folder.count("/") + part_folder(field.part).removeprefix("parts/")
    return f"[one of {len(field.kinds)}]({up}/index.md)"


def _slider(field: Parameter) -> str:
    if field.knob.slider is None:
        return ""
    low, high = field.knob.slider
    return f"slider {number(low)} … {number(high)}" + (", log" if field.knob.log else "")


def _measures() -> Page:
    rows = [f"| `{m.name}` | {table_cell(m.formula)} | {m.unit} |" for m in RECORDED]
    table = "\n".join(["| name | formula | unit |", "|---|---|---|", *rows])
    intro = "What is measured of every layer at each step, and what the tables of a run call it."
    return Page("parts/measures", "Measures", f"{intro}\n\n{MEASURED}\n\n{table}")
