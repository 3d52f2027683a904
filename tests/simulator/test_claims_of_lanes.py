"""The documents' claims (THEORY.md section 8) that show when one thing is changed: the presets with several networks.

Each is judged as the command ``compare`` judges it, by the sign of the difference in paired seeds.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simulator.arrays.numeric import Floats
from simulator.doctor.headline import gradient_ratio
from simulator.experiment.differences import IDENTICAL, in_words
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import Preset, find, presets
from simulator.running.headless.comparison import Comparison
from simulator.running.headless.run import run
from simulator.running.headless.verdict import BY_CHANCE, sign_test

SEEDS = 5


@dataclass(frozen=True)
class Compared:
    """What ``compare`` wrote of a preset's networks."""

    folder: Path

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.folder / table).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    def verdict(self, lane: str, quantity: str) -> dict[str, str]:
        """The row of the last step."""
        return [row for row in self.rows("verdict.csv") if (row["lane"], row["quantity"]) == (lane, quantity)][-1]

    def median(self, lane: str, quantity: str = "loss") -> float:
        return float(self.verdict(lane, quantity)["median"])

    def better(self, lane: str, quantity: str = "loss") -> bool:
        """Whether it is better than the base in more pairs than chance would make."""
        return self._tells(lane, quantity, wins=True)

    def worse(self, lane: str, quantity: str = "loss") -> bool:
        return self._tells(lane, quantity, wins=False)

    def _tells(self, lane: str, quantity: str, wins: bool) -> bool:
        row = self.verdict(lane, quantity)
        won, pairs = int(row["paired_wins"]), int(row["pairs"])
        return (won > pairs / 2) is wins and sign_test(won, pairs - won) <= BY_CHANCE

    def losses(self, lane: str) -> list[Floats]:
        """By seed, each step's."""
        by_seed: dict[str, list[float]] = {}
        for row in self.rows("comparison.csv"):
            if row["lane"] == lane:
                by_seed.setdefault(row["seed"], []).append(float(row["loss"]))
        return [np.array(each) for each in by_seed.values()]

    def steps_to(self, lane: str, target: float) -> float:
        """The median over seeds of the step from which on the mean of ten losses is below ``target``."""
        smooth = (np.convolve(each, np.full(10, 0.1), mode="valid") < target for each in self.losses(lane))
        return float(np.median([int(each.argmax()) if each.any() else math.inf for each in smooth]))


