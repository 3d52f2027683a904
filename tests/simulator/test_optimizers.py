"""Optimisers: golden values, an independent implementation of each, and that all of them work elementwise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.arrays.numeric import Array
from simulator.parts.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp
from simulator.schema.parameter import kinds

KINDS = sorted(kinds(Optimizer))


class Runner:
    """Follows an optimiser over given gradients, as training does."""

    def __init__(self, optimizer: Optimizer, w: Array) -> None:
        self.optimizer, self.w = optimizer, np.array(w, np.float64, ndmin=1)
        self.state = tuple(np.zeros_like(self.w) for _ in range(optimizer.slots))
        self.t = 0

    def step(self, g: Any, rate: float | None = None) -> Array:
        self.t += 1
        out = np.full_like(self.w, math.nan)
        gradient = np.array(np.broadcast_to(g, self.w.shape), np.float64)
        kept = gradient.copy()
        self.optimizer.update(
            self.state, self.w, gradient, out, self.optimizer.learning_rate if rate is None else rate, self.t
        )
        np.testing.assert_array_equal(gradient, kept)
        self.w = self.w + out
        return out


def steps(optimizer: Optimizer, g: float, count: int, w: float = 0.0) -> list[float]:
    runner = Runner(optimizer, np.array([w]))
    return [float(runner.step(g)[0]) for _ in range(count)]


# -- golden values ----------------------------------------------------------------------------------------------------


def test_gradient_descent_on_a_parabola_shrinks_by_one_minus_eta_lambda() -> None:
    runner = Runner(SGD(learning_rate=0.3), np.array([1.0]))
    for k in range(1, 20):
        runner.step(2.0 * runner.w)
        assert runner.w[0] == pytest.approx((1 - 0.3 * 2) ** k, rel=1e-12)


def test_gradient_descent_diverges_beyond_two_over_lambda() -> None:
    for rate, grows in ((0.99, False), (1.01, True)):
        runner = Runner(SGD(learning_rate=rate), np.array([1.0]))
        for _ in range(100):
            runner.step(2.0 * runner.w)
        assert bool(abs(runner.w[0]) > 1) is grows


def test_momentum_tends_to_ten_times_the_step_as_one_minus_powers_of_beta() -> None:
    for t, step in enumerate(steps(SGD(learning_rate=0.1, momentum=0.9), 2.0, 200), start=1):
        assert step == pytest.approx(-0.1 * 2.0 * 10 * (1 - 0.9**t), rel=1e-12)


def test_nesterovs_first_step_is_one_point_nine_times_the_plain_one() -> None:
    first = steps(SGD(learning_rate=0.1, momentum=0.9, nesterov=True), 2.0, 1)[0]
    assert first == pytest.approx(-1.9 * 0.1 * 2.0, rel=1e-12)


def test_adagrads_steps_fall_as_one_over_root_t() -> None:
    for t, step in enumerate(steps(AdaGrad(learning_rate=0.1), -3.0, 50), start=1):
        assert step == pytest.approx(0.1 / math.sqrt(t), rel=1e-9)


def test_rmsprops_first_step() -> None:
    assert steps(RMSProp(learning_rate=1.0), 5.0, 1)[0] == pytest.approx(-3.16228, rel=1e-5)


@pytest.mark.parametrize("optimizer", [Adam(learning_rate=0.01), AdamW(learning_rate=0.01, weight_decay=0.0)])
@pytest.mark.parametrize("g", [1e3, 1.0, -1e-2])
def test_adam_steps_by_the_rate_whatever_the_gradient(optimizer: Optimizer, g: float) -> None:
    for step in steps(optimizer, g, 30):
        assert step == pytest.approx(-0.01 * math.copysign(1, g), rel=2e-6)


def test_adam_far_below_epsilon_is_plain_descent_divided_by_epsilon() -> None:
    for step in steps(Adam(learning_rate=0.01, eps=1e-4), 1e-9, 5):
        assert step == pytest.approx(-0.01 * 1e-9 / 1e-4, rel=1e-4)


def test_adamw_shrinks_the_weight_beside_the_step() -> None:
    assert steps(AdamW(learning_rate=0.1, weight_decay=0.2), 0.0, 1, w=3.0)[0] == pytest.approx(-0.1 * 0.2 * 3)
    both = steps(AdamW(learning_rate=0.1, weight_decay=0.2), 4.0, 1, w=3.0)[0]
    assert both == pytest.approx(-0.1 - 0.1 * 0.2 * 3, rel=1e-6)


@pytest.mark.parametrize("kind", kinds(Optimizer))
def test_an_update_is_proportional_to_the_rate_and_the_state_does_not_know_it(kind: str) -> None:
    """Or a rate could not change after the update is made."""
    rng = np.random.default_rng(0)
    made = [kinds(Optimizer)[kind](learning_rate=rate) for rate in (0.01, 0.02)]
    states = [tuple(np.zeros(5) for _ in range(made[0].slots)) for _ in made]
    for t in range(1, 5):
        w, g, out = rng.standard_normal(5), rng.standard_normal(5), np.empty((2, 5))
        for optimizer, state, update in zip(made, states, out, strict=True):
            optimizer.update(state, w, g, update, optimizer.learning_rate, t)
        np.testing.assert_allclose(out[1], 2 * out[0], rtol=1e-14)
        np.testing.assert_array_equal(states[0], states[1])


def test_names_and_defaults_are_pytorchs() -> None:
    def fields(kind: str) -> dict[str, Any]:
        part = kinds(Optimizer)[kind]()
        return {name: getattr(part, name) for name in part.__struct_fields__ if name != "learning_rate"}

    assert fields("sgd") == {"momentum": 0.0, "nesterov": False}
    assert fields("adagrad") == {"eps": 1e-10}
    assert fields("rmsprop") == {"rho": 0.9, "eps": 1e-8}
    assert fields("adam") == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    assert fields("adamw") == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01}


# -- an independent implementation ------------------------------------------------------------------------------------

Reference = Callable[[Any, list[Array], Array], Array]


def _sgd(o: SGD, gs: list[Array], w: Array) -> Array:
    v = sum((o.momentum ** (len(gs) - 1 - i) * g for i, g in enumerate(gs)), np.zeros_like(w))
    return -o.learning_rate * (gs[-1] + o.momentum * v if o.nesterov else v)


def _adagrad(o: AdaGrad, gs: list[Array], w: Array) -> Array:
    return -o.learning_rate * gs[-1] / (np.sqrt(sum(g**2 for g in gs)) + o.eps)


def _average(values: list[Array], keep: float) -> Array:
    total: Array = sum((1 - keep) * keep ** (len(values) - 1 - i) * v for i, v in enumerate(values))  # type: ignore[assignment]
    return total


def _rmsprop(o: RMSProp, gs: list[Array], w: Array) -> Array:
    return -o.learning_rate * gs[-1] / (np.sqrt(_average([g**2 for g in gs], o.rho)) + o.eps)


def _adam(o: Adam | AdamW, gs: list[Array], w: Array) -> Array:
    t = len(gs)
    mean = _average(gs, o.beta1) / (1 - o.beta1**t)
    square = _average([g**2 for g in gs], o.beta2) / (1 - o.beta2**t)
    return -o.learning_rate * mean / (np.sqrt(square) + o.eps)


def _adamw(o: AdamW, gs: list[Array], w: Array) -> Array:
    return _adam(o, gs, w) - o.learning_rate * o.weight_decay * w


REFERENCES: dict[str, Reference] = {
    "sgd": _sgd, "adagrad": _adagrad, "rmsprop": _rmsprop, "adam": _adam, "adamw": _adamw,
}  # fmt: skip
VARIANTS: list[Optimizer] = [
    SGD(momentum=0.7), SGD(momentum=0.7, nesterov=True), SGD(nesterov=True), RMSProp(rho=0.0), RMSProp(rho=0.5),
    AdaGrad(eps=0.1), Adam(beta1=0.0), Adam(beta2=0.0), Adam(beta1=0.5, beta2=0.6, eps=1e-2), AdamW(weight_decay=0.5),
]  # fmt: skip


def test_every_registered_optimiser_has_a_reference() -> None:
    assert set(REFERENCES) == set(KINDS)


@pytest.mark.parametrize("optimizer", [*(kinds(Optimizer)[kind]() for kind in KINDS), *VARIANTS], ids=str)
def test_it_follows_its_formula_over_random_gradients(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(0)
    runner, past = Runner(optimizer, rng.standard_normal(7)), []
    for _ in range(25):
        past.append(rng.standard_normal(7) * 10 ** rng.uniform(-6, 2, 7))
        want = REFERENCES[optimizer.kind](optimizer, past, runner.w)
        np.testing.assert_allclose(runner.step(past[-1]), want, rtol=1e-9, atol=1e-18)


# -- what training relies on ------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(KINDS), cuts=st.lists(st.integers(1, 19), max_size=4), precision=st.sampled_from(["f4", "f8"])
)
def test_any_split_of_the_vector_gives_the_same(kind: str, cuts: list[int], precision: str) -> None:
    optimizer = kinds(Optimizer)[kind]()
    rng = np.random.default_rng(1)
    w = rng.standard_normal(20).astype(precision)
    whole = tuple(np.zeros(20, precision) for _ in range(optimizer.slots))
    split = tuple(np.zeros(20, precision) for _ in range(optimizer.slots))
    bounds = [0, *sorted(set(cuts)), 20]
    for t in range(1, 5):
        g = rng.standard_normal(20).astype(precision)
        once, pieces = np.empty(20, precision), np.empty(20, precision)
        optimizer.update(whole, w, g, once, 0.1, t)
        for start, stop in itertools.pairwise(bounds):
            here = slice(start, stop)
            optimizer.update(tuple(s[here] for s in split), w[here], g[here], pieces[here], 0.1, t)
        assert once.dtype == pieces.dtype == np.dtype(precision)
        np.testing.assert_array_equal(once, pieces)


def test_momentum_raised_in_mid_run_works_on_the_next_step() -> None:
    runner = Runner(SGD(learning_rate=0.1), np.zeros(1))
    for _ in range(5):
        assert runner.step(1.0)[0] == pytest.approx(-0.1)
    runner.optimizer = SGD(learning_rate=0.1, momentum=0.9)
    # v held the last gradient all along: v = 0.9 · 1 + 1.
    assert runner.step(1.0)[0] == pytest.approx(-0.19)
    assert runner.step(1.0)[0] == pytest.approx(-0.271)


def test_a_changed_rate_acts_at_once_on_the_whole_velocity() -> None:
    runner = Runner(SGD(learning_rate=0.1, momentum=0.5), np.zeros(1))
    runner.step(1.0)
    assert runner.step(1.0, rate=0.02)[0] == pytest.approx(-0.02 * 1.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_zero_gradient_from_the_start_moves_nothing_but_decay(kind: str) -> None:
    w = 2.0
    step = steps(kinds(Optimizer)[kind](), 0.0, 1, w)[0]
    assert step == (-1e-3 * 0.01 * w if kind == "adamw" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_gradient_entry_breaks_only_its_own_parameter(kind: str) -> None:
    runner = Runner(kinds(Optimizer)[kind](), np.zeros(3))
    with np.errstate(all="ignore"):
        step = runner.step([1.0, math.nan, 1.0])
    assert np.isnan(step[1])
    assert np.isfinite(step[[0, 2]]).all()


SQUARES = {"adagrad": 0.0, "rmsprop": 0.9, "adam": 0.999, "adamw": 0.999}
"""Share of its old mean square that each keeps; a sum keeps nothing back of a single g²."""


@pytest.mark.parametrize("kind", SQUARES)
@pytest.mark.parametrize("share", [1e-3, 0.5, 0.99])
def test_a_mean_square_overflows_no_sooner_than_the_mean_itself(kind: str, share: float) -> None:
    """5.8e20 for Adam and 5.8e19 for RMSProp in float32, where g² overflows at 1.8e19."""
    largest = share * math.sqrt(float(np.finfo(np.float32).max) / (1 - SQUARES[kind]))
    optimizer = kinds(Optimizer)[kind]()
    narrow = tuple(np.zeros(1, np.float32) for _ in range(optimizer.slots))
    wide = tuple(np.zeros(1) for _ in range(optimizer.slots))
    w, got, want = np.zeros(1), np.empty(1, np.float32), np.empty(1)
    optimizer.update(narrow, w.astype(np.float32), np.array([largest], np.float32), got, 0.1, 1)
    optimizer.update(wide, w, np.array([largest]), want, 0.1, 1)
    assert all(np.isfinite(slot).all() for slot in narrow)
    assert got[0] == pytest.approx(want[0], rel=1e-5)


@pytest.mark.parametrize("kind", ["rmsprop", "adam", "adamw"])
def test_a_mean_square_of_a_steady_gradient_is_finite_wherever_its_square_is(kind: str) -> None:
    optimizer = kinds(Optimizer)[kind]()
    state = tuple(np.zeros(1, np.float32) for _ in range(optimizer.slots))
    g, w, out = np.full(1, 1.8e19, np.float32), np.zeros(1, np.float32), np.empty(1, np.float32)
    for t in range(1, 3000):
        optimizer.update(state, w, g, out, 0.1, t)
    assert np.isfinite(state[-1]).all()
    assert out[0] == pytest.approx(-0.1, rel=1e-3)


@pytest.mark.parametrize("kind", ["rmsprop", "adam", "adamw"])
def test_a_changed_share_of_the_mean_acts_on_the_mean_as_it_is(kind: str) -> None:
    """No step of the old mean is scaled by the change."""
    name = "rho" if kind == "rmsprop" else "beta2"
    before, after = (kinds(Optimizer)[kind](**{name: keep}) for keep in (0.99, 0.9))
    runner = Runner(before, np.zeros(1))
    for _ in range(500):
        runner.step(2.0)
    kept = runner.state[-1].copy()
    after.rescale_state(before, runner.state)
    assert runner.state[-1] == pytest.approx(kept)
    assert kept == pytest.approx(4.0, rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_an_adaptive_step_is_as_long_for_a_small_gradient_and_others_are_not(kind: str) -> None:
    part = kinds(Optimizer)[kind]()
    long, short = (steps(part, g, 400)[-1] for g in (1.0, 1e-2))
    shrinks = abs(short) < 0.5 * abs(long)
    assert part.adaptive is (not shrinks and not part.accumulates)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_accumulates_steps_ever_shorter(kind: str) -> None:
    part = kinds(Optimizer)[kind]()
    taken = np.abs(steps(part, 1.0, 400))
    assert part.accumulates is bool(taken[-1] < 0.1 * taken[0])


@pytest.mark.parametrize("kind", KINDS)
def test_steps_of_a_constant_gradient_tend_to_the_gain(kind: str) -> None:
    part = kinds(Optimizer)[kind]()
    if part.mean_field and not part.adaptive:
        part = replace(part, **{part.mean_field: 0.8})
    if part.decay_field:
        part = replace(part, **{part.decay_field: 0.0})
    if not part.accumulates:
        assert abs(steps(part, 1.0, 2000)[-1]) == pytest.approx(part.gain * part.learning_rate, rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_gradient_the_decay_is_all_that_moves_a_parameter(kind: str) -> None:
    part = kinds(Optimizer)[kind]()
    assert steps(part, 0.0, 1, w=2.0)[0] == pytest.approx(-part.learning_rate * part.decay * 2.0)


@pytest.mark.parametrize("kind", KINDS)
def test_below_epsilon_steps_follow_the_gradient(kind: str) -> None:
    part = kinds(Optimizer)[kind]()
    if part.epsilon:
        small = steps(part, part.epsilon * 1e-3, 1)[0]
        assert steps(part, part.epsilon * 1e-4, 1)[0] == pytest.approx(small / 10, rel=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_below_the_limit_steps_on_a_parabola_shrink_and_above_it_they_grow(kind: str) -> None:
    part = kinds(Optimizer)[kind](learning_rate=1.0)
    limit = part.stability_limit()
    if math.isfinite(limit):
        for factor, settles in ((0.98, True), (1.02, False)):
            w, change = np.ones(1), np.zeros(1)
            state = tuple(np.zeros(1) for _ in range(part.slots))
            for t in range(1, 500):
                part.update(state, w, factor * limit * w, change, 1.0, t)
                w = np.clip(w + change, -1e6, 1e6)
            assert (abs(float(w[0])) < 1) == settles
