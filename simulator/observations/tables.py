"""What a headless run can write beside its measures: bounds, theory and the analyses, as rows of plain tables."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Floats
from simulator.observations.correlation import Correlation, CorrelationQuestion, correlations
from simulator.observations.effective_rank import EffectiveRank, EffectiveRankQuestion
from simulator.observations.gradient_noise import GradientNoise, GradientNoiseQuestion
from simulator.observations.graph.nodes import graph_of
from simulator.observations.input_gradient import InputGradient, InputGradientQuestion
from simulator.observations.jacobian import LARGEST_SIDE, Jacobian, JacobianQuestion, singular_values
from simulator.observations.output_errors import OutputErrors, OutputErrorsQuestion
from simulator.observations.preactivation import PreactivationQuestion
from simulator.observations.question import Question
from simulator.observations.sharpness import Sharpness, SharpnessQuestion
from simulator.theory.bounds import BoundsMeter
from simulator.theory.order_chaos import order_chaos

if TYPE_CHECKING:
    from simulator.training.training import Training

Cell = str | int | float | None
"""None is "not defined"."""


@dataclass(frozen=True)
class Row:
    """One row of one file."""

    file: str
    cells: Mapping[str, Cell]


class Analysis(ABC):
    """Rows about the step that a training has just measured, which it leaves as it is. A new table is one class."""

    name: ClassVar[str]
    columns: ClassVar[Mapping[str, tuple[str, ...]]]
    """File → its columns; ``step`` comes first."""
    initial: ClassVar[bool] = False
    """Whether it is about step 0 only."""
    wants: ClassVar[frozenset[str]] = frozenset()
    """What a frame brings for the plot of it,"""
    asks: ClassVar[Mapping[str, Question]] = {}
    """or plot → the question that the plot asks."""

    @abstractmethod
    def rows(self, training: Training) -> Iterator[Row]:
        """ValueError in one sentence where there is nothing to tell."""


class PredictionTable(Analysis):
    """Mean field: the predicted profile, χ of each layer, the band that single networks keep to."""

    name = "prediction"
    wants = frozenset({"prediction"})
    initial = True
    profile = ("preactivation_variance", "activation_mean", "activation_std", "delta_rms", "weight_gradient_norm")
    bands: ClassVar[Mapping[str, str]] = {
        "activation_std": "forward_spread",
        "delta_rms": "backward_spread",
        "weight_gradient_norm": "backward_spread",
    }
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prediction.csv": (
            "step", "layer", *profile, "chi", *(f"{name}_{end}" for name in bands for end in ("low", "high")),
        ),
    }  # fmt: skip

    def rows(self, training: Training) -> Iterator[Row]:
        found = training.prediction()
        if found.reason:
            raise ValueError(f"{found.reason[:1].upper()}{found.reason[1:]}.")
        growth = self._growth(training, found.delta_rms)
        for layer, info in enumerate(training.info.layers):
            cells = {name: _known(getattr(found, name)[layer]) for name in self.profile}
            cells["chi"] = _known(growth[layer])
            for name, spread in self.bands.items():
                # The spread is that of the log of a square: two of them, halved.
                factor = math.exp(getattr(found, spread)[layer])
                cells[f"{name}_low"] = _known(getattr(found, name)[layer] / factor)
                cells[f"{name}_high"] = _known(getattr(found, name)[layer] * factor)
            yield Row("prediction.csv", {"layer": info.label, **cells})

    def _growth(self, training: Training, rms: Floats) -> Floats:
        """E‖δ_l‖² / E‖δ_{l+1}‖² along the way from the output back; NaN inside branches."""
        outer = [row for row, info in enumerate(training.info.layers) if "." not in info.label]
        square = np.array([info.units for info in training.info.layers]) * np.square(rms)
        found = np.full(len(rms), math.nan)
        found[outer[:-1]] = square[outer[:-1]] / square[outer[1:]]
        return found


class OrderChaosTable(Analysis):
    """Where the network starts on the map of weight against bias variance."""

    name = "order-chaos"
    wants = frozenset({"order_chaos"})
    initial = True
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order_chaos.csv": (
            "step", "layer", "activation", "weight_variance", "bias_variance", "settled_q", "chi", "unreliable_because",
        ),
        "edge_of_chaos.csv": ("step", "weight_variance", "bias_variance"),
    }  # fmt: skip

    def rows(self, training: Training) -> Iterator[Row]:
        found = order_chaos(training.network)
        if found.reason:
            raise ValueError(found.reason)
        yield Row(
            "order_chaos.csv",
            {
                "layer": found.layer, "activation": found.activation, "weight_variance": found.weight_variance,
                "bias_variance": found.bias_variance, "settled_q": found.settled, "chi": found.chi,
                "unreliable_because": found.doubt,
            },
        )  # fmt: skip
        for weight, bias in found.edge.T:
            yield Row("edge_of_chaos.csv", {"weight_variance": _known(weight), "bias_variance": _known(bias)})


class BoundsTable(Analysis):
    """Both sides of (A) and of (B) for one sample, with the slack."""

    name = "bounds"
    wants = frozenset({"bounds"})
    parts = ("bias_gradient_norm", "input_norm", "weight_gradient_norm", "bound", "slack", "spectral_norm")
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "bounds.csv": (
            "step", "sample", "layer", "bias_gradient_norm", "input_norm", "weight_gradient_norm", "bound",
            "log10_slack", "spectral_norm",
        ),
    }  # fmt: skip

    def rows(self, training: Training) -> Iterator[Row]:
        # A meter of its own: that of the run keeps to a pace, and says the same of several steps.
        found = BoundsMeter().read(training.network, training.step, int(training.batch[0]))
        if found.reason:
            raise ValueError(f"{found.reason[:1].upper()}{found.reason[1:]}.")
        for layer, info in enumerate(training.info.layers):
            cells = {name: float(getattr(found, name)[layer]) for name in self.parts}
            cells["log10_slack"] = cells.pop("slack")
            yield Row("bounds.csv", {"sample": found.sample, "layer": info.label, **cells})


class GraphTable(Analysis):
    """The norm in every box of the computation graph."""

    name = "graph"
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "graph.csv": ("step", "layer", "box", "title", "norm", "rows", "columns")
    }

    def rows(self, training: Training) -> Iterator[Row]:
        for box in graph_of(training.network, training.step).boxes:
            label = training.info.layers[box.layer].label if box.layer >= 0 else "input"
            yield Row(
                "graph.csv",
                {
                    "layer": label, "box": box.role, "title": box.title, "norm": box.norm,
                    "rows": box.shape[0], "columns": box.shape[1],
                },
            )  # fmt: skip


class JacobianTable(Analysis):
    """Singular values of ∂z_L/∂x of some samples."""

    name = "jacobian"
    asks: ClassVar[Mapping[str, Question]] = {"jacobian": JacobianQuestion()}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"jacobian.csv": ("step", "sample", "index", "singular_value")}

    def rows(self, training: Training) -> Iterator[Row]:
        found: Jacobian = self.asks["jacobian"].answer(training)
        for sample, values in zip(found.samples.tolist(), found.singular_values, strict=True):
            for index, value in enumerate(values, 1):
                yield Row("jacobian.csv", {"sample": sample, "index": index, "singular_value": value})


class WeightsTable(Analysis):
    """Singular values of each layer's W."""

    name = "weights"
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "weight_singular_values.csv": ("step", "layer", "index", "singular_value")
    }

    def rows(self, training: Training) -> Iterator[Row]:
        for info, tap in zip(training.info.layers, training.network.taps, strict=True):
            if tap.weights is None or min(tap.weights.shape) > LARGEST_SIDE:
                continue
            for index, value in enumerate(singular_values(tap.weights), 1):
                yield Row("weight_singular_values.csv", {"layer": info.label, "index": index, "singular_value": value})


