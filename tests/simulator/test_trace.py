"""The waterfall: gains of single operations add up to the whole, and name what loses the signal."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.arrays.trace import FACTORS, decades, gains
from simulator.layers import Layer
from simulator.schema.parameter import kinds
from simulator.training.training import Training

SIGMOID = {"kind": "sigmoid"}
STACKS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "dense": ({"kind": "wine"}, [{"kind": "dense", "units": 9, "repeat": 4}]),
    "norm and dropout": (
        {"kind": "wine"},
        [
            {
                "kind": "dense",
                "units": 9,
                "repeat": 3,
                "activation": SIGMOID,
                "normalization": {"kind": norm, **({} if norm in ("none", "weight") else {"position": position})},
                "dropout": {"kind": "inverted", "rate": 0.3},
            }
            for norm, position in (("batch", "before"), ("layer", "after"), ("weight", "before"))
        ],
    ),
    "maxout": ({"kind": "wine"}, [{"kind": "maxout", "units": 7, "repeat": 3}]),
    "highway": ({"kind": "wine"}, [{"kind": "dense", "units": 8}, {"kind": "highway", "units": 8, "repeat": 3}]),
    "residual": (
        {"kind": "wine"},
        [
            {"kind": "dense", "units": 8},
            {
                "kind": "residual",
                "repeat": 2,
                "branch_scale": 0.5,
                "layers": [
                    {"kind": "dense", "units": 8},
                    {"kind": "residual", "layers": [{"kind": "dense", "units": 8}]},
                ],
            },
        ],
    ),
    "convolution pooling flatten": (
        {"kind": "digits"},
        [
            {"kind": "convolution", "channels": 3, "repeat": 2},
            {"kind": "pooling", "size": 2},
            {"kind": "flatten"},
            {"kind": "dense", "units": 6},
        ],
    ),
    "recurrent gru lstm": (
        {"kind": "adding", "steps": 7},
        [
            {"kind": "lstm", "units": 4, "output": "all"},
            {"kind": "gru", "units": 4, "output": "all"},
            {"kind": "recurrent", "units": 4},
        ],
    ),
}


def traced(data: dict[str, Any], layers: list[dict[str, Any]], seed: int = 0) -> Training:
    training = Training(
        Experiment.from_builtins(
            {"data": data, "layers": layers, "precision": "float64", "batch_size": 32, "seed": seed}
        )
    )
    training.look()
    return training


def test_every_kind_of_layer_is_in_one_of_these_stacks() -> None:
    def inside(layers: list[dict[str, Any]]) -> set[str]:
        return {layer["kind"] for layer in layers}.union(*(inside(layer.get("layers", [])) for layer in layers))

    assert set().union(*(inside(layers) for _, layers in STACKS.values())) == set(kinds(Layer))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", STACKS)
def test_the_factors_add_up_to_the_total_and_the_totals_to_the_deltas(name: str, seed: int) -> None:
    training = traced(*STACKS[name], seed)
    found = gains(training.network.trace.marks)
    for gain in found:
        assert sum(gain.factors.values()) == pytest.approx(gain.total, abs=1e-9)
        assert set(gain.factors) <= set(FACTORS)
    taps = {tap.info.label: tap for tap in training.network.taps if tap.delta is not None}
    above = taps.pop(training.network.output.info.label)
    assert {gain.layer for gain in found} == set(taps)
    for gain in found:
        delta = taps[gain.layer].delta
        assert delta is not None
        assert above.delta is not None
        expected = math.log10(np.linalg.norm(delta) / np.linalg.norm(above.delta))
        assert gain.total == pytest.approx(expected, abs=1e-9)
        above = taps[gain.layer]


def test_sigmoids_lose_the_signal_by_their_slopes() -> None:
    layers = [{"kind": "dense", "units": 64, "repeat": 10, "activation": SIGMOID}]
    found = gains(traced({"kind": "digits"}, layers).network.trace.marks)
    slopes = sum(gain.factors["slope"] for gain in found)
    weights = sum(gain.factors["weights"] for gain in found)
    assert slopes < 10 * math.log10(0.25)
    assert abs(weights) < 1


def test_large_weights_outweigh_saturated_slopes() -> None:
    layers = [{"kind": "dense", "units": 300, "repeat": 5, "initializer": {"kind": "normal", "std": 1.0}}]
    found = gains(traced({"kind": "gaussian", "features": 300, "samples": 200}, layers).network.trace.marks)
    # The first gain is that of the output's Glorot weights.
    for gain in found[1:]:
        assert gain.factors["slope"] < -0.4
        assert gain.factors["weights"] > 1
        assert gain.total > 0


def test_a_lost_signal_is_minus_infinity_and_nothing_follows_from_nothing() -> None:
    assert decades(0.0, 1.0) == -math.inf
    assert math.isnan(decades(1.0, 0.0))
    assert math.isnan(decades(math.inf, 1.0))
    layers = [{"kind": "dense", "units": 5, "repeat": 2, "initializer": {"kind": "zeros"}}]
    found = gains(traced({"kind": "wine"}, layers).network.trace.marks)
    assert found[-1].factors["weights"] == -math.inf


def test_without_a_trace_nothing_is_marked() -> None:
    training = traced(*STACKS["dense"])
    training.propose()
    assert training.network.trace.marks == []


def test_a_run_writes_the_factors_of_measured_steps(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(
        {"data": {"kind": "wine"}, "layers": [{"kind": "dense", "units": 4, "repeat": 3}]}
    )
    run(experiment, steps=3, every=2, out=tmp_path)
    rows = list(csv.DictReader((tmp_path / "factors.csv").read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["step", "layer", "factor", "log10_gain", "log10_total"]
    assert sorted({int(row["step"]) for row in rows}) == [0, 2, 3]
    assert [row["layer"] for row in rows if row["step"] == "0" and row["factor"] == "weights"] == ["1", "2", "3"]
