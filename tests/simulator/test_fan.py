"""Several seeds of one experiment as one run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.arrays.quantiles import quantiles
from simulator.record.fan import Fan, fan_of
from simulator.running.headless.result import RunResult
from simulator.running.headless.verdict import quantile

PLAIN = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 4, "repeat": 2}],
    "batch_size": 16,
}
SEEDS = 5


def trained(steps: int, **settings: object) -> list[RunResult]:
    return [run(Experiment.from_builtins({**PLAIN, **settings, "seed": s}), steps=steps, every=3) for s in range(SEEDS)]


def fan(results: list[RunResult]) -> Fan:
    return fan_of([(result.last, result.record) for result in results])


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_quantiles_are_those_of_the_verdict(count: int) -> None:
    draw = np.random.default_rng(count)
    for lost in ((), (math.nan,), (math.inf,), (math.nan, -math.inf, math.inf)):
        for _ in range(20):
            values = draw.standard_normal(count)
            values[: min(len(lost), count)] = lost[:count]
            expected = [quantile(list(values), share) for share in (0.25, 0.5, 0.75)]
            np.testing.assert_allclose([float(each[0]) for each in quantiles(values[:, np.newaxis])], expected)


@pytest.mark.parametrize("steps", [7, pytest.param(1500, marks=pytest.mark.slow)])
def test_the_past_goes_from_quartile_to_quartile_around_the_median(steps: int) -> None:
    results = trained(steps)
    history = fan(results).record.history
    for name in ("loss", "accuracy", "weight_gradient_norm"):
        series, each = history.series(name), [result.history.series(name) for result in results]
        values = np.array([own.last for own in each])
        assert np.array_equal(series.steps, each[0].steps)
        for part, share in ((series.low, 25), (series.last, 50), (series.high, 75)):
            np.testing.assert_allclose(part, np.percentile(values, share, axis=0))
    assert history.end == steps


@pytest.mark.parametrize("steps", [7, pytest.param(1500, marks=pytest.mark.slow)])
def test_scores_on_data_held_out_stand_where_every_seed_has_one(steps: int) -> None:
    results = trained(steps)
    series, own = (each.series("validation_loss") for each in (fan(results).record.history, results[0].history))
    assert np.array_equal(np.isfinite(series.last), np.isfinite(own.high))
    assert np.isfinite(series.last).any()


def test_the_last_frame_has_the_medians_of_all_measures() -> None:
    results = trained(4)
    seeds = fan(results)
    for name, values in seeds.median.measures.items():
        together = np.array([result.last.measures[name] for result in results])
        known = seeds.median.defined[name]
        np.testing.assert_allclose(values[known], np.median(together, axis=0)[known])
        assert (seeds.low.measures[name][known] <= seeds.high.measures[name][known]).all()
    losses = [result.last.scalars["loss"] for result in results]
    assert seeds.median.scalars["loss"] == pytest.approx(float(np.median(losses)))


def test_what_most_seeds_lose_is_lost_from_the_median_s_first_step_on() -> None:
    settings = {
        "data": {"kind": "plane"},
        "loss": {"kind": "mse"},
        "layers": [{"kind": "dense", "units": 4, "activation": {"kind": "relu"}}],
    }
    lost = fan(trained(12, optimizer={"kind": "sgd", "learning_rate": 1e20}, **settings))
    series = lost.record.history.series("loss")
    first = lost.record.history.first_lost("loss")
    gone = np.flatnonzero(~np.isfinite(series.last))
    assert first == (int(gone[0]) if gone.size else None)
    assert first is not None