class SharpnessTable(Analysis):
    """λ_max of the Hessian and η λ_max against its limit."""

    name = "sharpness"
    # To the end, however long it takes: the same run gives the same file.
    asks: ClassVar[Mapping[str, Question]] = {"sharpness": SharpnessQuestion(seconds=math.inf)}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "sharpness.csv": (
            "step", "lambda_max", "residual", "products", "learning_rate", "eta_lambda_max", "limit",
            "no_limit_because",
        ),
    }  # fmt: skip

    def rows(self, training: Training) -> Iterator[Row]:
        found: Sharpness = self.asks["sharpness"].answer(training)
        yield Row(
            "sharpness.csv",
            {
                "lambda_max": found.value, "residual": found.residual, "products": found.products,
                "learning_rate": found.rate, "eta_lambda_max": found.gauge,
                "limit": None if found.reason else found.limit, "no_limit_because": found.reason,
            },
        )  # fmt: skip


class NoiseTable(Analysis):
    """How far the samples of the batch agree."""

    name = "noise"
    asks: ClassVar[Mapping[str, Question]] = {"gradient_noise": GradientNoiseQuestion()}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "noise.csv": ("step", "gradient_norm", "noise", "signal_to_noise", "cosine"),
        "sample_gradients.csv": ("step", "sample", "gradient_norm"),
    }

    def rows(self, training: Training) -> Iterator[Row]:
        found: GradientNoise = self.asks["gradient_noise"].answer(training)
        yield Row(
            "noise.csv",
            {
                "gradient_norm": found.batch_norm, "noise": found.noise,
                "signal_to_noise": found.signal_to_noise, "cosine": found.cosine,
            },
        )  # fmt: skip
        for sample, size in zip(training.batch.tolist(), found.norms, strict=False):
            yield Row("sample_gradients.csv", {"sample": sample, "gradient_norm": size})


