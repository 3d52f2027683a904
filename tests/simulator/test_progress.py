"""What takes long says what it does, how far it is and about how long it takes, and can be ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simulator import run
from simulator.commands import progress_display
from simulator.commands.command_line import carry_out
from simulator.data.base import prepare
from simulator.doctor.trial import copy
from simulator.experiment.experiment import Experiment
from simulator.layers.dense import DenseModule
from simulator.network.network import Network
from simulator.observations.effective_rank import EffectiveRankObservation
from simulator.observations.gradient_noise import GradientNoiseObservation
from simulator.observations.jacobian import JacobianObservation, WeightsObservation
from simulator.observations.observer import observed
from simulator.observations.sharpness import SharpnessObservation
from simulator.running import lanes
from simulator.running.building import FROM_STEP_0, built, first_pass
from simulator.running.messages import Refused, Reply, Started, Update, Working
from simulator.running.progress_text import progress_text
from simulator.running.session import Session
from simulator.schema.numbers import THIN
from simulator.system import progress as system_progress
from simulator.system.progress import CancelledError, Progress, ProgressMeter, advance, followed, listening
from simulator.training.training import Training
from tests.simulator.left_running import left_running


def experiment(**changes: Any) -> Experiment:
    layer = {"kind": "dense", "units": 5, "repeat": 3, "activation": {"kind": "tanh"}}
    return Experiment.from_builtins({"data": {"kind": "spirals"}, "layers": [layer], **changes})


Told = list[tuple[str, float, float, str]]


def heard(do: Callable[[], object]) -> Told:
    told: Told = []
    with listening(lambda *what: told.append(what)):
        do()
    return told


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("Weights", 12, 200, "layers", 1.0), "Weights: 12 of 200 layers, about 16 s left"),
        (Progress("Steps", 1200, 5000, "steps", 60), f"Steps: 1{THIN}200 of 5{THIN}000 steps, about 3 min 10 s left"),
        (Progress("Reading the table", 0.45, 1.0, "", 0.1), f"Reading the table: 45{THIN}%"),
        (Progress("Singular values", 0, 3, "layers", 5.0), "Singular values: 0 of 3 layers"),
        (Progress("Training", 5, 5, "steps", 9.0), "Training: 5 of 5 steps"),
    ],
)  # fmt: skip
def test_progress_in_words(progress: Progress, text: str) -> None:
    assert progress_text(progress) == text


def test_what_takes_no_longer_than_a_second_is_not_told() -> None:
    told: list[Progress] = []
    with listening(ProgressMeter(told.append)):
        for _ in followed(range(100), "Quick", "things"):
            pass
    assert not told


def test_what_follows_something_long_is_told_at_once() -> None:
    told: list[Progress] = []
    with listening(ProgressMeter(told.append, noticed=0.05, every=0.0)):
        for _ in followed(range(3), "Slow", "things"):
            time.sleep(0.05)
        advance("Next", 0, 2, "things")
    assert list(dict.fromkeys(each.doing for each in told)) == ["Slow", "Next"]


def test_what_takes_long_is_told_now_and_then_with_how_long_it_has_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Progress] = []
    now = 0.0
    monkeypatch.setattr(system_progress, "time", SimpleNamespace(perf_counter=lambda: now))
    with listening(ProgressMeter(told.append, noticed=2.0, every=3.0)):
        for _ in followed(range(10), "Slow", "things"):
            now += 1.0
    assert told == [Progress("Slow", done, 10, "things", float(done)) for done in (2, 5, 8)]


def test_nobody_is_told_of_anything_elsewhere() -> None:
    assert not heard(lambda: None)
    advance("Unheard", 1, 2)


def test_a_network_says_how_many_of_its_layers_are_built_and_drawn() -> None:
    told = heard(lambda: Training(experiment()))
    for doing in ("Building the network", "Drawing the weights"):
        assert [(done, total) for what, done, total, _ in told if what == doing] == [(0, 3), (1, 3), (2, 3)]


def test_images_and_tables_say_how_far_they_are_read(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "images" / label).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (4, 4), 40 * number).save(tmp_path / "images" / label / f"{number}.png")
    images = experiment(data={"kind": "images", "path": str(tmp_path / "images"), "size": 4}).data
    assert [done for what, done, *_ in heard(lambda: prepare(images, 0, "float32")) if what == "Reading images"] == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]
    table = tmp_path / "table.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(20_000)), encoding="utf-8")
    data = experiment(data={"kind": "csv", "path": str(table)}).data
    shares = [done for what, done, *_ in heard(lambda: prepare(data, 0, "float32")) if what == "Reading the table"]
    assert shares
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize(
    "observation",
    [
        JacobianObservation(), WeightsObservation(), EffectiveRankObservation(), GradientNoiseObservation(),
        SharpnessObservation(),
    ],
    ids=lambda each: each.kind,
)  # fmt: skip
def test_what_is_looked_at_at_length_can_be_ended_and_leaves_the_training_as_it_was(observation: Any) -> None:
    training = Training(experiment())
    training.look()
    before = training.network.parameters.value.copy()

    def end(*_told: object) -> None:
        raise CancelledError

    assert heard(lambda: observation.observe(training))
    with listening(end):
        answer = observed(training, observation.observe)
    assert (answer.result, answer.refusal) == (None, "it was cancelled")
    np.testing.assert_array_equal(training.network.parameters.value, before)
    assert observed(training, observation.observe).result is not None


def test_a_copy_on_which_a_mend_is_tried_says_its_steps() -> None:
    told = heard(lambda: copy(experiment(), 4))
    assert [done for what, done, *_ in told if what == "Training a copy of the run"] == [0, 1, 2, 3, 4]


def replies_until(session: Session, holds: Callable[[Reply], bool]) -> list[Reply]:
    end, seen = time.monotonic() + 60, []
    while not seen or not holds(seen[-1]):
        assert time.monotonic() < end
        for reply in session.replies():
            seen.append(reply)
            if holds(reply):
                return seen
        time.sleep(0.001)
    return seen


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers that take long to build."""
    checked = Network.zeros

    def zeros(self: Network, *arguments: Any) -> Any:
        for done in range(2000):
            advance("Building the network", done, 2000, "layers")
            time.sleep(0.001)
        return checked(self, *arguments)

    monkeypatch.setattr(Network, "zeros", zeros)


