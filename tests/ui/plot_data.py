"""Frames and histories as the worker would send them, made up: random, all zero, broken, of any depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec import structs

from simulator.arrays.histograms import Histograms
from simulator.arrays.numeric import Floats
from simulator.arrays.trace import Gains, decades
from simulator.data.points import Points
from simulator.experiment.experiment import Experiment
from simulator.layers.info import LayerInfo
from simulator.observations.base import Observation, Observed
from simulator.observations.boundary import Boundary, BoundaryObservation
from simulator.observations.bounds import BoundsObservation
from simulator.observations.factors import FactorGains, FactorsObservation
from simulator.observations.feature_maps import FeatureMapsObservation
from simulator.observations.gates import GatesObservation
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.microscope import UnitObservation
from simulator.observations.order_chaos import OrderChaosObservation
from simulator.observations.prediction import PredictionObservation
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.record.history import History, Rows
from simulator.record.past import Past
from simulator.record.record import Record
from simulator.training.run_info import RunInfo
from tests.ui.analysis_data import costly
from tests.ui.graph_data import graph_of
from tests.ui.layer_data import gates_of, maps_of, past_of, profiles_of
from tests.ui.theory_data import bounds, order_chaos, prediction
from tests.ui.unit_data import unit_of, unit_past
from ui.plots import View

MEASURES = (
    "activation_mean", "activation_std", "activation_saturated", "activation_dead", "preactivation_std", "delta_rms",
    "weight_gradient_norm", "bias_gradient_norm", "weight_gradient_std", "weight_norm", "update_norm", "update_ratio",
    "nonfinite",
)  # fmt: skip
SCALARS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "gradient_norm")
KINDS = ("random", "zero", "nan", "inf", "huge")


def _every(values: Floats, third: float, fifth: float) -> Floats:
    """Every third and every fifth value replaced."""
    place = np.arange(values.size).reshape(values.shape)
    return np.where(place % 3 == 1, third, np.where(place % 5 == 2, fifth, values))


def _spread(values: Floats) -> Floats:
    """Over six hundred decades."""
    return values * 10.0 ** np.linspace(-300, 300, values.size).reshape(values.shape) if values.size > 1 else values


EXTREMES: dict[str, Callable[[Floats], Floats]] = {
    "1e15": lambda v: 1e15 * v,
    "1e300": lambda v: 1e300 * v,
    "the largest": lambda v: 1.7e308 * np.clip(v, -1, 1),
    "1e-300": lambda v: 1e-300 * v,
    "denormal": lambda v: 1e-320 * np.clip(v, -1, 1),
    "spread": _spread,
    "all equal": lambda v: np.full_like(v, 7e200),
    "NaN between": lambda v: _every(v, np.nan, np.nan),
    "infinite between": lambda v: _every(v, np.inf, -np.inf if (v < 0).any() else np.inf),
    "huge, NaN and infinite": lambda v: _every(1e200 * v, np.nan, np.inf),
    "one far out": lambda v: np.where(np.arange(v.size).reshape(v.shape) == v.size // 2, 1e9, v),
}
"""What numbers may be, beside :data:`KINDS`."""


def run_info(depth: int, run: int = 1, *, plane: bool = True) -> RunInfo:
    layers = tuple(
        LayerInfo(str(i + 1), f"dense {i + 1}" if i < depth - 1 else "output", "dense", "tanh", 100, i)
        for i in range(depth)
    )
    rng = np.random.default_rng(5)
    points = Points(rng.normal(size=(60, 2)), rng.integers(0, 2, 60).astype(float), rng.random(60) < 0.2)
    return RunInfo(
        run, layers, 1000, 8000, 32, 48, 12, "classification", ("x", "y"), ("a", "b"), points if plane else None
    )


def histograms(samples: list[Floats], bins: int = 64) -> Histograms:
    counts, edges = np.zeros((len(samples), bins), np.int64), np.zeros((len(samples), bins + 1))
    for i, values in enumerate(samples):
        finite = values[np.isfinite(values)]
        largest = float(np.abs(finite).max(initial=0.0)) or 1.0
        edges[i] = np.linspace(-1.0, 1.0, bins + 1) * largest
        counts[i] = np.histogram(finite / largest, np.linspace(-1.0, 1.0, bins + 1))[0]
    return Histograms(
        counts, edges, _count(np.isnan(v) for v in samples), _count(np.isposinf(v) for v in samples),
        _count(np.isneginf(v) for v in samples), _count(v == 0 for v in samples),
    )  # fmt: skip


def _count(masks: object) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array([mask.sum() for mask in masks], dtype=np.int64)  # type: ignore[attr-defined]


def _filled(kind: str, values: Floats) -> Floats:
    if kind in EXTREMES:
        return EXTREMES[kind](values)
    replaced = {"zero": 0.0, "nan": np.nan, "inf": np.inf, "huge": 1e300}
    return np.full_like(values, replaced[kind]) if kind in replaced else values


def frame(depth: int, step: int = 0, kind: str = "random", *, run: int = 1, plane: bool = True, seed: int = 0) -> Frame:
    rng = np.random.default_rng([seed, step])
    measures = {name: _filled(kind, np.exp(rng.normal(-2, 2, depth))) for name in MEASURES}
    defined = {name: np.ones(depth, dtype=np.bool_) for name in MEASURES}
    defined["activation_dead"][-1] = False
    samples = [_filled(kind, rng.normal(0, np.exp(-0.2 * i), 400)) for i in range(depth)]
    image = _filled(kind, rng.random((1, 24, 32)))
    boundary = Boundary(np.concatenate((1 - image, image)), (-2.0, 2.0), (-1.0, 3.0)) if plane else None
    scalars = {name: float(_filled(kind, rng.random(1))[0]) for name in SCALARS}
    both = histograms(samples)
    measures["branch_share"], defined["branch_share"] = _filled(kind, rng.random(depth)), np.ones(depth, np.bool_)
    fill = partial(_filled, kind)
    results: dict[Observation[Any], Any] = {
        **dict.fromkeys(HistogramsObservation.variants(), both),
        BoundaryObservation(): boundary,
        PredictionObservation(): prediction(depth),
        OrderChaosObservation(): order_chaos(),
        TimeProfilesObservation(): profiles_of(depth, fill),
        GatesObservation(): gates_of(depth, kind in ("nan", "inf"), step),
        FeatureMapsObservation(): maps_of(depth, fill, step),
        FactorsObservation(): factors_of(measures["delta_rms"]),
        GraphObservation(): graph_of(measures),
        UnitObservation(): unit_of(fill, step),
        BoundsObservation(): bounds(measures["bias_gradient_norm"]),
        **costly(depth, step, fill),
    }
    info = run_info(depth, run, plane=plane)
    plain = Frame(info, step, step / 4, scalars, measures, defined, experiment=experiment_at(step))
    return with_results(plain, results, seconds=0.3)


def experiment_at(step: int) -> Experiment:
    """A hand has changed the rate before this step."""
    plain = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 3}], "name": "made up <&>"}
    return Experiment.from_builtins({**plain, "optimizer": {"kind": "sgd", "learning_rate": 0.5 / (1 + step)}})


def with_results(frame: Frame, results: Mapping[Observation[Any], Any], seconds: float = 0.0) -> Frame:
    """The frame with other results of its own step."""
    observed = {each: Observed(frame.step, result, "", seconds) for each, result in results.items()}
    return structs.replace(frame, observations={**frame.observations, **observed})


def factors_of(deltas: Floats) -> tuple[Gains, ...]:
    """Gains of the error signal between these norms, half of each from the weights; none for a single layer."""
    totals = [decades(float(here), float(above)) for here, above in pairwise(deltas)]
    return tuple(
        Gains(str(layer + 1), {"weights": total / 2, "slope": total / 2}, total) for layer, total in enumerate(totals)
    )


def history(depth: int, steps: int = 40, kind: str = "random", capacity: int = 1024) -> History:
    """Steps 0 … ``steps``, validation at every tenth; layer i's gradient norm at step s is (i + 1) · 10^(−s/steps)."""
    columns = (*SCALARS, *(f"{name}:{i}" for name in MEASURES for i in range(depth)))
    made = History(columns, capacity)
    rng = np.random.default_rng(1)
    values = _filled(kind, rng.random((steps + 1, len(columns))) + 0.1)
    if kind == "random":
        first = columns.index("weight_gradient_norm:0")
        fall = 10.0 ** (-np.arange(steps + 1) / max(steps, 1))
        values[:, first : first + depth] = fall[:, None] * np.arange(1, depth + 1)
    seen = np.arange(steps + 1) % 10 == 0
    values[~seen, 2:4] = np.nan
    made.extend(Rows(0, columns, values))
    return made


