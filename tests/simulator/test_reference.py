"""The reference table in docs/ is what the code says now."""

from __future__ import annotations

from pathlib import Path

from simulator.activations import Activation
from simulator.data import Data
from simulator.initializers import Initializer
from simulator.layers import Dropout, Layer, Normalization
from simulator.losses import Loss
from simulator.optimizers import Optimizer
from simulator.parameter import kinds, parameters
from simulator.reference import reference
from simulator.schedules import Schedule

BASES = (Activation, Data, Dropout, Initializer, Layer, Loss, Normalization, Optimizer, Schedule)


def test_the_committed_reference_is_up_to_date() -> None:
    committed = Path(__file__).parents[2] / "docs" / "REFERENCE.md"
    assert committed.read_text(encoding="utf-8") == reference(), "run: main.py reference > docs/REFERENCE.md"


def test_every_registered_kind_and_field_is_in_the_reference() -> None:
    text = reference()
    for base in BASES:
        for kind, part in kinds(base).items():
            assert f"### `{kind}`" in text
            sections = [rest.split("\n#", 1)[0] for rest in text.split(f"### `{kind}`")[1:]]
            rows = [f"| `{field.name}` |" for field in parameters(part)]
            assert any(all(row in section for row in rows) for section in sections), (base, kind)
