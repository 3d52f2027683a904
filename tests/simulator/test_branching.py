"""A branch equals its parent bit for bit while nothing is changed in it, and stays whole without its parent."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import LaneSpec, Origin
from simulator.parts.optimizers import Optimizer
from simulator.running.branching import origin_of, settings_apart
from simulator.running.lanes import Lanes
from simulator.running.live_run import LiveRun
from simulator.running.timeline import Timeline
from simulator.schema.numbers import number
from simulator.schema.parameter import kinds
from simulator.training.checkpoint_files import written
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, fitting, options
from tests.simulator.test_surgery import DEEP

RATE = "optimizer.learning_rate"
OPTIMIZERS = tuple(kinds(Optimizer))


class Run:
    """A run with networks beside it, step by step."""

    def __init__(self, experiment: Experiment) -> None:
        training = Training(experiment)
        self.live = LiveRun(training, Timeline(training.checkpoint()), experiment.data)
        self.live.set_threads(1)
        self.lanes = Lanes()

    def steps(self, count: int) -> Run:
        for _ in range(count):
            self.live.training.propose()
            self.lanes.take_step(self.live, trace=False, now=True)
            self.live.apply()
            self.lanes.apply()
        return self

    def change(self, experiment: Experiment) -> Run:
        assert self.live.change(experiment, 0)
        self.lanes.follow(self.live)
        while self.lanes.can_catch_up(self.live.training.step):
            self.lanes.catch_up(self.live.training.step)
        return self

    def branch(self, step: int | None = None, **settings: Any) -> Run:
        """With one more network that goes on from a step of it, with these settings."""
        training = self.live.training
        origin = origin_of(self.live.timeline.changes, training.step if step is None else step, "A")
        own = replace(training.experiment, lanes=())
        other = own.with_values([(path.replace("__", "."), value) for path, value in settings.items()]).to_builtins()
        del other["lanes"]
        lanes = training.experiment.lanes or ()
        spec = LaneSpec(name="BCDE"[len(lanes)], experiment=other, origin=origin)
        return self.change(replace(training.experiment, lanes=(*lanes, spec)))

    def lane(self, place: int = 0) -> Training:
        lane = list(self.lanes)[place]
        assert lane.live is not None, lane.refusal
        return lane.live.training

    @property
    def origin(self) -> Origin:
        (spec,) = self.live.training.experiment.lanes or ()
        assert spec.origin
        return spec.origin


def same(one: Training, other: Training) -> bool:
    """Weights, optimiser, running averages, masks, batches and step."""
    return written(one.checkpoint()) == written(other.checkpoint())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", LAYERS)
def test_a_branch_without_a_change_equals_its_parent(kind: str, optimizer: str) -> None:
    experiment = fitting({"kind": kind}, optimizer={"kind": optimizer, "learning_rate": 1e-3})
    assert experiment is not None
    run = Run(experiment).steps(3).branch()
    assert same(run.lane(), run.live.training)
    run.steps(5)
    assert same(run.lane(), run.live.training)
    assert run.live.training.step == 8


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", LAYERS)
def test_it_does_so_for_a_thousand_steps_with_every_option(kind: str, optimizer: str) -> None:
    for layer in options(LAYERS[kind]):
        experiment = fitting(layer, optimizer={"kind": optimizer, "learning_rate": 1e-4})
        assert experiment is not None
        run = Run(experiment).steps(20).branch().steps(1000)
        assert same(run.lane(), run.live.training), layer


def test_a_branch_of_an_earlier_step_equals_its_parent_for_thirty_steps() -> None:
    run = Run(Experiment.from_builtins(DEEP)).steps(9).branch(step=4)
    assert same(run.lane(), run.live.training)
    for _ in range(30):
        run.steps(1)
        assert same(run.lane(), run.live.training)


def test_a_branch_begins_at_an_earlier_step_with_what_was_changed_until_there() -> None:
    experiment = Experiment.from_builtins(DEEP)
    faster = experiment.with_values([("optimizer.learning_rate", 0.05)])
    run = Run(experiment).steps(2).change(faster).steps(3)
    run.live.revive(0, "1", (0, 2))
    run.steps(3).change(experiment).steps(1).branch(step=6)
    assert run.lane().step == run.live.training.step == 9
    alone = Run(experiment).steps(2).change(faster).steps(3)
    alone.live.revive(0, "1", (0, 2))
    alone.steps(4)
    # The parent's last change came later, but the branch was told to be as the parent is now.
    began = Run(experiment).steps(2).change(faster).steps(3)
    began.live.revive(0, "1", (0, 2))
    assert same(run.lane(), began.steps(1).change(experiment).steps(3).live.training)


def test_what_is_changed_in_the_branch_begins_there() -> None:
    experiment = Experiment.from_builtins(DEEP)
    other = experiment.with_values([("optimizer.learning_rate", 0.05), ("layers.0.frozen", True)])
    run = Run(experiment).steps(4)
    run.branch(optimizer__learning_rate=0.05, layers__0__frozen=True).steps(3)
    assert same(run.lane(), Run(experiment).steps(4).change(other).steps(3).live.training)
    assert same(run.live.training, Run(experiment).steps(7).live.training)


def test_another_network_goes_on_with_the_weights_of_its_parent() -> None:
    run = Run(Experiment.from_builtins(DEEP)).steps(4).branch(layers__0__activation__kind="relu")
    assert run.lane().network.parameters.value.tobytes() == run.live.training.network.parameters.value.tobytes()
    run.steps(2)
    assert run.lane().network.parameters.value.tobytes() != run.live.training.network.parameters.value.tobytes()


def test_it_stays_whole_when_its_parent_is_another_or_gone() -> None:
    experiment = Experiment.from_builtins(DEEP)
    run = Run(experiment).steps(4).branch().steps(2)
    kept = experiment.with_values([("optimizer.learning_rate", 0.2)])
    run.change(replace(kept, lanes=run.live.training.experiment.lanes)).steps(2)
    alone = Run(experiment).steps(8).live.training
    assert same(run.lane(), alone)
    anew = Run(replace(kept.with_values([("layers", DEEP["layers"][:1])]), lanes=run.live.training.experiment.lanes))
    anew.steps(8)
    anew.lanes.follow(anew.live)
    while anew.lanes.can_catch_up(8):
        anew.lanes.catch_up(8)
    assert same(anew.lane(), alone)


def test_a_file_has_all_that_it_takes() -> None:
    experiment = Experiment.from_builtins(DEEP)
    run = Run(experiment).steps(2).change(experiment.with_values([("optimizer.learning_rate", 0.05)])).steps(2).branch()
    told = Experiment.from_json(run.live.training.experiment.to_json())
    assert told == run.live.training.experiment
    opened = Run(told)
    opened.lanes.follow(opened.live)
    assert not opened.lanes.can_catch_up(3)
    opened.steps(4)
    while opened.lanes.can_catch_up(4):
        opened.lanes.catch_up(4)
    assert same(opened.steps(1).lane(), run.steps(1).live.training)


def test_branches_of_branches_and_of_other_steps_go_side_by_side() -> None:
    run = Run(Experiment.from_builtins(DEEP)).steps(3).branch().steps(2).branch(step=4).steps(2)
    assert all(same(run.lane(place), run.live.training) for place in (0, 1))


def test_a_branch_that_cannot_begin_says_why() -> None:
    experiment = Experiment.from_builtins(DEEP)
    origin = Origin(step=2, experiment=experiment.to_builtins(), changes={"format": 1, "changes": [{"step": 1}]})
    run = Run(experiment).steps(3)
    run.change(replace(experiment, lanes=(LaneSpec(name="B", set={}, origin=origin),)))
    (lane,) = run.lanes
    assert lane.refusal == "the branch cannot begin: it changes nothing at changes[0]"
    assert not run.lanes.are_behind(3)


def test_what_was_set_otherwise_on_the_way_is_told_with_its_steps() -> None:
    began = Experiment.from_builtins(DEEP)
    slow, decaying = began.with_values([(RATE, 0.002)]), began.with_values([("regularization.l2", 0.5)])
    plain = LiveChanges(began)
    there_and_back = LiveChanges(began, 0, (LiveChange(3, slow), LiveChange(5, slow), LiveChange(7, began)))
    rate = f"optimiser, learning rate: {number(began.optimizer.learning_rate)} → 0.002"
    assert settings_apart(plain, plain, 9) == settings_apart(there_and_back, there_and_back, 9) == []
    assert settings_apart(plain, there_and_back, 9) == [f"{rate} from step 3 to 7"]
    assert settings_apart(plain, there_and_back, 5) == [f"{rate} from step 3 to 5"]
    assert settings_apart(plain, there_and_back, 3) == settings_apart(plain, LiveChanges(slow), 0) == []
    later = LiveChanges(slow, 0, (LiveChange(4, began),))
    assert settings_apart(plain, later, 9) == [f"{rate} until step 4"]
    restless = LiveChanges(began, 0, tuple(LiveChange(2 * n, (slow, began, decaying, began)[n % 4]) for n in range(9)))
    assert settings_apart(plain, restless, 99)[3:] == ["other settings at other steps"]
