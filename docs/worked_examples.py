#!/usr/bin/env python
"""Writes the section of ARCHITECTURE.md that shows how to add each kind of part, from the additions that a test makes.

python docs/worked_examples.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.report import written  # noqa: E402  (from the tree that this file stands in)

ADDITIONS = ROOT / "tests" / "ui" / "additions"
TITLE = "Adding a part"
CLASS, FILE, ENTRY = (
    "one class in `{}`, before the union of its kinds",
    "a file of its own in `{}/`, where it is found by itself",
    "one class, and its instance in the tuple of `{}`, whose order is shown",
)
PLACES = {
    "activation": ("an activation", CLASS, "simulator/parts/activations.py"),
    "initializer": ("an initialiser", CLASS, "simulator/parts/initializers.py"),
    "loss": ("a loss", CLASS, "simulator/parts/losses.py"),
    "optimizer": ("an optimiser", CLASS, "simulator/parts/optimizers.py"),
    "schedule": ("a schedule", CLASS, "simulator/parts/schedules.py"),
    "data": ("a data set", CLASS, "simulator/data/toy.py"),
    "normalization": ("a normalisation", CLASS, "simulator/layers/normalization/base.py"),
    "layer": ("a layer", FILE, "simulator/layers"),
    "cell": ("a layer with a state", FILE, "simulator/layers/recurrent"),
    "measure": ("a measure", ENTRY, "simulator/measures/__init__.py"),
    "observation": ("an observation", FILE, "simulator/observations"),
    "rule": ("a rule of the doctor", ENTRY, "simulator/doctor/rules.py"),
    "plot": ("a plot", FILE, "ui/plots"),
}
"""Addition → what it is called, how it is made, where it goes."""
INTRODUCTION = """\
One place per addition: each part below then appears by itself in form, file format, command line, reference and
manual. What doctor, theory and plots must know of a part it says itself (`Activation.values`, so whether it squashes,
`fitting_initializer`, `Optimizer.adaptive` and `stability_limit()`, `Schedule.peak_field`, `Loss.sloped`,
`Layer.stateful`, `Normalization.over` …); none goes by a list of names, and what the theory does not know it refuses
in words. A part and a plot say their `formula` in TeX; what is more to say about a plot or a finding stands in
`resources/manual`.

Each example is the whole change: `tests/ui/test_additions.py` makes just these in a copy of the program and runs over
them all that reads parts."""


def example(kind: str) -> str:
    """One addition as text."""
    name, how, place = PLACES[kind]
    code = (ADDITIONS / f"{kind}.py").read_text(encoding="utf-8").strip()
    return f"<details><summary>{name}: {how.format(place)}</summary>\n\n```python\n{code}\n```\n\n</details>"


def section() -> str:
    """All of them."""
    return "\n\n".join([INTRODUCTION, *(example(kind) for kind in PLACES)])


if __name__ == "__main__":
    written(ROOT / "ARCHITECTURE.md", TITLE, section())
