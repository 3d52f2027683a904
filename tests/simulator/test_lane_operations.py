"""Operations on a network beside the run: it goes on with them, undo takes them back, and no other is touched."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import LaneSpec
from simulator.running.branching import operated_lane, replayed_lane
from simulator.training.ledger import Ledger, read, write
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.operation import operated
from simulator.training.surgery import Surgery, Transplant
from simulator.training.training import Training
from tests.simulator.test_branching import Run, same
from tests.simulator.test_operating import SURGERIES
from tests.simulator.test_surgery import DEEP, steps, trained

SLOWER = LaneSpec(name="B", set={"optimizer.learning_rate": 0.003})
ALONE = Experiment.from_builtins({**DEEP, "optimizer": {"kind": "adam", "learning_rate": 0.003}})


def alike(one: Training, other: Training) -> bool:
    """Whether both stand at the same step with the same state, its masks drawn."""
    one.look()
    other.look()
    return same(one, other)


def with_lanes(run: Run, *specs: LaneSpec) -> Run:
    return run.change(replace(run.live.training.experiment, lanes=specs))


def beside(*specs: LaneSpec, count: int = 4) -> Run:
    """A run of so many steps with these lanes."""
    return with_lanes(Run(Experiment.from_builtins(DEEP)), *specs).steps(count)


def changes_of(run: Run, place: int = 0) -> LiveChanges:
    """What a lane was trained as until now."""
    (live, *_) = [lane.live for lane in run.lanes][place:]
    assert live is not None
    return live.timeline.changes


def after(name: str) -> tuple[Surgery, Experiment]:
    """An operation, and what the lane is then."""
    surgery, experiment = SURGERIES[name]
    rate = [("optimizer.learning_rate", 0.003)]
    return surgery, experiment.with_values(rate) if isinstance(surgery, Transplant) else ALONE


def went(name: str, count: int) -> Training:
    """What that is, so many steps after it was operated on at step 4."""
    surgery, experiment = after(name)
    return steps(operated(trained(ALONE), surgery, experiment)[0], count)


@pytest.mark.parametrize("told_late", [False, True])
@pytest.mark.parametrize("name", SURGERIES)
def test_a_lane_is_operated_on_alone_and_undo_takes_it_back_to_the_bit(name: str, told_late: bool) -> None:
    run = beside(SLOWER)
    own, changes = run.live, changes_of(run)
    if told_late:
        run.steps(2)
    with_lanes(run, operated_lane(SLOWER, changes, 4, *after(name)))
    assert alike(run.lane(), went(name, 2 if told_late else 0))
    run.steps(3)
    there = run.live.training.step
    assert alike(run.lane(), went(name, there - 4))
    with_lanes(run, SLOWER)
    assert alike(run.lane(), trained(ALONE, there))
    again = operated_lane(SLOWER, changes, 4, *after(name))
    with_lanes(run.steps(1), again).steps(1)
    assert alike(run.lane(), went(name, there - 2))
    assert run.live is own
    assert alike(run.live.training, trained(Experiment.from_builtins(DEEP), there + 2))


def test_undo_takes_back_a_lane_that_came_late_and_was_changed_by_hand() -> None:
    run = Run(Experiment.from_builtins(DEEP)).steps(2)
    with_lanes(run, LaneSpec(name="B", set={})).steps(2)
    with_lanes(run, SLOWER).steps(2)
    changes = changes_of(run)
    with_lanes(run, operated_lane(SLOWER, changes, 6, *after("reinitialise"))).steps(2)
    with_lanes(run, SLOWER)
    wanted = trained(Experiment.from_builtins(DEEP))
    wanted.update_spec(ALONE)
    assert alike(run.lane(), steps(wanted, 4))
    assert changes_of(run).entries == changes.entries


def test_one_operation_after_another_and_changes_between_are_all_kept() -> None:
    run = beside(SLOWER)
    first = operated_lane(SLOWER, changes_of(run), 4, *after("insert"))
    with_lanes(run, first).steps(2)
    assert first.experiment is not None
    faster = Experiment.from_builtins(first.experiment).with_values([("optimizer.learning_rate", 0.02)])
    with_lanes(run, replace(first, experiment=faster.to_builtins())).steps(2)
    second = operated_lane(first, changes_of(run), 8, SURGERIES["scale"][0], faster)
    assert second.origin
    assert second.origin.first_step == 0
    with_lanes(run, second).steps(2)
    alone = went("insert", 2)
    alone.update_spec(faster)
    wanted, _ = operated(steps(alone, 2), SURGERIES["scale"][0], faster)
    assert alike(run.lane(), steps(wanted, 2))


def test_a_branch_that_is_operated_on_stays_a_branch() -> None:
    run = Run(Experiment.from_builtins(DEEP)).steps(3).branch().steps(2)
    (branch,) = run.live.training.experiment.lanes or ()
    surgery, experiment = SURGERIES["reinitialise"]
    spec = operated_lane(branch, changes_of(run), 5, surgery, experiment)
    assert spec.origin
    assert (spec.origin.parent, spec.origin.first_step, spec.origin.step) == ("A", 3, 5)
    with_lanes(run, spec).steps(2)
    assert alike(run.lane(), steps(operated(trained(experiment, 5), surgery, experiment)[0], 2))
    with_lanes(run, branch).steps(1)
    assert alike(run.lane(), run.live.training)


def test_where_it_stood_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = beside(SLOWER, count=9)
    with_lanes(run, operated_lane(SLOWER, changes_of(run), 9, *after("scale")))
    made = 0
    apply: Callable[[Training], None] = Training.apply

    def counted(training: Training) -> None:
        nonlocal made
        made += 1
        apply(training)

    monkeypatch.setattr(Training, "apply", counted)
    with_lanes(run.steps(5), SLOWER)
    assert made == 5 + 5 + 5, "five with the run, and five from the step of the operation on"


def test_a_list_of_changes_is_made_in_a_lane_and_edited_there(tmp_path: Path) -> None:
    run = beside(SLOWER, count=9)
    entries = (
        LiveChange(2, surgery=SURGERIES["scale"][0]),
        LiveChange(3, ALONE.with_values([("optimizer.learning_rate", 0.05)])),
        LiveChange(5, *[after("insert")[1]], surgery=Transplant()),
    )
    write(Ledger.of(LiveChanges(ALONE, 1, entries)), tmp_path / "changes.json")
    ledger = read(tmp_path / "changes.json")
    spec = replayed_lane(SLOWER, ledger.on(ALONE))
    with_lanes(run, spec)
    wanted = steps(Training(ALONE), 2)
    wanted = steps(entries[0].act(wanted), 1)
    wanted = steps(entries[1].act(wanted), 2)
    wanted = steps(entries[2].act(wanted), 4)
    assert alike(run.lane(), wanted)
    assert changes_of(run).entries == ledger.on(ALONE).entries
    fewer = replayed_lane(SLOWER, replace(ledger, entries=ledger.entries[:1]).on(ALONE))
    with_lanes(run, fewer).steps(1)
    assert alike(run.lane(), steps(entries[0].act(steps(Training(ALONE), 2)), 8))


def test_what_is_still_to_come_acts_in_its_step_beside_the_run() -> None:
    run = beside(SLOWER, count=2)
    surgery, experiment = after("insert")
    spec = replayed_lane(SLOWER, LiveChanges(ALONE, 1, (LiveChange(4, experiment, surgery=surgery),)))
    with_lanes(run, spec).steps(2)
    assert alike(run.lane(), went("insert", 0))
    assert alike(run.steps(2).lane(), went("insert", 2))


def test_it_is_kept_where_it_stands_and_goes_on_from_there() -> None:
    run = beside(SLOWER)
    spec = operated_lane(SLOWER, changes_of(run), 4, *after("insert"))
    with_lanes(run, spec).steps(2)
    states, began = run.lanes.states(), time.monotonic()
    run.lanes.begin(states)
    run.lanes.follow(run.live)
    (lane,) = run.lanes
    lane.catch_up("B", 6, began)
    assert lane.live is not None
    assert lane.live.training.step == 6, "it was not trained from the beginning"
    assert alike(run.lane(), went("insert", 2))
    assert alike(run.steps(1).lane(), went("insert", 3))