def compared(preset: str, steps: int, folder: Path, seeds: int = SEEDS) -> Compared:
    comparison = Comparison(find(preset).all_lanes(), steps, folder, seeds)
    assert not any(result.interrupted for _, result in comparison.train(every=max(1, steps)))
    return Compared(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "compared"


# -- 15: batch norm ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_15_batch_norm_allows_ten_times_the_rate(folder: Path) -> None:
    told = compared("batch-norm-rate", 60, folder)
    assert math.isnan(told.median("ten times the rate"))
    assert told.worse("ten times the rate")
    fast = "batch norm, ten times the rate"
    assert told.better(fast)
    assert told.steps_to(fast, 0.5) < told.steps_to("batch norm", 0.5) / 2


@pytest.mark.slow
def test_15_batch_norm_cares_less_for_the_initial_scale(folder: Path) -> None:
    told = compared("batch-norm-scale", 60, folder)
    assert told.worse("a quarter")
    assert told.median("a quarter") == pytest.approx(math.log(10), rel=0.02)
    assert told.median("batch norm, a quarter") < 0.5
    assert told.better("batch norm, a quarter")


# -- 18: penalties ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_18_each_penalty_holds_the_validation_loss_down_on_a_small_noisy_set(folder: Path) -> None:
    told = compared("penalties", 800, folder)
    for lane in ("L2", "L1", "dropout"):
        assert told.better(lane, "validation_loss"), lane
        assert told.worse(lane), lane
        assert told.median(lane, "validation_loss") < told.median("A", "validation_loss") - 0.3, lane


# -- 21: a residual stack that explodes -------------------------------------------------------------------------------


@pytest.mark.slow
def test_21_weight_decay_and_weight_norm_do_not_stop_a_residual_stack_that_explodes_at_the_start(folder: Path) -> None:
    told = compared("residual-weights", 10, folder, seeds=1)
    first = [told.losses(lane)[0][0] for lane in ("A", "weight decay", "weight norm")]
    assert first[0] > 1e4
    assert first == pytest.approx([first[0]] * 3, rel=1e-3)
    assert all(math.isnan(told.median(lane)) for lane in ("A", "weight decay", "weight norm"))


@pytest.mark.slow
def test_21_layer_norm_and_batch_norm_stop_it(folder: Path) -> None:
    told = compared("residual-norms", 15, folder)
    assert math.isnan(told.median("A"))
    for lane in ("layer norm", "batch norm"):
        assert told.better(lane), lane
        assert told.median(lane) < math.log(10), lane


def test_21_layer_norm_and_batch_norm_level_its_gradients() -> None:
    for name, lane in find("residual-norms").all_lanes().items():
        last = run(lane, steps=0).last
        ratio = gradient_ratio(last)
        assert ratio is not None
        assert 0.1 < ratio < 10
        assert (last.scalars["gradient_norm"] > 1e5) is (name == "A")


# -- 4: sparse activation ---------------------------------------------------------------------------------------------


def active(lane: Experiment) -> float:
    """Share of the hidden units' answers that are not 0 at the start."""
    return float(run(lane, steps=0).last.measures["activation_rate"][:-1].mean())


@pytest.mark.slow
def test_4_the_fewer_units_are_active_the_more_steps_a_loss_takes(folder: Path) -> None:
    lanes = find("sparse-activation").all_lanes()
    rates = [active(lane) for lane in lanes.values()]
    assert all(more > fewer + 0.1 for more, fewer in pairwise(rates))
    told = compared("sparse-activation", 300, folder)
    steps = [told.steps_to(lane, 1.5) for lane in lanes]
    assert all(fewer < more for fewer, more in pairwise(steps))
    assert math.isfinite(steps[-1])
    assert all(told.worse(lane) for lane in lanes if lane != "A")


# -- 16: optimisers ---------------------------------------------------------------------------------------------------


def test_16_momentum_gets_as_far_as_ten_times_the_rate_and_adam_too(folder: Path) -> None:
    told = compared("optimisers", 100, folder)
    ten = "SGD, ten times the rate"
    assert all(told.better(lane) for lane in ("momentum", "Adam", ten))
    steps = {lane: told.steps_to(lane, 0.5) for lane in ("A", "momentum", "Adam", ten)}
    assert steps["A"] == math.inf
    assert all(steps[ten] <= steps[lane] < 2.5 * steps[ten] for lane in ("momentum", "Adam"))


# -- 9: a confident mistake -------------------------------------------------------------------------------------------


def test_9_cross_entropy_unlearns_a_confident_mistake_and_squared_error_stands_still(folder: Path) -> None:
    told = compared("confident-mistake", 100, folder)
    assert told.worse("squared error", "accuracy")
    assert told.worse("squared error", "validation_accuracy")
    assert told.median("A", "accuracy") > 0.8
    assert told.median("squared error", "accuracy") < 0.4
    start, now = (float(np.median([losses[at] for losses in told.losses("squared error")])) for at in (0, -1))
    assert now > 0.6 * start


# -- 20: depth --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_20_residual_and_highway_layers_learn_at_a_depth_where_plain_ones_do_not(folder: Path) -> None:
    told = compared("depth-forty", 200, folder)
    for lane in ("residual", "highway"):
        assert told.better(lane), lane
        assert told.median(lane) < 0.1, lane
        assert told.steps_to(lane, 0.5) < 100, lane
    assert told.median("A") > 1.5


# -- 14: initialisation -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_14_he_beats_glorot_under_relu_in_ten_seeds_of_ten(folder: Path) -> None:
    told = compared("he-glorot", 100, folder, seeds=10)
    row = told.verdict("He", "loss")
    assert (row["paired_wins"], row["pairs"]) == ("10", "10")
    assert float(row["difference_high"]) < 0


# -- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [preset for preset in presets() if preset.load().lanes], ids=lambda each: each.id)
def test_every_preset_of_several_networks_has_two_to_four_that_differ(preset: Preset) -> None:
    lanes = preset.load().all_lanes()
    assert 2 <= len(lanes) <= 4
    assert all(in_words(lanes["A"], lane) != IDENTICAL for name, lane in lanes.items() if name != "A")