class CorrelationTable(Analysis):
    """How alike the layers make two samples, and over how many layers that settles."""

    name = "correlation"
    asks: ClassVar[Mapping[str, Question]] = {"correlation": CorrelationQuestion()}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "correlation.csv": (
            "step", "sample", "other_sample", "layer", "q", "q_other", "q_both", "correlation", "predicted_q_both",
            "predicted_correlation",
        ),
        "correlation_depth.csv": (
            "step", "settled_correlation", "chi_c", "depth_scale", "measured_depth_scale", "unreliable_because",
        ),
    }  # fmt: skip

    def rows(self, training: Training) -> Iterator[Row]:
        found: Correlation = self.asks["correlation"].answer(training)
        for a, b in found.pairs:
            for layer, info in enumerate(training.info.layers):
                yield Row("correlation.csv", {"layer": info.label, **self._cells(found, layer, a, b)})
        yield Row(
            "correlation_depth.csv",
            {
                "settled_correlation": _known(found.settled), "chi_c": _known(found.rate),
                "depth_scale": _known(found.depth), "measured_depth_scale": _known(found.measured_depth),
                "unreliable_because": found.scale_reason,
            },
        )  # fmt: skip

    def _cells(self, found: Correlation, layer: int, a: int, b: int) -> dict[str, Cell]:
        q, correlation = found.products[layer], correlations(found.products)[layer, a, b]
        return {
            "sample": int(found.samples[a]), "other_sample": int(found.samples[b]), "q": q[a, a], "q_other": q[b, b],
            "q_both": q[a, b], "correlation": correlation if found.defined[layer, a, b] else None,
            "predicted_q_both": _known(found.predicted[layer, a, b]),
            "predicted_correlation": _known(correlations(found.predicted)[layer, a, b]),
        }  # fmt: skip


class InputGradientTable(Analysis):
    """∂C/∂x, input by input for some samples of the batch, its norm for all."""

    name = "input-gradient"
    asks: ClassVar[Mapping[str, Question]] = {
        "input_gradient": InputGradientQuestion(),
        "input_gradient_picture": InputGradientQuestion(picture=True),
    }
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "input_gradients.csv": ("step", "sample", "input", "gradient"),
        "input_gradient_norms.csv": ("step", "sample", "gradient_norm"),
    }

    def rows(self, training: Training) -> Iterator[Row]:
        found: InputGradient = self.asks["input_gradient"].answer(training)
        for sample, gradient in zip(found.samples.tolist(), found.gradients, strict=False):
            for name, value in zip(found.names, gradient, strict=True):
                yield Row("input_gradients.csv", {"sample": sample, "input": name, "gradient": value})
        for sample, norm in zip(found.samples.tolist(), found.norms, strict=True):
            yield Row("input_gradient_norms.csv", {"sample": sample, "gradient_norm": norm})