def test_building_a_network_is_told_and_can_be_cancelled_and_the_one_before_comes_back(slow: None) -> None:
    session = Session("thread")
    session.start()
    try:
        session.change(experiment())
        working = replies_until(session, lambda reply: isinstance(reply, Working))[-1]
        assert isinstance(working, Working)
        assert working.progress.doing == "Building the network"
        session.cancel()
        refused = replies_until(session, lambda reply: isinstance(reply, Refused | Started))[-1]
        assert isinstance(refused, Refused)
        assert refused.message == "building the network was cancelled"
        assert refused.cancelled
        assert not refused.traceback
    finally:
        session.close()


def test_a_network_that_is_being_built_gives_way_to_the_last_that_is_wanted_and_training_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    initialise, depth = Network.initialise, 9
    deep = [{"kind": "dense", "units": 5, "repeat": depth}]

    def slow_where_deep(self: Network, seed: int) -> None:
        for done in range(6000 if len(self.modules) == depth else 0):
            advance("Drawing the weights", done, 6000, "layers")
            time.sleep(0.001)
        initialise(self, seed)

    monkeypatch.setattr(Network, "initialise", slow_where_deep)
    session = Session("thread")
    session.start()
    try:
        session.change(experiment())
        session.play()
        session.change(experiment(layers=deep), edit=1)
        session.change(experiment(layers=deep), edit=1)  # Said again: what was wanted before the last counts no more.
        replies_until(session, lambda reply: isinstance(reply, Working))
        session.change(experiment(layers=deep, seed=2), edit=2)
        last = session.change(experiment(seed=3), edit=3)
        replies = replies_until(session, lambda reply: isinstance(reply, Started) and reply.info.run == last)
        assert [type(reply) for reply in replies if isinstance(reply, Started | Refused)] == [Started]
        started = replies[-1]
        assert isinstance(started, Started)
        assert started.ended is not None
        assert started.ended.edit == 1
        session.look()
        seen = replies_until(session, lambda reply: isinstance(reply, Update))
        assert not any(isinstance(reply, Started | Refused) for reply in seen)
        update = seen[-1]
        assert isinstance(update, Update)
        assert update.playing
        assert update.frame is not None
        assert update.frame.run == last
    finally:
        session.close()