def view(depth: int, steps: int = 40, kind: str = "random", *, run: int = 1, plane: bool = True) -> View:
    now, first = (frame(depth, step, kind, run=run, plane=plane) for step in (steps, 0))
    fill = partial(_filled, kind)
    units = {step: unit_of(fill, step) for step in range(steps)}
    watched = now.result(UnitObservation())
    assert watched is not None
    units[steps] = watched
    pasts = past_of(now.info, steps, fill), gains_past(now.info, steps, kind), unit_past(units, now.info)
    record = recorded(history(depth, steps, kind), first, *pasts)
    record.see(now)
    return View(now, record)


def recorded(history: History, first: Frame | None = None, *pasts: Past, changes: Sequence[Change] = ()) -> Record:
    """A record of what is given."""
    made = Record(history, first)
    made.pasts |= {past.sampled.name: past for past in pasts}
    for change in changes:
        made.changes.add(change.step, change.description)
    return made


def gains_past(info: RunInfo, steps: int, kind: str = "random") -> Past:
    """Looks at steps 0 … ``steps``."""
    made = Past(FactorGains(), FactorGains().subject((), info))
    for step in range(steps + 1):
        deltas = _filled(kind, np.exp(np.random.default_rng(step).normal(-2, 2, info.depth)))
        made.add(step, factors_of(deltas), info)
    return made