class OutputErrorsTable(Analysis):
    """How well each output answers."""

    name = "outputs"
    asks: ClassVar[Mapping[str, Question]] = {"output_errors": OutputErrorsQuestion()}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "output_errors.csv": (
            "step", "output", "half_squared_error", "validation_half_squared_error", "rms_error",
            "validation_rms_error",
        ),
    }  # fmt: skip

    def rows(self, training: Training) -> Iterator[Row]:
        found: OutputErrors = self.asks["output_errors"].answer(training)
        held_out = training.data.validation_samples > 0
        both = (("", found.batch, found.batch_rms), ("validation_", found.validation, found.validation_rms))
        for place, name in enumerate(found.names):
            cells: dict[str, Cell] = {"output": name}
            for whose, error, rms in both if held_out else both[:1]:
                cells |= {f"{whose}half_squared_error": error[place], f"{whose}rms_error": rms[place]}
            yield Row("output_errors.csv", cells)


class PreactivationTable(Analysis):
    """Where each layer's z lies under its function: the histogram that the activation function is drawn with."""

    name = "preactivations"
    asks: ClassVar[Mapping[str, Question]] = {"activation_function": PreactivationQuestion()}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "preactivations.csv": ("step", "layer", "activation", "z_from", "z_to", "count")
    }

    def rows(self, training: Training) -> Iterator[Row]:
        for layer, info in enumerate(training.info.layers):
            found = PreactivationQuestion(layer).answer(training)
            if found.layer != layer:
                continue  # it has no function of its own
            for low, high, count in _bins(found.values):
                cells: dict[str, Cell] = {
                    "activation": found.activation.kind,
                    "z_from": low,
                    "z_to": high,
                    "count": count,
                }
                yield Row("preactivations.csv", {"layer": info.label, **cells})


def _bins(values: Histograms) -> Iterator[tuple[float, float, int]]:
    """(from, to, count) of each bin of one row; then of NaN, ∞ and −∞ where there are any, which are their own ends."""
    yield from zip(values.edges[0, :-1], values.edges[0, 1:], values.counts[0].tolist(), strict=True)
    for value, count in ((math.nan, values.nan), (math.inf, values.plus_inf), (-math.inf, values.minus_inf)):
        if count[0]:
            yield value, value, int(count[0])


class RankTable(Analysis):
    """In how many directions each layer's activations vary."""

    name = "rank"
    asks: ClassVar[Mapping[str, Question]] = {"effective_rank": EffectiveRankQuestion()}
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "effective_rank.csv": ("step", "layer", "effective_rank", "largest_possible")
    }

    def rows(self, training: Training) -> Iterator[Row]:
        found: EffectiveRank = self.asks["effective_rank"].answer(training)
        for layer, info in enumerate(training.info.layers):
            cells = {"effective_rank": found.rank[layer], "largest_possible": found.most[layer]}
            yield Row("effective_rank.csv", {"layer": info.label, **cells})


ANALYSES: Mapping[str, Analysis] = {
    each.name: each
    for each in (
        PredictionTable(), OrderChaosTable(), BoundsTable(), GraphTable(), JacobianTable(), WeightsTable(),
        SharpnessTable(), NoiseTable(), RankTable(), PreactivationTable(), CorrelationTable(),
        InputGradientTable(), OutputErrorsTable(),
    )
}  # fmt: skip
CHEAP = tuple(name for name, each in ANALYSES.items() if each.initial)
"""Those that a run writes unasked: they cost no more than a few steps, once."""
FILES: Mapping[str, tuple[str, ...]] = {
    file: columns for each in ANALYSES.values() for file, columns in each.columns.items()
}


def _known(value: float) -> float | None:
    """Where theory says nothing, nothing is written."""
    return None if math.isnan(value) else float(value)
