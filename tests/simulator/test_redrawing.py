"""A training whose weights are drawn anew in its own memory is the training that a new one would be."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import observe
from simulator.observations.registry import standard
from simulator.parts.initializers import Initializer
from simulator.running import schedule
from simulator.running.first_looks import FirstLooks
from simulator.running.messages import Reply, Snapshot, Started, Update
from simulator.running.session import Session
from simulator.schema.parameter import kinds, parameters, replaced
from simulator.training.checkpoint_files import written
from simulator.training.drawing import equal_but_for_initializers
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, fitting, options
from tests.simulator.replies import until
from tests.thinned import thinned

DRAWN = tuple(kinds(Initializer))
FIELDS = [
    (kind, field.name)
    for kind, layer in LAYERS.items()
    for field in parameters(layer)
    if field.kinds and issubclass(field.kinds[0], Initializer)
]


def same_after(steps: int, one: Training, other: Training) -> bool:
    for training in (one, other):
        for _ in range(steps):
            training.propose()
            training.apply()
        training.look()
    rows = (training.row(training.scalars(validate=True)) for training in (one, other))
    return written(one.checkpoint()) == written(other.checkpoint()) and np.array_equal(*rows, equal_nan=True)


def named(value: str | tuple[str, str]) -> str:
    return value if isinstance(value, str) else ".".join(value)


def drawn_by(experiment: Experiment, initializer: str, field: str = "initializer") -> Experiment:
    return Experiment.from_builtins(replaced(experiment.to_builtins(), ("layers", 0, field), {"kind": initializer}))


@pytest.mark.parametrize("kind", LAYERS)
def test_whatever_the_layers_are_a_redrawn_training_is_a_new_one(kind: str) -> None:
    for plain in options(LAYERS[kind]):
        before = fitting(plain)
        if before is None:
            continue
        other = replaced(before.to_builtins(), ("output", "initializer"), {"kind": "he_uniform"})
        after = Experiment.from_builtins(other)
        training = Training(before)
        training.propose()
        training.apply()
        training.scalars(validate=True)
        assert training.is_redrawn_by(after)
        training.redraw(after, 7)
        assert training.info.run == 7
        assert same_after(2, training, Training(after))


@pytest.mark.parametrize(("where", "initializer"), thinned(FIELDS, DRAWN, name=named))
def test_whichever_way_weights_are_drawn_it_is_that_of_a_new_training(where: tuple[str, str], initializer: str) -> None:
    kind, field = where
    before = fitting(next(options(LAYERS[kind])))
    assert before is not None
    other = "constant" if initializer == "zeros" else "zeros"
    before, after = drawn_by(before, other, field), drawn_by(before, initializer, field)
    training = Training(before)
    training.redraw(after, 0)
    assert same_after(1, training, Training(after))


def drawn_as(experiment: Experiment, initializer: str, size: float) -> Experiment:
    """With all weights of its layer and its output drawn so, biases too."""
    part = kinds(Initializer)[initializer]
    sized = {part.size_field: size} if part.size_field else {}
    plain = experiment.to_builtins()
    for path in (("layers", 0), ("output",)):
        for field in ("initializer", "bias_initializer"):
            plain = replaced(plain, (*path, field), {"kind": initializer, **sized})
    return Experiment.from_builtins(plain)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("initializer", DRAWN)
@pytest.mark.parametrize("kind", ["dense", "highway", "convolution", "lstm"])
def test_each_move_of_a_slider_draws_the_weights_of_a_new_training(kind: str, initializer: str, precision: str) -> None:
    before = fitting({"kind": kind})
    assert before is not None
    before = Experiment.from_builtins(replaced(before.to_builtins(), ("precision",), precision))
    training = Training(drawn_as(before, "constant", 0.25))
    moves = [drawn_as(before, initializer, size) for size in (0.5, 0.75, 1.25)]
    other = drawn_as(before, "he_uniform" if initializer == "he_normal" else "he_normal", 0.0)
    for run, after in enumerate((*moves, other, moves[1])):
        training.redraw(after, run)
        assert same_after(0, training, Training(after))


def test_weights_scaled_by_the_signal_see_that_of_the_weights_before_them() -> None:
    before = fitting({"kind": "dense", "repeat": 2})
    assert before is not None
    training = Training(before)
    for size in (0.5, 2.0):
        plain = drawn_as(before, "normal", size).to_builtins()
        after = Experiment.from_builtins(replaced(plain, ("output", "initializer"), {"kind": "lsuv"}))
        training.redraw(after, 0)
        assert same_after(0, training, Training(after))


def test_what_was_drawn_is_kept_until_a_step_is_made() -> None:
    before = fitting({"kind": "dense"})
    assert before is not None
    training = Training(before)
    assert training.draws.nbytes == 0
    training.redraw(drawn_as(before, "normal", 0.5), 0)
    kept = training.draws.nbytes
    assert kept == 8 * training.network.parameter_count
    training.redraw(drawn_as(before, "uniform", 0.5), 0)
    assert training.draws.nbytes == kept
    training.make_step()
    assert training.draws.nbytes == 0


@pytest.mark.parametrize(
    ("path", "value"),
    [("seed", 5), ("batch_size", 4), ("optimizer.learning_rate", 0.3), ("layers.0.units", 9), ("name", "b")],
)
def test_what_differs_in_more_than_its_initialisers_is_another_network(path: str, value: object) -> None:
    before = fitting({"kind": "dense"})
    assert before is not None
    after = drawn_by(before, "zeros")
    assert equal_but_for_initializers(before, after)
    assert not equal_but_for_initializers(before, after.with_values([(path, value)]))
    assert equal_but_for_initializers(before, before)


def test_while_a_hand_draws_weights_anew_a_slow_score_comes_with_the_frame_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "NOTICED_SECONDS", 0.0)
    before = fitting(next(options(LAYERS["dense"])))
    assert before is not None
    stages = [drawn_by(before, kind) for kind in ("he_normal", "he_uniform", "zeros")]
    with closing(Session()) as session:
        session.start()
        scored = []
        for stage in stages:
            session.change(stage, edit=5)
            scored.append("validation_loss" in until(session, Started).frame.scalars)
        assert scored == [True, False, False]
        session.look()
        first = until(session, Update)
        session.look()
        second = until(session, Update)
        assert first.frame is not None
        assert second.frame is not None
        assert (first.awaited, second.awaited) == (True, False)
        assert "validation_loss" not in first.frame.scalars
        alone = Training(stages[-1])
        alone.look()
        assert second.frame.scalars == alone.scalars(validate=True)
        session.change(stages[0], edit=6)
        assert "validation_loss" in until(session, Started).frame.scalars
        monkeypatch.setattr(schedule, "NOTICED_SECONDS", 60.0)
        session.change(stages[1], edit=6)
        assert "validation_loss" in until(session, Started).frame.scalars


SHOWN = (HistogramsObservation(),)
LEFT = {*standard(), *SHOWN} - {*SHOWN}


def dragged(session: Session, last: Experiment) -> Started:
    """The last stage of a drag, of which the histograms of activations are looked at; what began it is paused."""
    for stage in (drawn_by(last, "zeros"), drawn_by(last, "he_normal"), last):
        session.change(stage, edit=5)
        started = until(session, Started)
        session.look(SHOWN)
        until(session, Update)
    return started


@pytest.fixture
def session() -> Iterator[Session]:
    with closing(Session("thread")) as made:
        made.start()
        yield made


def some_network() -> Experiment:
    found = fitting({"kind": "dense"})
    assert found is not None
    return found


def replies_to(session: Session, last: type[Reply]) -> list[Reply]:
    """All until one of a kind."""
    found: list[Reply] = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for reply in session.replies():
            found.append(reply)
            if isinstance(reply, last):
                return found
        time.sleep(0.002)
    raise AssertionError(f"no {last.__name__} came")


def act(session: Session, what: str, experiment: Experiment) -> type[Reply]:
    """Do something that ends a start; what answers it."""
    if what == "train":
        session.play(1)
        session.look()
        return Update
    if what == "keep":
        session.take_snapshot()
        return Snapshot
    session.change(Experiment.from_builtins(replaced(experiment.to_builtins(), ("seed",), 9)), edit=6)
    return Started


@pytest.mark.parametrize("what", ["train", "keep", "change"])
def test_a_start_under_a_hand_is_looked_at_whole_before_the_run_leaves_it(session: Session, what: str) -> None:
    last = some_network()
    started = dragged(session, last)
    assert {*started.frame.observations} == {*SHOWN}
    replies = replies_to(session, act(session, what, last))
    looks = [reply for reply in replies if isinstance(reply, FirstLooks)]
    assert replies[0] is looks[0]
    assert len(looks) == 1
    assert looks[0].run == started.info.run
    alone = Training(last)
    alone.look()
    there = observe(alone, tuple(LEFT))
    assert {*looks[0].observations} == LEFT
    for each, observed in looks[0].observations.items():
        assert observed.step == 0
        assert pickle.dumps(observed.result) == pickle.dumps(there[each].result)


def test_a_further_stage_takes_the_place_of_a_start_that_nobody_looks_at_any_more(session: Session) -> None:
    last = some_network()
    dragged(session, last)
    session.change(drawn_by(last, "he_uniform"), edit=5)
    assert [type(reply) for reply in replies_to(session, Started)] == [Started]


def test_what_a_start_has_told_is_not_told_again(session: Session) -> None:
    last = some_network()
    dragged(session, last)
    session.take_snapshot()
    until(session, FirstLooks)
    session.play(2)
    session.look()
    assert not [reply for reply in replies_to(session, Update) if isinstance(reply, FirstLooks)]