def test_the_first_passes_of_a_network_are_told_layer_by_layer_and_later_ones_are_not() -> None:
    training = Training(experiment())

    def look() -> None:
        with training.network.reporting_progress():
            training.look()

    told = [what for what in heard(look) if what[0].startswith("The first pass")]
    counts = [(float(done), 3.0, "layers") for done in range(3)]
    assert [what[1:] for what in told if what[0] == "The first pass forward"] == counts
    assert [what[1:] for what in told if what[0] == "The first pass back"] == counts
    assert not heard(training.look)


def test_everything_from_building_a_network_to_its_first_frame_is_told() -> None:
    told = [what[0] for what in heard(lambda: first_pass(built(1, experiment(), FROM_STEP_0).training))]
    assert list(dict.fromkeys(told)) == [
        "Building the network", "Making room for the parameters", "Drawing the weights", "Keeping the start",
        "The first pass forward", "The first pass back", "The first update",
    ]  # fmt: skip


def test_the_first_pass_of_a_network_can_be_cancelled_in_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    forward, looked = DenseModule.forward, Training.look

    def slow(self: DenseModule, x: Any, training: bool) -> Any:
        time.sleep(0.1)
        return forward(self, x, training)

    def look(self: Training) -> None:
        monkeypatch.setattr(DenseModule, "forward", slow)
        looked(self)

    monkeypatch.setattr(Training, "look", look)

    def passes_forward(reply: Reply) -> bool:
        told = isinstance(reply, Working) and reply.progress.doing == "The first pass forward"
        return told and 0 < reply.progress.done < 60

    layer = {"kind": "dense", "units": 5, "repeat": 60}
    session = Session("thread")
    session.start()
    try:
        session.change(experiment(layers=[layer]))
        replies_until(session, passes_forward)
        session.cancel()
        refused = replies_until(session, lambda reply: isinstance(reply, Refused | Started))[-1]
        assert isinstance(refused, Refused)
        assert refused.message == "the first pass forward was cancelled"
        assert refused.cancelled
    finally:
        session.close()


def test_closing_does_not_wait_for_a_network_that_is_being_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def zeros(*_arguments: Any) -> None:
        """It is never built."""
        while True:
            advance("Building the network", 1, 2, "layers")
            time.sleep(0.001)

    monkeypatch.setattr(Network, "zeros", zeros)
    before = set(threading.enumerate())
    session = Session("thread")
    session.start()
    session.change(experiment())
    replies_until(session, lambda reply: isinstance(reply, Working))
    session.close(timeout=0)
    assert not left_running(before)


def test_a_network_that_catches_up_can_be_cancelled_at_any_moment_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "SLICE_SECONDS", 0.0)  # It makes no step, so it never comes to the run's.
    session = Session("thread")
    session.start()
    try:
        session.change(experiment())
        session.play(3)
        replies_until(session, at_step(session, 3))
        session.change(experiment(lanes=[{"name": "B", "set": {"optimizer.momentum": 0.5}}]))
        session.play(2)
        session.cancel()
        update = replies_until(session, at_step(session, 5))[-1]
        assert isinstance(update, Update)
        (told,) = (lane for lane in update.lanes if lane.name == "B")
        assert told.refusal == "catching up network B was cancelled"
    finally:
        session.close()


def at_step(session: Session, step: int) -> Callable[[Reply], bool]:
    """Ask again and again until the run has come to a step."""

    def reached(reply: Reply) -> bool:
        session.look()
        return isinstance(reply, Update) and reply.frame.step >= step

    return reached


def test_to_cancel_what_is_over_changes_nothing() -> None:
    session = Session("thread")
    session.start()
    try:
        session.cancel()
        session.change(experiment())
        assert isinstance(replies_until(session, lambda reply: True)[-1], Started)
    finally:
        session.close()


def test_a_headless_run_without_a_terminal_tells_a_line_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_display, "LINE_SECONDS", 0.02)
    arguments = ["run", "spiral", "--steps", "300", "--no-plots", "--out", str(tmp_path)]
    assert carry_out(arguments) == 0
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("Training: ")]
    assert lines
    assert all("of 300 steps" in line for line in lines)
    assert "Training: " not in told.out


def test_what_is_heard_changes_no_number() -> None:
    alone = run(experiment(), steps=5).history.series("loss").last
    told: Told = []
    with listening(lambda *what: told.append(what)):
        np.testing.assert_array_equal(run(experiment(), steps=5).history.series("loss").last, alone)
    assert told
