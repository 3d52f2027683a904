"""Which checkpoints of a run are kept: by what they are worth, and never more than the budget has room for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiment.experiment import Experiment
from simulator.running import throttle
from simulator.running.timeline import Timeline
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoints import MARKED_SHARE, MOST_EARLIER, RECENT_STEPS, Checkpoints, KeptCheckpoint, Reason
from simulator.training.live_change import LiveChange
from simulator.training.spikes import LEAST_STEPS, MEDIAN_STEPS, SPIKE_RATIO, SpikeWatch
from simulator.training.training import Training
from tests.simulator.clock import Clock

EXPERIMENT = Experiment.from_builtins(
    {
        "data": {"kind": "moons", "samples": 60},
        "layers": [{"kind": "dense", "units": 8, "repeat": 3, "activation": {"kind": "relu"}}],
        "loss": {"kind": "mse"},
        "optimizer": {"kind": "sgd", "learning_rate": 0.05, "momentum": 0.9},
        "batch_size": 16,
    }
)
SIZE = 32
"""Bytes of one of these checkpoints."""
MARKS: tuple[Reason, ...] = ("change", "not finite", "spike", "finding")


def checkpoint(step: int, size: int = SIZE) -> Checkpoint:
    none = np.empty(0)
    return Checkpoint(EXPERIMENT, step, step, np.full(size // 8, 1.0), none, (), ({}, none, none), ())


def trained(slots: float, steps: int, marks: dict[int, Reason] | None = None) -> Checkpoints:
    """What is kept of a run of so many steps, with room for so many checkpoints; what was marked, as it was noticed."""
    kept = Checkpoints(int(slots * SIZE))
    kept.keep(KeptCheckpoint(checkpoint(0), "start"))
    for step in range(1, steps + 1):
        if kept.due(step):
            kept.keep(KeptCheckpoint(checkpoint(step)))
        if marks is not None and step in marks:
            if marks[step] == "change":
                kept.keep(KeptCheckpoint(checkpoint(step), "change"))
            else:
                kept.mark_before(step, marks[step])
    return kept


def of(kept: Checkpoints, *reasons: Reason) -> list[int]:
    return [each.step for each in kept if each.reason in reasons]


@given(
    st.integers(0, 60), st.integers(1, 4000), st.dictionaries(st.integers(1, 4000), st.sampled_from(MARKS), max_size=40)
)
@settings(max_examples=60, deadline=None)
def test_they_never_take_more_than_the_budget(slots: int, steps: int, marks: dict[int, Reason]) -> None:
    kept = trained(slots, steps, marks)
    assert kept.nbytes == sum(each.nbytes for each in kept) <= slots * SIZE
    assert list(kept.steps) == sorted(set(kept.steps))
    assert kept.nbytes == sum(nbytes for _, _, nbytes in kept.summary())
    if slots:
        assert kept.steps[0] == 0


@given(st.integers(8, 60), st.integers(1, 4000), st.sets(st.integers(1, 4000), max_size=40))
@settings(max_examples=60, deadline=None)
def test_step_0_and_changes_by_hand_go_last(slots: int, steps: int, changed: set[int]) -> None:
    kept = trained(slots, steps, dict.fromkeys(changed, "change"))
    made = sorted(step for step in changed if step <= steps)
    room = int(MARKED_SHARE * slots)
    assert of(kept, "start") == [0]
    assert len(of(kept, "change")) == min(len(made), room)
    assert set(of(kept, "change")) <= set(made)


@given(st.integers(8, 2000), st.integers(1, 9000))
@settings(max_examples=40, deadline=None)
def test_the_last_thousand_steps_are_dense_and_those_before_thinned_evenly(slots: int, steps: int) -> None:
    kept = trained(slots, steps)
    recent, earlier = of(kept, "recent") or [0], of(kept, "earlier")
    dense = math.ceil(RECENT_STEPS / math.ceil((slots - 1) * 2 / 3))
    assert steps - recent[-1] < dense
    assert set(np.diff(recent)) <= {dense}
    assert recent[0] <= max(dense, steps - RECENT_STEPS + 2 * dense)
    gaps = np.diff(earlier)
    if len(gaps):
        assert max(gaps) <= 2 * min(gaps)
        room = min(slots - 1 - math.ceil((slots - 1) * 2 / 3), MOST_EARLIER)
        assert max(gaps) <= max(2 * dense, 4 * steps / room)
        assert recent[0] - earlier[-1] <= 2 * max(dense, max(gaps))


def test_with_room_for_all_each_of_the_last_steps_is_kept() -> None:
    assert of(trained(5000, 3000), "recent") == list(range(2001, 3001))


@given(st.integers(40, 400), st.integers(0, 39), st.integers(1, 3000))
@settings(max_examples=40, deadline=None)
def test_a_budget_that_shrinks_acts_at_once_and_leaves_an_even_rest(before: int, after: int, steps: int) -> None:
    kept = trained(before, steps, {steps // 2: "change"})
    had = set(kept.steps)
    kept.budget = after * SIZE
    assert kept.nbytes <= after * SIZE
    assert set(kept.steps) <= had
    assert after < 3 or of(kept, "start", "change") == [0, *([steps // 2] if steps > 1 else [])]
    recent = of(kept, "recent")
    if after > 8 and len(recent) > 1:
        assert recent[-1] - recent[0] >= min(steps, RECENT_STEPS) / 4


@pytest.mark.parametrize("reason", MARKS)
def test_what_happened_keeps_the_last_good_one_from_before_it(reason: Reason) -> None:
    kept = Checkpoints(100 * SIZE)
    for step in range(0, 40, 4):
        kept.keep(KeptCheckpoint(checkpoint(step), good=step != 16))
    assert kept.mark_before(20, reason) == 12
    assert kept.mark_before(0, reason) is None
    assert of(kept, reason) == [12]
    kept.mark_before(13, "finding")
    assert of(kept, reason) == [12]


def test_of_what_happened_findings_go_before_spikes_and_these_before_changes() -> None:
    marks: dict[int, Reason] = {50: "change", 150: "spike", 250: "finding", 350: "change", 450: "finding", 550: "spike"}
    kept = trained(40, 600, marks)
    assert len(of(kept, *MARKS)) == 6
    for room, left in ((6, 4), (4, 3), (3, 2)):
        kept.budget = room * SIZE
        assert len(of(kept, *MARKS)) == left
    assert of(kept, *MARKS) == [50, 350]


def test_the_last_one_before_a_step_is_given_and_only_good_ones_if_so_asked() -> None:
    kept = Checkpoints(100 * SIZE)
    for step in (0, 4, 8):
        kept.keep(KeptCheckpoint(checkpoint(step), good=step < 8))
    steps = {step: (before.step if (before := kept.before(step)) else None) for step in (0, 1, 4, 5, 9)}
    assert steps == {0: None, 1: 0, 4: 0, 5: 4, 9: 4}
    newest = kept.before(9, good=False)
    assert newest is not None
    assert newest.step == 8


def test_going_another_way_forgets_what_came_after_and_leaves_the_other_as_it_is() -> None:
    kept = trained(5000, 60)
    cut = kept.until(20)
    assert cut.steps == tuple(range(21))
    assert cut.nbytes == 21 * SIZE
    assert kept.steps == tuple(range(61))
    assert cut.due(21)


def test_memory_counts_draws_and_the_order_of_samples_too() -> None:
    plain = EXPERIMENT.to_builtins()
    layers = [{"kind": "dense", "units": 8, "dropout": {"kind": "inverted", "rate": 0.5}}]
    wet = Training(Experiment.from_builtins({**plain, "layers": layers})).checkpoint()
    draws = 8 * 16 * 4
    order, batch = wet.sampler[1:]
    arrays = [wet.parameters, wet.states, *wet.slots, order, batch]
    assert wet.nbytes == sum(array.nbytes for array in arrays) + draws


@given(st.lists(st.floats(1e-3, 1e3) | st.sampled_from([math.nan, math.inf, 0.0]), min_size=70, max_size=400))
@settings(max_examples=60, deadline=None)
def test_a_spike_is_what_rises_ten_times_above_the_median_of_the_steps_before(losses: list[float]) -> None:
    watch, before, spiking = SpikeWatch(), list[float](), False
    for loss in losses:
        plain = 0 < loss < math.inf
        rises = plain and len(before) >= LEAST_STEPS and loss > SPIKE_RATIO * sorted(before)[len(before) // 2]
        assert watch.begins(loss, 1.0) == (rises and not spiking)
        spiking = rises
        before = [*before, loss][-MEDIAN_STEPS:] if plain else before


# -- the way of a run ----------------------------------------------------------------------------------------------


def way(training: Training, steps: int) -> Timeline:
    timeline = Timeline(training.checkpoint(), rest=0)
    make_steps(timeline, training, steps)
    return timeline


def make_steps(timeline: Timeline, training: Training, steps: int) -> None:
    for _ in range(steps):
        training.propose()
        training.apply()
        timeline.add(training)


@pytest.mark.parametrize(
    ("networks", "step_seconds", "copy_seconds"),
    [(1, 1e-4, 3e-5), (1, 0.02, 0.03), (1, 0.001, 1.0), (4, 1e-4, 3e-5)],
)
def test_copies_take_less_than_a_hundredth_of_the_time_however_fast_the_network_is(
    networks: int, step_seconds: float, copy_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(throttle, "time", clock)
    training = Training(EXPERIMENT)
    timeline = Timeline(training.checkpoint())
    timeline.share_time(networks)
    copies, copy = [0], training.checkpoint

    def take_a_while() -> Checkpoint:
        clock.now += copy_seconds
        copies[0] += 1
        return copy()

    monkeypatch.setattr(training, "checkpoint", take_a_while)
    began = clock.now
    for _ in range(1200):
        training.propose()
        training.apply()
        clock.now += step_seconds
        timeline.add(training)
    # The first is due at once; from then on one only when 200 times as long has been trained.
    spent = (copies[0] - 1) * copy_seconds
    assert copies[0] >= 1
    assert networks * spent <= 0.01 * (clock.now - began)


def test_a_change_keeps_the_step_that_it_came_at() -> None:
    training = Training(EXPERIMENT)
    timeline = way(training, 20)
    timeline.before_change(training, 3)
    timeline.changed(LiveChange(20, EXPERIMENT), 3)
    assert (20, "change") in [(kept.step, kept.reason) for kept in timeline.checkpoints]


def test_the_stages_of_a_drag_keep_where_it_began() -> None:
    training = Training(EXPERIMENT)
    timeline = way(training, 20)
    for stage in range(20, 24):
        timeline.before_change(training, 3)
        timeline.changed(LiveChange(stage, EXPERIMENT), 3)
        make_steps(timeline, training, 1)
    assert [kept.step for kept in timeline.checkpoints if kept.reason == "change"] == [20]
    assert len(timeline.changes.entries) == 4


def test_before_nan_and_before_a_spike_something_good_is_kept() -> None:
    training = Training(EXPERIMENT)
    timeline = way(training, 30)
    training.update_spec(EXPERIMENT.with_values([("optimizer.learning_rate", 1e6)]))
    make_steps(timeline, training, 40)
    began = training.watch.kept.began
    assert began is not None
    marked = [kept for kept in timeline.checkpoints if kept.reason in ("spike", "not finite")]
    assert [kept.step for kept in marked if 25 <= kept.step <= 31 and kept.good]
    assert all(step <= 31 for step in timeline.checkpoints.good_steps)
    assert max(timeline.checkpoints.steps) <= began.step + 1
    assert not any(kept.checkpoint.known.began for kept in timeline.checkpoints)


def test_no_place_to_go_back_to_has_a_number_that_is_not_finite() -> None:
    training = Training(EXPERIMENT.with_values([("optimizer.learning_rate", 1e6)]))
    timeline = way(training, 40)
    for kept in timeline.checkpoints:
        arrays = (kept.checkpoint.parameters, kept.checkpoint.states, *kept.checkpoint.slots)
        assert not kept.good or all(np.isfinite(array).all() for array in arrays)


def spikes(values: Sequence[float]) -> list[int]:
    watch = SpikeWatch()
    return [step for step, value in enumerate(values) if watch.begins(value, 1.0)]


def test_a_spike_is_a_decade_above_what_was_usual_lately_and_told_once() -> None:
    usual = [1.0, 2.0] * 10
    assert spikes([*usual, 25.0, 30.0, *usual, 25.0]) == [20, 42]
    assert spikes([*usual, 15.0]) == []
    assert spikes([1.0] * (LEAST_STEPS - 1) + [100.0]) == []
    assert spikes([1.0] * LEAST_STEPS + [100.0]) == [LEAST_STEPS]


def test_what_stays_high_becomes_usual() -> None:
    values = [1.0] * MEDIAN_STEPS + [100.0] * MEDIAN_STEPS
    assert spikes([*values, 500.0, 5000.0]) == [MEDIAN_STEPS, len(values) + 1]


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf, -1.0])
def test_what_has_no_size_is_no_spike_and_spoils_nothing(value: float) -> None:
    assert spikes([1.0] * 20 + [value] * 80 + [20.0]) == [100]


@given(st.lists(st.floats(1e-9, 1e9), max_size=300))
@settings(max_examples=50, deadline=None)
def test_spikes_are_those_of_the_definition(values: list[float]) -> None:
    high = []
    for step, value in enumerate(values):
        before = sorted(values[max(0, step - MEDIAN_STEPS) : step])
        high.append(len(before) >= LEAST_STEPS and value > SPIKE_RATIO * before[len(before) // 2])
    assert spikes(values) == [step for step, now in enumerate(high) if now and not (step and high[step - 1])]
