"""What a lane comes to beside the base, over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from simulator.running.headless.verdict import BETTER, judge, quantile, sentence, sign_test

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(FINITE, min_size=1, max_size=20), st.floats(0, 1))
def test_quantiles_are_numpys(values: list[float], share: float) -> None:
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), rel=1e-9, abs=1e-6)


def test_what_is_no_number_is_beyond_all_others_and_never_told_as_one() -> None:
    assert quantile([1.0, math.nan, 3.0], 0.5) == 3
    assert math.isnan(quantile([1.0, math.nan], 0.5))
    assert quantile([1.0, 2.0, math.inf], 0.5) == 2
    assert quantile([1.0, math.inf, math.inf], 0.75) == math.inf


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_sign_test_is_the_exact_binomial_one(wins: int, losses: int) -> None:
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert sign_test(wins, losses) == pytest.approx(expected)


@given(st.dictionaries(st.integers(0, 9), FINITE, min_size=1), st.dictionaries(st.integers(0, 9), FINITE, min_size=1))
def test_only_pairs_of_equal_seeds_are_compared(values: dict[int, float], base: dict[int, float]) -> None:
    verdict = judge("loss", values, base)
    common = sorted(values.keys() & base.keys())
    assert verdict.pairs == len(common)
    if common:
        assert verdict.difference is not None
        assert verdict.difference[0] == pytest.approx(np.median([values[seed] - base[seed] for seed in common]))
        assert verdict.wins == sum(values[seed] < base[seed] for seed in common)
        assert verdict.losses == sum(values[seed] > base[seed] for seed in common)


@pytest.mark.parametrize("quantity", BETTER)
def test_a_lane_that_ended_in_nan_is_worse_than_any_number(quantity: str) -> None:
    assert judge(quantity, {0: math.nan}, {0: 5.0}).losses == 1
    assert judge(quantity, {0: 5.0}, {0: math.nan}).wins == 1
    both = judge(quantity, {0: math.nan}, {0: math.nan})
    assert (both.wins, both.losses) == (0, 0)


def test_the_base_is_not_compared_with_itself_and_a_gradient_is_neither_better_nor_worse() -> None:
    assert judge("loss", {0: 1.0}, None).difference is None
    assert judge("gradient_norm", {0: 1.0}, {0: 2.0}).wins is None
    assert judge("gradient_norm", {0: 1.0}, {0: 2.0}).difference == (-1, -1, -1)


def said(lane: list[float], base: list[float], quantity: str = "loss") -> str:
    return sentence("B", quantity, 500, judge(quantity, dict(enumerate(lane)), dict(enumerate(base))))


def test_the_sentence_says_no_more_than_the_seeds_show() -> None:
    assert said([0.5] * 10, [0.75, 0.875] * 5) == (
        "B: loss lower by 0.312 [0.25, 0.375] at step 500; better in 10 of 10 paired seeds (sign test, p = 0.002)"
    )
    assert said([0.5, 1.0] * 5, [0.75] * 10).startswith(
        "B: loss within the spread of seeds at step 500; better in 5 of 10"
    )
    assert said([0.5] * 3, [0.75] * 3).endswith(
        "better in 3 of 3 paired seeds (sign test, p = 0.25), too few to tell from chance"
    )
    assert said([0.5], [0.75]) == "B: loss lower by 0.25 at step 500, with one seed"
    assert said([0.5] * 5, [0.5] * 5) == "B: loss equal at step 500"
    assert said([0.9] * 10, [0.75] * 10, "accuracy").startswith(
        "B: accuracy higher by 0.15 [0.15, 0.15] at step 500; better in 10"
    )
    assert said([0.9] * 10, [0.75] * 10).endswith("better in 0 of 10 paired seeds (sign test, p = 0.002)")
    assert "no number" in said([math.nan] * 5, [0.75] * 5)
    assert "of an equal seed" in sentence("B", "loss", 500, judge("loss", {0: 1.0}, {1: 1.0}))
