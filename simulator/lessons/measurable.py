"""What can be asked of a run: quantities by their names in words, each with the layers and networks it is had of."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from simulator.arrays.trace import FACTORS
from simulator.experiment.experiment import Experiment
from simulator.experiment.labels import labels_by_depth
from simulator.experiment.lane import OWN_NAME
from simulator.lessons.lesson import LessonSubject
from simulator.lessons.reading import HELD_OUT, SCALARS
from simulator.measures import RECORDED
from simulator.observations.registry import analyses
from simulator.system.text import capitalized

GROUPS = ("Of the whole run", "Of each layer", "Operations of the backward pass", "Through time", "Analyses")
NO_NUMBERS = frozenset(
    {"step", "layer", "sample", "other_sample", "index", "input", "output", "box", "title", "activation", "rows",
     "columns", "unreliable_because", "no_limit_because"}
)  # fmt: skip
"""Columns of analyses that say of what a row is."""
WORDS = MappingProxyType(
    {"loss": "Loss", "accuracy": "Accuracy", "learning_rate": "Learning rate", "gradient_norm": "Gradient norm",
     "validation_loss": "Validation loss", "validation_accuracy": "Validation accuracy"}
)  # fmt: skip
PICKS: Mapping[str, str] = MappingProxyType(
    {"all of them, in a row": "{}", "the first": "{}[0]", "the last": "{}[-1]", "the largest": "max({})",
     "the smallest": "min({})", "their mean": "mean({})", "first ÷ last": "{0}[0] / {0}[-1]"}
)  # fmt: skip
"""What can be made of several numbers → the formula."""


@dataclass(frozen=True)
class Measurable:
    """A quantity that a lesson can read off a run."""

    name: str
    """A formula's word for it."""
    title: str
    group: str
    reading: Mapping[str, Any]
    """As a lesson's file has it, but for network, layer and step."""
    layered: bool = False
    """Whether one layer may be chosen."""
    several: bool = False
    """Whether it is a row of numbers, whatever is chosen."""
    analysis: str = ""
    """Whose it is, as for ``--analyses``."""

    def read(self, *, lane: str = OWN_NAME, layer: int | None = None, step: int | None = None) -> dict[str, Any]:
        """The reading; ``layer`` counts from 1, all layers where it is None, the last step where ``step`` is."""
        plain = dict(self.reading)
        if layer is not None and self.layered:
            plain["layer"] = layer
        if lane != OWN_NAME:
            plain["lane"] = lane
        return plain if step is None else {**plain, "step": step}

    def single(self, layer: int | None) -> bool:
        """Whether it is one number."""
        return not self.several and (layer is not None or not self.layered)


@functools.cache
def of_networks() -> tuple[Measurable, ...]:
    """What can be read off networks."""
    run, layers, factors, time, analysis = GROUPS
    scalars = [Measurable(each, WORDS[each], run, _quantity(each)) for each in (*SCALARS, *HELD_OUT)]
    series = [
        Measurable(
            f"{each}_curve", f"{WORDS[each]} at every step", run, {"kind": "series", "quantity": each}, False, True
        )
        for each in SCALARS
    ]
    measured = [
        Measurable(each.name, capitalized(each.label), layers, _quantity(each.name), layered=True) for each in RECORDED
    ]
    gains = [
        Measurable(f"gain_{each}", f"{capitalized(each.replace('_', ' '))}, log₁₀ of the gain", factors,
                   {"kind": "factor", "factor": each}, layered=True)
        for each in ("total", *FACTORS)
    ]  # fmt: skip
    through = [
        Measurable(each, f"{capitalized(each.replace('_', ' '))} at each time step", time,
                   {"kind": "time", "quantity": each}, False, True)
        for each in ("hidden_gradient_norm", "hidden_mean", "hidden_std")
    ]  # fmt: skip
    return (*scalars, *series, *measured, *gains, *through, *_of_analyses(analysis))


def _of_analyses(group: str) -> list[Measurable]:
    return [
        Measurable(_word(f"{name}_{column}"), capitalized(f"{name.replace('-', ' ')}: {column.replace('_', ' ')}"),
                   group, {"kind": "analysis", "analysis": name, "column": column}, False, True, name)
        for name, each in analyses().items()
        for column in dict.fromkeys(column for columns in each.columns.values() for column in columns)
        if column not in NO_NUMBERS
    ]  # fmt: skip


def _quantity(name: str) -> dict[str, Any]:
    return {"kind": "quantity", "quantity": name}


def _word(text: str) -> str:
    """Letters, digits and _ alone, a letter first."""
    word = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    return word if word[:1].isalpha() else f"n_{word}".rstrip("_")


def of_subject(subject: LessonSubject) -> tuple[Measurable, ...]:
    """What can be read off an experiment's networks, or off those who race over a landscape."""
    if isinstance(subject, Experiment):
        return of_networks()
    names = {"x": "x", "y": "y", "value": "Height", "gradient_x": "Slope along x", "gradient_y": "Slope along y"}
    return tuple(
        Measurable(_word(f"{entry.name}_{quantity}"), title, f"Of {entry.name}",
                   {"kind": "landscape", "optimizer": entry.name, "quantity": quantity}, several=True)
        for entry in subject.optimizers
        for quantity, title in names.items()
    )  # fmt: skip


def rows_of(experiment: Experiment) -> list[str]:
    """What its layers are called, row by row: inner layers before the one they are in, the output last."""
    return [*labels_by_depth(experiment)[:-1], "output"]


def named(measurable: Measurable, lane: str, layer: int | None, step: int | None) -> str:
    """A formula's word for a reading of it: ``delta_rms_3``, ``loss_tanh_at_10``."""
    parts = [measurable.name]
    if lane != OWN_NAME:
        parts.append(_word(lane))
    if layer is not None and measurable.layered:
        parts.append("output" if layer == -1 else str(layer))
    if step is not None:
        parts.append(f"at_{step}")
    return "_".join(parts)
