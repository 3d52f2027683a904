"""What can be said of an experiment before it is trained: the shape of its input, its parameters, its memory."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from simulator.data import Data
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.shapes import shapes, text_of
from simulator.layers.base import Shape, ShapeError
from simulator.network.memory import Need, need_of
from simulator.system.text import capitalized
from simulator.training.drawing import equal_but_for_initializers
from simulator.training.run_info import RunInfo
from ui.builder.edits import LayerPath
from ui.builder.repairs import place_of
from ui.style.numbers import count, size_text

USUAL_OUTPUTS = 10
"""Where no run has told how many outputs there are; their layer is a small part of the whole."""

SHOWN = (
    "layers", "parameter_count", "memory_bytes", "batch_size", "train_samples", "input_names", "class_names",
    "target_names",
)  # fmt: skip
"""What is shown of a run."""


@dataclass
class Outlook:
    """Remembers what the last run told of its data set."""

    data: Data | None = None
    info: RunInfo | None = None
    _counted: tuple[Experiment, tuple[Shape, int, int], Need] | None = None
    """What was counted last, for what, and what it needs."""

    def learn(self, experiment: Experiment, info: RunInfo) -> None:
        """A run of ``experiment`` told ``info``."""
        self.data, self.info = experiment.data, info

    def tells_the_same(self, experiment: Experiment, info: RunInfo) -> bool:
        """Whether a run of ``experiment`` tells what the last one has told, as where weights are drawn anew."""
        known = self.known(experiment)
        return known is not None and all(getattr(known, name) == getattr(info, name) for name in SHOWN)

    def known(self, experiment: Experiment) -> RunInfo | None:
        """What a run on the same data told; of a network beside it inputs, outputs and samples are the same."""
        return self.info if self.data == experiment.data else None

    def input_shape(self, experiment: Experiment) -> Shape | None:
        """Of one sample; None where only a run will tell."""
        described = experiment.data.input_shape
        known = self.known(experiment)
        return described if described is not None or known is None else (len(known.input_names),)

    def shape_texts(self, experiment: Experiment) -> dict[LayerPath, str]:
        """The shapes of an experiment's layers by their places, that of the input under ``()``; none where unknown."""
        shape = self.input_shape(experiment)
        if shape is None:
            return {}
        try:
            sizes = shapes(experiment.layers, shape)
        except ShapeError as error:
            at = place_of(error.path) or ("layers", 0)
            sizes = shapes(experiment.layers[: int(at[1])], shape)
        return {(): text_of(shape)} | {place: text_of(shape) for place, shape in sizes.items()}

    def summary(self, experiment: Experiment) -> tuple[str, bool]:
        """Parameters and memory, and whether that is too much; nothing where the layers do not fit together."""
        shape, known = self.input_shape(experiment), self.known(experiment)
        if shape is None:
            return "", False
        outputs = known.layers[-1].units if known is not None else USUAL_OUTPUTS
        batch = experiment.batch_size
        if known is not None:
            batch = min(batch, known.train_samples)
        try:
            need = self._need(experiment, shape, outputs, batch)
        except (ExperimentError, MemoryError):
            return "", False
        if need.refusal:
            return f"{capitalized(need.refusal)}.", True
        return f"{count(need.parameters, 'parameter')} · {size_text(need.memory_bytes)}", False

    def _need(self, experiment: Experiment, shape: Shape, outputs: int, batch: int) -> Need:
        """How weights are drawn changes nothing about it: a hand on an initialiser does not wait for a count."""
        given = shape, outputs, batch
        if self._counted is not None:
            counted, for_these, need = self._counted
            if for_these == given and equal_but_for_initializers(counted, experiment):
                return need
        need = need_of(experiment, *given)
        self._counted = experiment, given, need
        return need


def summary_of(info: RunInfo) -> str:
    """``98 410 parameters · 1.2 MiB``"""
    return f"{count(info.parameter_count, 'parameter')} · {size_text(info.memory_bytes)}"


def differ_in_rates(before: Experiment, after: Experiment) -> bool:
    """Whether these are two experiments of which all that a stack shows is the same, as while a hand drags a rate.

    The kind of optimiser is not: its state is part of the memory that is told.
    """
    alike = type(before.optimizer) is type(after.optimizer) and before is not after
    return alike and replace(before, optimizer=after.optimizer, schedule=after.schedule) == after
