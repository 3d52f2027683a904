"""Any step of a run is computed again to the same bytes, whatever was changed by hand on the way, and when."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiment.experiment import Experiment
from simulator.running.headless.run import run
from simulator.running.messages import (
    Command,
    Configure,
    FindReplay,
    GoBack,
    Look,
    Play,
    ReplayAnswer,
    Reply,
    Resume,
    Revive,
    Started,
    Stop,
    Train,
    Update,
)
from simulator.running.session import Mode, Session
from simulator.running.worker import Worker
from simulator.training.checkpoint_files import written
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.replay import Replay, Replayer, ReplayError
from simulator.training.training import Training
from tests.simulator.replies import until

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60, "noise": 0.2},
    "layers": [
        {"kind": "dense", "units": 6, "dropout": {"kind": "inverted", "rate": 0.2}},
        {"kind": "dense", "units": 5, "normalization": {"kind": "batch"}},
    ],
    "optimizer": {"kind": "adam", "learning_rate": 0.01},
    "batch_size": 16,
}
EXPERIMENT = Experiment.from_builtins(PLAIN)
CHANGES: dict[str, dict[str, Any]] = {
    "rate": {"optimizer.learning_rate": 0.05},
    "dropout": {"layers.0.dropout.rate": 0.5},
    "clipping": {"regularization.clip_norm": 0.3},
    "penalty": {"regularization.l2": 0.01},
    "schedule": {"schedule.kind": "exponential"},
    "momentum": {"optimizer.beta1": 0.5},
    "another optimiser": {"optimizer.kind": "sgd"},
    "frozen": {"layers.0.frozen": True, "output.frozen": True},
    "name": {"name": "another"},
}
EXPERIMENTS = {name: EXPERIMENT.with_values(list(values.items())) for name, values in CHANGES.items()}


class Steering:
    """A worker that is told something in the course of its steps; it keeps the state that each step began with."""

    def __init__(self, script: Sequence[tuple[int, int, Command]], steps: int, start: Sequence[Command] = ()) -> None:
        """``script``: step, how often the worker has looked for a command since that began, command."""
        self._script, self._idle = list(script), [*(start or [Train(1, EXPERIMENT)]), Play(steps)]
        self._after: list[Command] = [Look(1), *(FindReplay(step) for step in range(steps + 1)), Stop()]
        self._looked, self._step = 0, -1
        self.states: dict[int, dict[str, bytes]] = {}
        """Files of the state that each step began with."""
        self.replies: list[Reply] = []
        self.worker = Worker(self, self.replies.append)
        self.worker.loop()

    def get(self, timeout: float | None) -> Command | None:
        training = None if self.worker.run is None else self.worker.run.training
        if training is not None and training.step != self._step:
            self._step, self._looked = training.step, 0
            self.states[self._step] = state(training)
        if timeout is None:
            return (self._idle or self._after).pop(0)
        self._looked += 1
        if self._script and self._script[0][:2] == (self._step, self._looked):
            return self._script.pop(0)[2]
        return None

    def replays(self) -> list[Replay]:
        replays = [reply.replay for reply in self.replies if isinstance(reply, ReplayAnswer)]
        assert all(replay is not None for replay in replays)
        return [replay for replay in replays if replay is not None]

    @property
    def left(self) -> bool:
        """Whether something has not been told, since no step came to it."""
        return bool(self._script)


def state(training: Training) -> dict[str, bytes]:
    return written(training.checkpoint())


def plain_steps(training: Training, steps: int) -> list[dict[str, bytes]]:
    states = []
    for _ in range(steps):
        states.append(state(training))
        training.propose()
        training.apply()
    return [*states, state(training)]


def check(steering: Steering, changed: set[int]) -> None:
    """Each step is computed again as it was, from the nearest checkpoint and on the way from step 0."""
    assert not steering.left
    replays = steering.replays()
    replayer = Replayer(pickle.loads(pickle.dumps(replays[0])))
    for step, replay in enumerate(replays):
        training = replayer.go_to(step)
        if step not in changed:  # There the change acts before or after the state was seen.
            assert state(training) == steering.states[step]
            assert state(Replayer(replay).go_to(step)) == steering.states[step]
        assert Replayer(replay).go_to(step).experiment == training.experiment


@pytest.mark.parametrize("looked", [1, 2, 3], ids=["between two steps", "before the update", "when it is written"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_run_that_was_changed_by_hand_is_computed_again_to_the_same_bytes(name: str, looked: int) -> None:
    steering = Steering([(4, looked, Train(2, EXPERIMENTS[name], 7))], 9)
    check(steering, {4})
    assert Replayer(steering.replays()[3]).go_to(3).experiment == EXPERIMENT
    assert Replayer(steering.replays()[9]).go_to(9).experiment == EXPERIMENTS[name]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3), st.sampled_from(sorted(EXPERIMENTS))), max_size=6))
@settings(max_examples=25, deadline=None)
def test_so_is_one_of_many_changes(places: list[tuple[int, int, str]]) -> None:
    changes: dict[int, tuple[int, str]] = {step: (looked, name) for step, looked, name in places}
    script = [
        (step, looked, Train(2, EXPERIMENTS[name], number))
        for number, (step, (looked, name)) in enumerate(sorted(changes.items()), 1)
    ]
    check(Steering(script, 12), set(changes))


def test_a_drag_acts_again_stage_by_stage_in_one_step() -> None:
    rates = [0.011, 0.012, 0.013, 0.014]
    stages = [Train(2, EXPERIMENT.with_values([("optimizer.learning_rate", rate)]), 7) for rate in rates]
    steering = Steering([(4, looked, stage) for looked, stage in zip((1, 2, 4, 5), stages, strict=True)], 9)
    check(steering, {4})
    assert [change.experiment for change in steering.replays()[0].changes] == [stage.experiment for stage in stages]


def test_revived_units_are_drawn_again() -> None:
    check(Steering([(4, 1, Revive(1, "1", (0, 3)))], 9), {4})


def test_another_number_of_threads_is_part_of_the_run() -> None:
    steering = Steering([(4, 1, Configure(2, "space"))], 9)
    check(steering, set())
    assert [(change.step, change.threads) for change in steering.replays()[0].changes] == [(4, 2)]


def test_an_undisturbed_run_is_that_of_the_command_line() -> None:
    steering = Steering([], 9)
    check(steering, set())
    for step in (0, 4, 9):
        training = Replayer(steering.replays()[step]).go_to(step)
        training.look()
        frame = run(EXPERIMENT, steps=step).last
        assert frame.scalars["loss"] == training.loss
        assert frame.scalars["gradient_norm"] == training.gradient_norm


def test_what_was_changed_while_it_stood_still_acts_already() -> None:
    session = Session("thread")
    session.start()
    try:
        session.change(EXPERIMENT)
        session.play(5)
        reached = -1
        while reached < 5:
            session.look()
            frame = until(session, Update).frame
            reached = -1 if frame is None else frame.step
        session.change(EXPERIMENTS["dropout"])
        session.find_replay(5)
        replay = until(session, ReplayAnswer).replay
    finally:
        session.close()
    assert replay is not None
    assert Replayer(replay).go_to(5).experiment == EXPERIMENTS["dropout"]


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_it_is_asked_of_a_worker_and_had_elsewhere(mode: Mode) -> None:
    session = Session(mode)
    session.start()
    try:
        session.change(EXPERIMENT)
        session.play(30)
        playing = True
        while playing:
            session.look()
            playing = until(session, Update).playing
        session.find_replay(17)
        answer = until(session, ReplayAnswer)
        session.find_replay(31)
        assert until(session, ReplayAnswer).replay is None
    finally:
        session.close()
    assert answer.step == 17
    assert answer.replay is not None
    assert state(Replayer(answer.replay).go_to(17)) == plain_steps(Training(EXPERIMENT), 17)[-1]


def found(replies: Sequence[Reply], step: int) -> Replay:
    (replay,) = [reply.replay for reply in replies if isinstance(reply, ReplayAnswer) and reply.step == step]
    assert replay is not None
    return replay


def test_a_run_that_undo_brings_back_is_still_computed_again_from_its_start() -> None:
    other = EXPERIMENT.with_values([("seed", 9)])
    change = Train(2, EXPERIMENTS["dropout"], 5)
    start: list[Command] = [Train(1, EXPERIMENT), Play(4), change, Play(3), Train(3, other, 6), Play(2)]
    steering = Steering([], 5, [*start, Train(4, EXPERIMENTS["dropout"], 6, True)])
    replay = found(steering.replies, 3)
    assert replay.step <= 3
    training = Training(EXPERIMENT)
    states = plain_steps(training, 4)
    assert state(Replayer(replay).go_to(3)) == states[3]
    training.update_spec(EXPERIMENTS["dropout"])
    assert state(Replayer(found(steering.replies, 5)).go_to(5)) == plain_steps(training, 1)[-1]


def test_a_run_that_goes_another_way_from_a_step_has_the_changes_of_before_it_only() -> None:
    first, late = Train(2, EXPERIMENTS["dropout"], 5), Train(3, EXPERIMENTS["clipping"], 6)
    start: list[Command] = [Train(1, EXPERIMENT), Play(3), first, Play(5), late, Play(2)]
    steering = Steering([], 9, [*start, GoBack(4, 6, EXPERIMENTS["dropout"], 7)])
    began = [reply.step for reply in steering.replies if isinstance(reply, Started)][-1]
    assert 3 <= began <= 6
    replay = found(steering.replies, 3)
    assert all(change.experiment == EXPERIMENTS["dropout"] for change in replay.changes)
    training = Training(EXPERIMENT)
    plain_steps(training, 3)
    training.update_spec(EXPERIMENTS["dropout"])
    assert state(Replayer(found(steering.replies, 9)).go_to(9)) == plain_steps(training, 6)[-1]


def test_a_run_that_is_taken_up_cannot_go_behind_where_it_was() -> None:
    training = Training(EXPERIMENT)
    states = plain_steps(training, 6)
    steering = Steering([], 3, [Resume(1, training.checkpoint())])
    answers = {reply.step: reply.replay for reply in steering.replies if isinstance(reply, ReplayAnswer)}
    assert [step for step, replay in answers.items() if replay is not None] == []
    session = Steering([], 8, [Resume(1, training.checkpoint())])
    replay = found(session.replies, 8)
    assert state(Replayer(replay).go_to(8)) == [*states, *plain_steps(training, 2)[1:]][8]


def test_where_nan_came_in_is_known_where_it_is_computed_again() -> None:
    layers = [{"kind": "dense", "units": 6, "activation": {"kind": "relu"}}] * 3
    plain = {**PLAIN, "layers": layers, "loss": {"kind": "mse"}, "optimizer": {"kind": "sgd"}}
    experiment = Experiment.from_builtins(plain)
    ruinous = experiment.with_values([("optimizer.learning_rate", 1e30)])
    steering = Steering([(3, 1, Train(2, ruinous, 7))], 9, [Train(1, experiment)])
    replay = steering.replays()[0]
    began = replay.known.began
    assert began is not None
    for step in (began.step - 1, began.step):
        assert Replayer(replay).go_to(step).watch.kept.began is None
    assert Replayer(replay).go_to(9).watch.kept.began == began


def test_it_goes_forwards_only_and_on_the_same_data(tmp_path: Any) -> None:
    replayer = Replayer(Replay(EXPERIMENT, 1))
    replayer.go_to(4)
    with pytest.raises(ReplayError, match="step 3 is behind"):
        replayer.go_to(3)
    table = tmp_path / "a.csv"
    table.write_text("".join(f"{n},{n % 2}\n" for n in range(40)))
    plain = {**PLAIN, "data": {"kind": "csv", "path": str(table), "target": "column 2"}}
    training = Training(Experiment.from_builtins(plain))
    checkpoint = training.checkpoint()
    table.write_text("".join(f"{n * n},{n % 2}\n" for n in range(40)))
    with pytest.raises(ReplayError, match="data have changed"):
        Replayer(Replay(training.experiment, 1, checkpoint))


def test_what_was_made_before_it_was_taken_up_is_computed_from_step_0_where_that_is_known() -> None:
    training = Training(EXPERIMENT)
    states = plain_steps(training, 6)
    first = LiveChanges(EXPERIMENT, 1, (LiveChange(6, EXPERIMENTS["dropout"]),))
    training.update_spec(EXPERIMENTS["dropout"])
    steering = Steering([], 9, [Resume(1, training.checkpoint(), first)])
    states += plain_steps(training, 3)[1:]
    for step in (0, 4, 7, 9):
        assert state(Replayer(found(steering.replies, step)).go_to(step)) == states[step]


def test_since_when_a_setting_is_as_it_is_goes_by_the_changes_of_it_alone() -> None:
    rates = [(3, 0.05), (7, 0.02), (9, 0.02)]
    entries = [LiveChange(step, EXPERIMENT.with_values([("optimizer.learning_rate", rate)])) for step, rate in rates]
    dropout = EXPERIMENT.with_values([("optimizer.learning_rate", 0.02), ("layers.0.dropout.rate", 0.5)])
    changes = LiveChanges(EXPERIMENT, 1, (*entries, LiveChange(12, dropout), LiveChange(14, threads=2)))
    assert changes.since("optimizer.learning_rate") == 7
    assert changes.since("layers.0.dropout.rate") == 12
    assert changes.since("layers.7.units") == changes.since("batch_size") == changes.since("schedule.kind") == 0
    assert LiveChanges().since("batch_size") == 0
