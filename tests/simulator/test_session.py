"""The session's worker thread: what it answers, in which order, and that it loses nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import simulator.running.building
import simulator.running.pending_rows
import simulator.running.transport
from simulator import run
from simulator.experiment.experiment import Experiment
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import Observations
from simulator.observations.tiny_gradients import TinyGradientsObservation
from simulator.record.frame import Frame
from simulator.record.history import History
from simulator.running.messages import Command, Failed, Look, Refused, Reply, Started, Update
from simulator.running.session import MODES, Mode, Session
from simulator.training.training import Training
from tests.simulator.left_running import left_running


def experiment(*changes: tuple[str, Any]) -> Experiment:
    layer = {"kind": "dense", "units": 8, "dropout": {"kind": "inverted", "rate": 0.2}}
    plain = {"data": {"kind": "moons", "samples": 60}, "layers": [layer] * 2, "batch_size": 16}
    return Experiment.from_builtins(plain).with_values(changes)


class Screen:
    """A stand-in for the window: asks for updates and keeps all replies."""

    def __init__(self) -> None:
        self.session = Session()
        self.all: list[Reply] = []
        self.histories: list[History] = []
        self.frames: list[Update] = []

    def receive(self) -> list[Reply]:
        found = self.session.replies()
        for reply in found:
            match reply:
                case Started(_, columns):
                    self.histories.append(History(columns, capacity=4096))
                case Update():
                    self.frames.append(reply)
                    for rows in reply.rows:
                        self.histories[-1].extend(rows)
        self.all += found
        return found

    def until(self, holds: Callable[[], bool], look: bool = True, observations: Observations = ()) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, f"still waiting; last replies: {self.all[-3:]}"
            if look:
                self.session.look(observations)
            time.sleep(0.001)
            self.receive()

    def answer(self, observations: Observations = ()) -> Update:
        """One more answer, asked for after all commands so far."""
        self.until(lambda: not self.session.waiting, look=False)
        count = len(self.frames)
        self.until(lambda: len(self.frames) > count, observations=observations)
        return self.frames[-1]

    def step(self) -> int:
        frame = self.frames[-1].frame if self.frames else None
        return frame.step if frame else -1

    def of(self, kind: type[Reply]) -> list[Any]:
        return [reply for reply in self.all if isinstance(reply, kind)]


@pytest.fixture
def screen() -> Iterator[Screen]:
    before = set(threading.enumerate())
    made = Screen()
    made.session.start()
    yield made
    made.session.close()
    assert not left_running(before)


def wait(screen: Screen, kind: type[Reply], count: int = 1) -> Any:
    screen.until(lambda: len(screen.of(kind)) >= count, look=False)
    return screen.of(kind)[count - 1]


def test_before_any_experiment_an_answer_is_empty(screen: Screen) -> None:
    assert screen.answer().frame is None


def test_a_run_starts_before_its_first_frame_and_stands_at_step_0(screen: Screen) -> None:
    screen.session.change(experiment())
    update = screen.answer((HistogramsObservation(),))
    assert [type(reply) for reply in screen.all] == [Started, Update]
    assert update.frame is not None
    assert update.frame.step == 0
    assert not update.playing
    assert list(update.frame.observations) == [HistogramsObservation()]
    want = Training(experiment())
    want.look()
    np.testing.assert_array_equal(update.frame.measures["delta_rms"], want.values[5])
    assert np.isfinite(update.frame.scalars["validation_loss"])


def headless_rows(described: Experiment, steps: int) -> tuple[tuple[str, ...], np.ndarray[Any, Any]]:
    history = run(described, steps=steps).history
    names = tuple(name for name in history.columns if not name.startswith("validation"))
    return names, np.array([history.series(name).last for name in names])


def test_many_looks_while_playing_lose_no_row_and_change_no_number(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play(300)
    screen.until(lambda: screen.step() == 300 and not screen.session.playing, observations=(HistogramsObservation(),))
    history = screen.histories[0]
    assert history.steps == 300
    names, want = headless_rows(experiment(), 300)
    got = np.array([history.series(name).last for name in names])
    assert got.shape == want.shape  # Row 300 is there too, provisional.
    np.testing.assert_array_equal(got, want)
    assert len(screen.frames) > 2


def test_playing_some_steps_ends_in_a_pause(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play(7)
    screen.until(lambda: screen.step() == 7)
    assert not screen.answer().playing
    time.sleep(0.02)
    screen.answer()
    assert screen.step() == 7


def test_play_runs_until_paused(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play()
    screen.until(lambda: screen.step() > 20)
    assert screen.frames[-1].playing
    screen.session.pause()
    assert not screen.answer().playing
    stopped = screen.step()
    time.sleep(0.02)
    screen.answer()
    assert screen.step() == stopped


def test_a_live_change_acts_on_the_very_next_step(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play(5)
    screen.until(lambda: screen.step() == 5)
    changed = experiment(("optimizer.learning_rate", 0.7))
    screen.session.change(changed)
    update = screen.answer()
    assert update.frame is not None
    assert (update.frame.step, update.frame.scalars["learning_rate"]) == (5, 0.7)
    screen.session.play(2)
    screen.until(lambda: screen.step() == 7)
    assert screen.histories[0].series("learning_rate").last.tolist() == [0.1] * 5 + [0.7] * 3
    assert len(screen.of(Started)) == 1


def test_a_structural_change_starts_a_new_run_at_step_0(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play(5)
    screen.until(lambda: screen.step() == 5)
    screen.session.change(experiment(("layers.0.units", 9)))
    screen.until(lambda: len(screen.of(Started)) == 2)
    screen.answer()
    assert screen.step() == 0
    first, second = screen.of(Started)
    assert second.info.run > first.info.run
    assert screen.frames[-1].frame is not None
    assert screen.frames[-1].frame.run == second.info.run


def test_a_structural_change_while_playing_keeps_playing(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play()
    screen.until(lambda: screen.step() > 5)
    screen.session.change(experiment(("seed", 4)))
    screen.until(lambda: len(screen.of(Started)) == 2)
    screen.until(lambda: screen.step() > 5)
    assert screen.session.playing


def test_a_refused_change_ends_the_training_of_the_old_run(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play(3)
    screen.until(lambda: screen.step() == 3)
    broken = {"kind": "csv", "path": "/nowhere/at/all.csv"}
    screen.session.change(experiment(("data", broken)))
    refused = wait(screen, Refused)
    assert "all.csv" in refused.message
    assert "\n" not in refused.message
    screen.session.play(2)
    after = screen.answer()
    assert after.frame is None
    assert not after.playing
    assert len(screen.of(Started)) == 1


def test_a_restart_gives_the_same_first_frame(screen: Screen) -> None:
    screen.session.change(experiment())
    first = screen.answer().frame
    screen.session.play(9)
    screen.until(lambda: screen.step() == 9)
    screen.session.restart()
    screen.until(lambda: len(screen.of(Started)) == 2)
    again = screen.answer().frame
    assert first is not None
    assert again is not None
    assert (again.step, again.run) == (0, first.run + 1)
    assert again.scalars == first.scalars
    for name, row in first.measures.items():
        np.testing.assert_array_equal(row, again.measures[name])


def test_only_one_look_is_under_way(screen: Screen) -> None:
    screen.session.change(experiment())
    for _ in range(50):
        screen.session.look()
    screen.until(lambda: bool(screen.frames), look=False)
    time.sleep(0.02)
    screen.receive()
    assert len(screen.frames) == 1


def test_a_speed_limit_holds_and_is_lifted(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.limit(0.01)
    screen.session.play()
    screen.until(lambda: screen.step() >= 0)
    for _ in range(5):
        screen.answer()
    assert screen.step() <= 1
    screen.session.limit(None)
    screen.until(lambda: screen.step() > 50)


def test_frames_and_rows_cannot_be_written_to(screen: Screen) -> None:
    screen.session.change(experiment())
    frame = screen.answer(HistogramsObservation.variants()).frame
    assert frame is not None
    assert not any(row.flags.writeable for row in frame.measures.values())
    histograms = [frame.result(each) for each in HistogramsObservation.variants()]
    assert not any(h is None or h.counts.flags.writeable or h.edges.flags.writeable for h in histograms)


def test_an_unknown_error_is_told_with_its_traceback_and_the_worker_lives(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError("no such luck")

    with monkeypatch.context() as broken:
        broken.setattr(simulator.running.building, "Training", breaks)
        screen.session.change(experiment())
        refused = wait(screen, Refused)
    assert "no such luck" in refused.message
    assert "in breaks" in refused.traceback
    assert not screen.session.playing
    screen.session.change(experiment())
    assert screen.answer().frame is not None


def test_an_error_in_mid_run_pauses(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    screen.session.change(experiment())
    screen.session.play()
    screen.until(lambda: screen.step() > 3)

    def breaks(_: Any, **_options: Any) -> None:
        raise ZeroDivisionError("mid-run")

    with monkeypatch.context() as broken:
        broken.setattr(Training, "propose", breaks)
        assert "mid-run" in wait(screen, Failed).message
    assert len(screen.of(Failed)) == 1
    screen.until(lambda: not screen.session.waiting, look=False)
    assert not screen.answer().playing


def test_closing_while_training_ends_the_thread_and_may_be_repeated() -> None:
    before = set(threading.enumerate())
    screen = Screen()
    screen.session.start()
    screen.session.change(experiment())
    screen.session.play()
    screen.until(lambda: screen.step() > 3)
    screen.session.close()
    screen.session.close()
    screen.session.look()
    assert not left_running(before)


def test_closing_before_the_start_is_no_error() -> None:
    session = Session()
    session.close()
    assert not session.waiting
    assert session.replies() == []


def test_an_absent_screen_loses_no_step_and_bounds_the_memory(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator.running.pending_rows, "MAX_ROWS", 40)
    screen.session.change(experiment())
    screen.session.play()
    time.sleep(0.1)
    update = screen.answer()
    assert update.frame is not None
    assert update.frame.step <= 41
    assert sum(len(rows.values) for rows in update.rows) <= 41
    screen.until(lambda: screen.step() > 100)
    assert screen.histories[0].steps >= 100


def test_no_step_is_made_between_rest_and_go_on(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator.running.transport, "REST_SECONDS", 60.0)
    made: list[int] = []
    apply = Training.apply

    def counted(training: Training) -> None:
        apply(training)
        made.append(training.step)

    monkeypatch.setattr(Training, "apply", counted)
    screen.session.change(experiment())
    screen.session.play()
    screen.until(lambda: len(made) > 3)
    screen.session.yield_to_gui()
    before = len(made)
    time.sleep(0.1)
    assert len(made) <= before + 1, "the step under way may end"
    before = len(made)
    screen.session.resume()
    screen.until(lambda: len(made) > before + 3)


def test_a_screen_that_never_says_go_on_does_not_stop_training(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator.running.transport, "REST_SECONDS", 0.01)
    screen.session.change(experiment())
    screen.session.play()
    screen.until(lambda: screen.step() > 0)
    screen.session.yield_to_gui()
    before = screen.step()
    screen.until(lambda: screen.step() > before + 3)
    assert screen.step() > before + 3


class Told:
    """A process that answers what a test lets it."""

    pid = 1

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.replies: list[Reply] = []

    def start(self, notify: Callable[[], None]) -> None: ...

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def receive(self) -> list[Reply]:
        arrived, self.replies = self.replies, []
        return arrived

    def yield_to_gui(self) -> None: ...

    def resume(self) -> None: ...

    def close(self, timeout: float) -> None: ...


@pytest.mark.parametrize("plays", [False, True])
def test_an_answer_to_what_was_asked_before_says_nothing_of_whether_it_trains_now(plays: bool) -> None:
    """Or no checkpoint would be asked for where it pauses, as one has just been while it trained."""
    worker = Told()
    session = Session("process", transport=worker)
    session.start()
    session.play()
    session.look()
    session.play(3) if plays else session.pause()
    before = worker.commands[-2]
    assert isinstance(before, Look)
    assert before.checkpoint == "soon"
    worker.replies.append(Update(before.id, None, playing=not plays))
    session.replies()
    assert session.playing is plays
    session.look()
    asked = worker.commands[-1]
    assert isinstance(asked, Look)
    assert asked.checkpoint == ("" if plays else "paused")
    worker.replies.append(Update(asked.id, None, playing=not plays))
    session.replies()
    assert session.playing is not plays


def test_a_look_anew_is_waited_for_beside_the_one_from_before() -> None:
    worker = Told()
    session = Session("process", transport=worker)
    session.start()
    first = session.look()
    assert session.look() == first
    second = session.look(anew=True)
    assert [each.id for each in worker.commands if isinstance(each, Look)] == [first, second]
    assert first is not None
    assert second is not None
    worker.replies.append(Update(first, None, playing=False))
    session.replies()
    assert session.waiting
    worker.replies.append(Update(second, None, playing=False))
    session.replies()
    assert not session.waiting


def test_a_look_anew_takes_the_place_of_one_that_the_worker_has_not_answered(screen: Screen) -> None:
    screen.session.change(experiment())
    first, second = screen.session.look(), screen.session.look(anew=True)
    screen.until(lambda: not screen.session.waiting, look=False)
    assert [each.id for each in screen.frames][-1] == second
    assert {each.id for each in screen.frames} <= {first, second}


@pytest.mark.parametrize("mode", MODES)
def test_a_session_gives_the_interpreter_back_as_it_found_it(mode: Mode) -> None:
    before = sys.getswitchinterval()
    session = Session(mode)
    session.start()
    assert sys.getswitchinterval() < before
    session.close()
    assert sys.getswitchinterval() == before


def test_the_graph_is_of_the_step_wherever_nothing_trains(screen: Screen) -> None:
    screen.session.change(experiment())
    screen.session.play()
    observations = (GraphObservation(),)
    screen.until(lambda: screen.step() > 20, observations=observations)
    assert all(update.frame is None or update.frame.result(GraphObservation()) for update in screen.frames)
    screen.session.pause()
    for _ in range(3):
        update = screen.answer(observations)
        assert update.frame is not None
        graph = update.frame.result(GraphObservation())
        assert graph is not None
        norms = [box.norm for box in graph.boxes if box.role == "weights"]
        if not update.playing:
            np.testing.assert_allclose(norms, update.frame.measures["weight_norm"], rtol=1e-6)
        screen.session.play(1)
        screen.until(lambda at=update.frame.step: screen.step() > at, observations=observations)  # type: ignore[misc]
    assert not screen.answer(observations).playing


def test_an_older_graph_names_the_step_that_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    # Once it is made it is not due again: the frames go on, it does not.
    monkeypatch.setattr(GraphObservation, "share", 1e-12)
    screen = Screen()
    screen.session.start()
    try:
        screen.session.change(experiment())
        screen.session.play()
        screen.until(lambda: screen.step() > 30, observations=(GraphObservation(),))
    finally:
        screen.session.close()
    frames = [update.frame for update in screen.frames if update.frame is not None]
    last = frames[-1]
    graph = last.observed(GraphObservation())
    assert graph is not None
    assert graph.result is not None
    assert graph.step < last.step
    again = Training(experiment())
    for _ in range(graph.step):
        again.propose(measure=False)
        again.apply()
    again.look()
    norms = [box.norm for box in graph.result.boxes if box.role == "weights"]
    expected = [np.linalg.norm(tap.weights.astype(np.float64)) for tap in again.network.taps if tap.weights is not None]
    np.testing.assert_allclose(norms, expected, rtol=1e-6)


@pytest.mark.parametrize("asks", [False, True], ids=["alone", "behind an observation"])
def test_a_new_rate_acts_on_the_step_it_comes_in(asks: bool, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = experiment(("optimizer.learning_rate", 0.25))
    evaluate, sent = Training.evaluate, []

    def evaluated(training: Training) -> None:
        evaluate(training)
        if training.step == 5 and not sent:
            sent.append(training.step)
            if asks:
                screen.session.look((TinyGradientsObservation(),))
            screen.session.change(changed)

    monkeypatch.setattr(Training, "evaluate", evaluated)
    screen.session.change(experiment(("optimizer.learning_rate", 0.5)))
    screen.session.play(10)
    screen.until(lambda: screen.step() == 10)
    assert screen.histories[0].series("learning_rate").last.tolist() == [0.5] * 5 + [0.25] * 6


def test_while_training_histograms_are_rationed_and_a_still_network_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HistogramsObservation, "share", 1e-9)
    observations = (HistogramsObservation(),)
    screen = Screen()

    def counted_at(frame: Frame) -> int:
        observed = frame.observed(HistogramsObservation())
        assert observed is not None
        return observed.step

    def playing() -> list[list[int]]:
        """The step of a frame's histograms, for each frame of each run."""
        frames = [update.frame for update in screen.frames if update.playing and update.frame is not None]
        runs = [started.info.run for started in screen.of(Started)]
        return [[counted_at(frame) for frame in frames if frame.run == run] for run in runs]

    screen.session.start()
    try:
        screen.session.change(experiment())
        screen.session.play()
        screen.until(lambda: [len(steps) > 5 for steps in playing()] == [True], observations=observations)
        screen.session.restart()
        screen.until(lambda: [len(steps) > 5 for steps in playing()] == [True, True], observations=observations)
        screen.session.pause()
        screen.until(lambda: not screen.frames[-1].playing, observations=observations)
        still = screen.answer(observations).frame
        assert still is not None
        assert counted_at(still) == still.step
    finally:
        screen.session.close()
    for steps in playing():
        # What begins a run has them already.
        assert not any(steps)
