"""A twin is the run once more, with all that was done to it by hand until the twin came."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import LaneSpec
from simulator.running.building import StartingPoint, built, operation
from simulator.running.messages import Operate, Play, Snapshot, TakeSnapshot, Train
from simulator.running.timeline import Timeline
from simulator.training.checkpoint_files import written
from simulator.training.operation import operated
from simulator.training.surgery import Transplant
from simulator.training.training import Training
from tests.simulator.test_branching import Run
from tests.simulator.test_lane_operations import alike, with_lanes
from tests.simulator.test_operating import SURGERIES, Script
from tests.simulator.test_surgery import DEEP, files, steps, trained

TWIN = LaneSpec(name="B", set={})
NORM = "layers.0.normalization.kind"
OF_WEIGHTS = [name for name, (surgery, _) in SURGERIES.items() if not isinstance(surgery, Transplant)]


def operate(run: Run, name: str) -> Run:
    """As the worker does it."""
    surgery, experiment = SURGERIES[name]
    whole = replace(experiment, lanes=run.live.training.experiment.lanes)
    made = operation(run.live, whole, surgery, 7, {})
    assert made is not None
    run.live = built(2, whole, made.start(()))
    run.lanes.follow(run.live)
    return run


def operated_run(name: str) -> Run:
    """Operated on at step 4, and two steps further."""
    return operate(Run(Experiment.from_builtins(DEEP)).steps(4), name).steps(2)


def set_in_run(run: Run, *settings: tuple[str, Any]) -> Run:
    return run.change(run.live.training.experiment.with_values(settings))


@pytest.mark.parametrize("name", SURGERIES)
def test_a_twin_of_a_run_that_was_operated_on_has_its_numbers(name: str) -> None:
    run = with_lanes(operated_run(name), TWIN)
    assert alike(run.lane(), run.live.training)
    run.steps(3)
    assert alike(run.lane(), run.live.training)
    assert [each.step for each in run.lanes.live["B"].timeline.changes.entries if each.surgery is not None] == [4]


@pytest.mark.parametrize("name", SURGERIES)
def test_what_is_changed_in_either_then_acts_in_its_step_and_undo_takes_it_back(name: str) -> None:
    run = with_lanes(operated_run(name), TWIN).steps(1)
    slower = replace(TWIN, set={"optimizer.learning_rate": 0.003})
    with_lanes(run, slower).steps(2)
    twin = run.lane()
    wanted = steps(operated(trained(Experiment.from_builtins(DEEP)), *SURGERIES[name])[0], 3)
    wanted.update_spec(wanted.experiment.with_values([("optimizer.learning_rate", 0.003)]))
    assert alike(twin, steps(wanted, 2))
    with_lanes(run, replace(TWIN, set={NORM: "batch"}))
    assert run.lane() is not twin
    with_lanes(run, slower)
    assert alike(run.lane(), twin)


@pytest.mark.parametrize("name", OF_WEIGHTS)
def test_with_one_thing_changed_from_step_0_on_it_is_operated_on_where_its_layers_are_the_same(name: str) -> None:
    run = with_lanes(operated_run(name), TWIN)
    with_lanes(run, replace(TWIN, set={NORM: "batch"}))
    wanted = trained(Experiment.from_builtins(DEEP).with_values([(NORM, "batch")]))
    wanted, _ = operated(wanted, SURGERIES[name][0], wanted.experiment)
    assert alike(run.lane(), steps(wanted, 2))
    with_lanes(run, replace(TWIN, set={"layers.1.layers.0.repeat": 3}))
    longer = Experiment.from_builtins(DEEP).with_values([("layers.1.layers.0.repeat", 3)])
    assert alike(run.lane(), trained(longer, 6))


def test_units_that_were_revived_are_in_the_twin_too() -> None:
    run = Run(Experiment.from_builtins(DEEP)).steps(3)
    run.live.revive(0, "1", (0, 2))
    set_in_run(run.steps(1), ("optimizer.learning_rate", 0.02))
    with_lanes(run.steps(1), TWIN)
    assert alike(run.lane(), run.live.training)
    with_lanes(run, replace(TWIN, set={NORM: "batch"})).steps(1)
    other = Experiment.from_builtins(DEEP).with_values([(NORM, "batch")])
    wanted = trained(other, 4)
    wanted.update_spec(other.with_values([("optimizer.learning_rate", 0.02)]))
    assert alike(run.lane(), steps(wanted, 2))


def test_what_is_done_to_the_run_later_is_done_to_it_alone() -> None:
    run = with_lanes(Run(Experiment.from_builtins(DEEP)).steps(4), TWIN)
    operate(run, "scale").steps(2)
    assert alike(run.lane(), trained(Experiment.from_builtins(DEEP), 6))
    for settings in ({NORM: "batch"}, {}):
        with_lanes(run, replace(TWIN, set=settings))
        alone: Training = trained(Experiment.from_builtins(DEEP).with_values(list(settings.items())), 6)
        assert alike(run.lane(), alone)


@pytest.mark.parametrize("name", SURGERIES)
def test_a_twin_that_is_kept_goes_on_from_where_it_stands(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = with_lanes(operated_run(name), TWIN).steps(2)
    states, kept = run.lanes.states(), run.live.training.checkpoint()
    again = Run(Experiment.from_builtins(DEEP))
    again.live = built(3, kept.experiment, StartingPoint(kept, Timeline(kept, run.live.timeline.changes)))
    again.lanes.begin(states)
    made = list[int]()
    monkeypatch.setattr(Training, "apply", lambda training: made.append(training.step))
    again.lanes.follow(again.live)
    again.lanes.catch_up(kept.step)
    assert not made
    assert alike(again.lane(), again.live.training)


@pytest.mark.parametrize("name", SURGERIES)
def test_undo_and_redo_of_an_operation_and_of_its_twin_bring_both_back_in_step(name: str) -> None:
    surgery, after = SURGERIES[name]
    before, both = Experiment.from_builtins(DEEP), replace(after, lanes=(TWIN,))
    script = Script(
        Train(1, before), Play(4), Operate(2, after, surgery, 7), Play(2), Train(3, both, 8), Play(2), TakeSnapshot(),
        Train(4, after, 8, True), Train(5, before, 7, True, True), Play(3), TakeSnapshot(),
        Train(6, after, 7, True, True), Play(1), Train(7, both, 8, True), Play(2), TakeSnapshot(),
    )  # fmt: skip
    assert not [reply for reply in script.replies if type(reply).__name__ in ("Failed", "Refused")]
    once, undone, again = script.of(Snapshot)
    assert not undone.lanes
    assert written(undone.checkpoint) == files(trained(before, 7))
    for snapshot, step in ((once, 8), (again, 11)):
        (lane,) = snapshot.lanes
        assert lane.checkpoint.step == snapshot.checkpoint.step == step
        alone = replaced(snapshot.checkpoint, experiment=lane.checkpoint.experiment)
        assert written(lane.checkpoint) == written(alone)
        assert replace(snapshot.checkpoint.experiment, lanes=UNSET) == lane.checkpoint.experiment


RATE = "optimizer.learning_rate"
DRAGGED = LaneSpec(name="B", set={RATE: 0.03})


def dragged_run() -> Run:
    """With a lane that was set otherwise for three steps."""
    run = with_lanes(Run(Experiment.from_builtins(DEEP)), DRAGGED).steps(3)
    return with_lanes(run, replace(DRAGGED, set={RATE: 0.003})).steps(3)


def test_a_twin_of_a_lane_that_was_changed_on_its_way_has_its_numbers() -> None:
    run = dragged_run()
    (lane,) = run.live.training.experiment.lanes or ()
    with_lanes(operate(run, "scale").steps(1), lane, replace(lane, name="C"))
    assert alike(run.lane(1), run.lane(0))
    assert alike(run.lane(1), steps(trained_with(0.03, 0.003), 1))
    run.steps(2)
    assert alike(run.lane(1), run.lane(0))


def trained_with(first: float, then: float) -> Training:
    """Three steps at one rate, and three at another."""
    training = trained(Experiment.from_builtins(DEEP).with_values([(RATE, first)]), 3)
    training.update_spec(training.experiment.with_values([(RATE, then)]))
    return steps(training, 3)


@pytest.mark.parametrize("kind", ["set otherwise", "a twin of the run", "a branch", "a branch of it"])
def test_a_lane_that_is_called_otherwise_goes_on_as_it_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = dragged_run()
    if kind == "a twin of the run":
        run = operate(with_lanes(Run(Experiment.from_builtins(DEEP)).steps(3), TWIN), "scale").steps(3)
    elif kind != "set otherwise":
        run = Run(Experiment.from_builtins(DEEP)).steps(3).branch(optimizer__learning_rate=0.03).steps(2)
        (spec,) = run.live.training.experiment.lanes or ()
        slower = Experiment.from_builtins(spec.experiment or {}).with_values([(RATE, 0.003)])
        with_lanes(run, replace(spec, experiment=slower.to_builtins())).steps(2)
    (spec,) = run.live.training.experiment.lanes or ()
    after, lane, made = replace(spec, name="another"), run.lane(), list[int]()
    if kind == "a branch of it":
        assert spec.origin
        after = replace(spec, origin=replace(spec.origin, parent="another"))
    with monkeypatch.context() as patched:
        patched.setattr(Training, "apply", lambda training: made.append(training.step))
        with_lanes(run, after)
    assert not made
    assert run.lane() is lane
    before = written(lane.checkpoint())
    # Built anew, as where it is opened or the run before comes back, it comes there the same way.
    run.lanes.begin()
    run.lanes.follow(run.live)
    while run.lanes.can_catch_up(run.live.training.step):
        run.lanes.catch_up(run.live.training.step)
    assert run.lane() is not lane
    assert written(run.lane().checkpoint()) == before
