"""The bench with a worker that only answers what a test tells it to."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.observations.base import Observation
from simulator.observations.histograms import HistogramsObservation
from simulator.record.frame import Frame
from simulator.record.history import Rows
from simulator.record.record import Record
from simulator.running.kept_runs import KeptRun
from simulator.running.lane_state import LaneState
from simulator.running.messages import Failed, Refused, Reply, Started, Update
from simulator.running.resumption import Resumption
from simulator.running.stop_rules import Stopped, StopRule
from simulator.running.transport import Mode
from simulator.schema.parameter import replaced
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoints import USUAL_BYTES
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.run_info import RunInfo
from simulator.training.surgery import Surgery
from simulator.training.training import Training
from tests.ui.told import ticking
from ui.bench import link
from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.bench.link import HIDDEN_MS, SETTLED_MS
from ui.chart.view import View

PLAIN = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 4}]}


class ScriptedWorker:
    """Records commands; gives out the replies put into ``inbox``."""

    resumption: Resumption | None = None
    mode: Mode = "thread"
    notice = ""

    def __init__(self) -> None:
        self.inbox: list[Reply] = []
        self.said: list[tuple[object, ...]] = []
        self.asked = 1
        """Id of the answer that was asked for last: another only where one is asked for anew."""

    def start(self) -> None:
        self.said.append(("start",))

    def change(self, experiment: Experiment, edit: int = 0, back: bool = False, over: bool = False) -> int:
        self.said.append(("change", experiment))
        return 0

    def operate(self, experiment: Experiment, surgery: Surgery, edit: int = 0) -> int:
        self.said.append(("operate", surgery, experiment))
        return 0

    def go_back(self, step: int, experiment: Experiment, edit: int = 0) -> int:
        self.said.append(("go back", step, experiment))
        return 0

    def keep(self, kept: KeptRun) -> None:
        self.said.append(("keep", kept))

    def resume_from(
        self, checkpoint: Checkpoint, changes: LiveChanges | None = None, lanes: tuple[LaneState, ...] = (),
        coming: tuple[LiveChange, ...] = (),
    ) -> int:  # fmt: skip
        self.said.append(("resume", checkpoint))
        return 0

    def forget(self, run: int) -> None:
        self.said.append(("forget", run))

    def keep_before(self, run: int, step: int) -> None:
        self.said.append(("keep before", run, step))

    def set_budget(self, nbytes: int) -> None:
        self.said.append(("budget", nbytes))

    def find_replay(self, step: int) -> None:
        self.said.append(("find replay", step))

    def take_snapshot(self) -> None:
        self.said.append(("snapshot",))

    def revive(self, run: int, layer: str, units: tuple[int, ...]) -> None:
        self.said.append(("revive", run, layer, units))

    def play(self, steps: int | None = None) -> None:
        self.said.append(("play", steps))

    def play_until(self, rule: StopRule, record: Record | None = None) -> None:
        self.said.append(("play_until", rule))

    def cancel(self) -> None:
        self.said.append(("cancel",))

    def pause(self) -> None:
        self.said.append(("pause",))

    def guard(self, on: bool) -> None:
        self.said.append(("guard", on))

    def configure(self, blas_threads: int | None, grouping: str) -> None:
        self.said.append(("configure", blas_threads, grouping))

    def limit(self, steps_per_second: float | None) -> None:
        self.said.append(("limit", steps_per_second))

    def look(
        self,
        observations: Sequence[Observation[Any]] = (),
        of_run_alone: Iterable[Observation[Any]] = (),
        anew: bool = False,
    ) -> int:
        self.said.append(("look", tuple(observations)))
        self.asked += anew
        return self.asked

    def yield_to_gui(self) -> None:
        self.said.append(("rest",))

    def resume(self) -> None:
        self.said.append(("go on",))

    def replies(self) -> list[Reply]:
        found, self.inbox = self.inbox, []
        return found

    def close(self, timeout: float = 2.0) -> None:
        self.said.append(("close",))

    def looks(self) -> list[frozenset[str]]:
        return [entry[1] for entry in self.said if entry[0] == "look"]  # type: ignore[misc]


def info(run: int) -> RunInfo:
    return RunInfo(run, (), 0, 0, 1, 1, 0, "classification", (), ())


def update(run: int, step: int, *losses: float, playing: bool = False) -> Update:
    frame = Frame(info(run), step, 0.0, {}, {}, {})
    rows = (Rows(step - len(losses) + 1, ("loss",), np.array(losses)[:, None]),) if losses else ()
    return Update(1, frame, rows, playing, 100.0)


def started(run: int) -> Started:
    return Started(info(run), ("loss",), Frame(info(run), 0, 0.0, {}, {}, {}))


class Rig:
    def __init__(self) -> None:
        self.workers: list[ScriptedWorker] = []
        self.document = Document(Experiment.from_builtins(PLAIN))
        self.bench = Bench(self.document, self._start_worker)
        self.bench.start()
        self.views: list[View] = []
        self.bench.updated.connect(lambda view, _rate: self.views.append(view))

    def _start_worker(self, _notify: object) -> ScriptedWorker:
        self.workers.append(ScriptedWorker())
        return self.workers[-1]

    @property
    def worker(self) -> ScriptedWorker:
        return self.workers[-1]

    def hear(self, *replies: Reply) -> None:
        self.worker.inbox.extend(replies)
        self.bench.link.pull()

    def settle(self) -> None:
        self.hear(started(1), update(1, 0, 1.0), update(1, 0), update(1, 0))


@pytest.fixture
def rig(qtbot: QtBot) -> Iterator[Rig]:
    made = Rig()
    yield made
    made.bench.close()


def test_the_start_trains_the_documents_experiment(rig: Rig) -> None:
    assert ("change", rig.document.experiment) in rig.worker.said


def test_every_step_reaches_the_history(rig: Rig) -> None:
    rig.hear(started(1), update(1, 0, 3.0), update(1, 2, 2.0, 1.0))
    assert rig.bench.record.history.series("loss").last.tolist() == [3.0, 2.0, 1.0]
    assert rig.bench.record.first is not None
    assert rig.bench.record.first.step == 0


def test_the_worker_rests_from_an_update_until_what_it_shows_is_painted(rig: Rig, qtbot: QtBot) -> None:
    rig.settle()
    rig.worker.said.clear()
    rig.hear(update(1, 1, 2.0))
    assert [entry for entry in rig.worker.said if entry[0] in ("rest", "go on")] == [("rest",)]
    qtbot.waitUntil(lambda: ("go on",) in rig.worker.said)


def test_an_answer_waits_until_the_last_frame_is_whole_on_screen(rig: Rig, qtbot: QtBot) -> None:
    """Where painting takes longer than a frame may, more answers would each be shown by some of the plots only."""
    painting = True
    rig.bench.link.painting = lambda: painting
    rig.settle()
    rig.bench.play()
    rig.hear(*(update(1, step, 2.0, playing=True) for step in (1, 2, 3)))
    shown, asked = len(rig.views), len(rig.worker.looks())
    qtbot.waitUntil(lambda: len(rig.worker.looks()) > asked)
    rig.hear(update(1, 4, 2.0, playing=True))
    assert len(rig.views) == shown
    painting = False
    qtbot.waitUntil(lambda: len(rig.views) == shown + 1)


def test_the_last_plot_of_a_frame_is_painted_before_the_next_answer_is_taken(rig: Rig, qtbot: QtBot) -> None:
    """Of a frame whose plots all come in one turn, too."""
    done, due = list[str](), list[str]()
    plot = LastPlot(done)
    qtbot.addWidget(plot)
    with qtbot.waitExposed(plot):
        plot.show()
    turn = QTimer(plot, interval=0)

    def bring() -> None:
        turn.stop()
        due.clear()
        done.append("brought")
        plot.update()
        if rig.worker.inbox:
            rig.bench.link.pull()

    turn.timeout.connect(bring)
    rig.bench.link.painting = lambda: bool(due)
    rig.bench.updated.connect(lambda view, _rate: (due.append("last"), done.append("taken"), turn.start()))
    rig.settle()
    rig.bench.play()
    rig.hear(*(update(1, step, 2.0, playing=True) for step in (1, 2, 3)))
    qtbot.waitUntil(lambda: not due and done[-1] == "painted" and ("go on",) in rig.worker.said)
    done.clear()
    rig.hear(update(1, 4, 2.0, playing=True))
    rig.worker.inbox.append(update(1, 5, 2.0, playing=True))
    qtbot.waitUntil(lambda: done.count("painted") == 2)
    assert done == 2 * ["taken", "brought", "painted"]


class LastPlot(QWidget):
    """Says when it is painted."""

    def __init__(self, done: list[str]) -> None:
        super().__init__()
        self._done = done

    def paintEvent(self, event: QPaintEvent) -> None:
        self._done.append("painted")


def test_what_a_hand_has_asked_for_waits_for_no_painting(rig: Rig) -> None:
    rig.bench.link.painting = lambda: True
    rig.settle()
    rig.bench.play()
    rig.hear(*(update(1, step, 2.0, playing=True) for step in (1, 2, 3)))
    shown = len(rig.views)
    rig.bench.link.wake()
    rig.hear(update(1, 4, 2.0, playing=True))
    assert len(rig.views) == shown + 1


def test_an_answer_that_takes_long_is_said_to_be_awaited(
    rig: Rig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "BUSY_MS", 50)
    waited: list[float] = []
    rig.bench.waiting.connect(waited.append)
    rig.settle()
    qtbot.wait(120)
    assert not waited
    assert rig.document.propose(replaced(rig.document.experiment.to_builtins(), ("seed",), 5), "seed") is None
    qtbot.waitUntil(lambda: len(waited) > 1)
    assert 0.05 <= waited[0] < waited[-1]
    rig.hear(started(2), update(2, 0, 1.0), update(2, 0))
    rig.hear(update(2, 0))
    waited.clear()
    qtbot.wait(120)
    assert not waited


def test_frames_of_an_old_run_are_discarded(rig: Rig) -> None:
    rig.hear(started(1), update(1, 0, 3.0), started(2), update(1, 5, 9.0))
    assert rig.bench.view is None
    assert len(rig.views) == 1
    rig.hear(update(2, 0, 4.0))
    assert rig.bench.view is not None
    assert rig.bench.view.frame.run == 2


def test_frames_have_the_layers_of_the_run_itself_so_that_no_plot_compares_them_field_by_field(rig: Rig) -> None:
    own = replace(Training(rig.document.experiment).info, run=1)
    first = Frame(own, 0, 0.0, {}, {}, {})
    sent = replace(first, info=pickle.loads(pickle.dumps(own)), step=1)
    assert sent.info.layers is not own.layers
    rig.hear(Started(own, ("loss",), first), Update(1, sent, (), False, 100.0))
    assert rig.bench.view is not None
    assert rig.bench.view.frame.step == 1
    assert rig.bench.view.frame.info.layers is own.layers


def test_a_paused_bench_stops_asking_until_something_changes(rig: Rig) -> None:
    rig.settle()
    before = len(rig.worker.looks())
    rig.bench.link.pull()
    rig.bench.link.pull()
    assert len(rig.worker.looks()) == before
    assert ticking(rig.bench) == [SETTLED_MS]
    plain = replaced(rig.document.experiment.to_builtins(), ("seed",), 5)
    assert rig.document.propose(plain, "seed") is None
    assert len(rig.worker.looks()) == before + 1
    assert rig.worker.said[-2] == ("change", rig.document.experiment)


def test_a_hidden_window_asks_seldom_and_for_nothing_costly(rig: Rig) -> None:
    rig.bench.link.observations = lambda: (HistogramsObservation(),)
    rig.bench.link.pull()
    assert rig.worker.looks()[-1] == (HistogramsObservation(),)
    rig.bench.link.set_visible(False)
    rig.bench.link.pull()
    assert rig.worker.looks()[-1] == ()
    assert ticking(rig.bench) == [HIDDEN_MS]


def test_a_change_is_shown_by_one_answer_where_none_was_on_its_way(rig: Rig) -> None:
    rig.settle()
    assert rig.document.propose(replaced(rig.document.experiment.to_builtins(), ("seed",), 5), "seed") is None
    rig.hear(started(2))
    assert ticking(rig.bench) == [link.ACTIVE_MS]
    rig.hear(update(2, 0, 1.0))
    assert rig.views[-1] is rig.bench.view
    assert ticking(rig.bench) == [SETTLED_MS]


def test_an_answer_that_was_on_its_way_when_something_changed_is_followed_by_another(rig: Rig) -> None:
    rig.settle()
    rig.bench.link.look()
    plain = replaced(rig.document.experiment.to_builtins(), ("optimizer", "learning_rate"), 0.25)
    assert rig.document.propose(plain, "rate") is None
    rig.hear(update(1, 0))
    assert ticking(rig.bench) == [link.ACTIVE_MS]
    rig.hear(update(1, 0))
    assert ticking(rig.bench) == [SETTLED_MS]


def turn_rate(rig: Rig, rate: float) -> None:
    plain = replaced(rig.document.experiment.to_builtins(), ("optimizer", "learning_rate"), rate)
    assert rig.document.propose(plain, "rate", "rate", final=False) is None


def test_what_a_hand_changes_while_a_run_goes_on_is_asked_for_beside_an_answer_from_before(rig: Rig) -> None:
    rig.settle()
    rig.bench.play()
    rig.hear(*(update(1, step, 2.0, playing=True) for step in (1, 2, 3)))
    rig.bench.link.look()
    shown = list(rig.views)
    turn_rate(rig, 0.25)
    turn_rate(rig, 0.5)  # One for both: what is asked for comes after the second too, or another follows it.
    assert rig.worker.asked == 2
    overtaken = update(1, 4, 1.75, playing=True)
    rig.hear(overtaken)
    assert rig.views == shown
    assert rig.bench.record.history.series("loss").last.tolist()[-1] == 1.75
    rig.hear(replace(update(1, 5, 1.5, playing=True), id=rig.worker.asked))
    assert [view.hand_waits for view in rig.views[len(shown) :]] == [True]
    rig.hear(replace(update(1, 6, 1.25, playing=True), id=rig.worker.asked))
    rig.hear(replace(update(1, 7, 1.25, playing=True), id=rig.worker.asked))
    assert [view.hand_waits for view in rig.views[len(shown) :]] == [True, True, False]


def test_a_hand_on_a_still_run_asks_for_nothing_beside_an_answer_that_is_on_its_way(rig: Rig) -> None:
    rig.settle()
    rig.bench.link.look()
    turn_rate(rig, 0.25)
    assert rig.worker.asked == 1
    rig.hear(update(1, 0))
    assert not rig.views[-1].hand_waits


def test_a_still_bench_looks_again_for_what_an_answer_left_out(rig: Rig) -> None:
    rig.settle()
    before = len(rig.worker.looks())
    rig.hear(replace(update(1, 0), awaited=True))
    assert len(rig.worker.looks()) > before
    assert ticking(rig.bench) == [link.ACTIVE_MS]
    rig.hear(update(1, 0))
    after = len(rig.worker.looks())
    rig.hear(update(1, 0))
    assert len(rig.worker.looks()) == after
    assert ticking(rig.bench) == [SETTLED_MS]


def test_steps_then_pause_is_followed(rig: Rig) -> None:
    rig.settle()
    states: list[bool] = []
    rig.bench.playing_changed.connect(states.append)
    rig.bench.link.look()
    rig.bench.play(3)
    assert rig.worker.said[-1] == ("play", 3)
    # An answer from before the command says nothing about it.
    rig.hear(update(1, 0, playing=False))
    assert states == [True]
    rig.hear(update(1, 3, 1.0, 1.0, 1.0, playing=False))
    assert states == [True, False]


def test_where_it_stops_again_as_it_has_stopped_before_is_told_again(rig: Rig) -> None:
    """As by a rule that holds at once, so that no answer comes in between."""
    rig.settle()
    told: list[str] = []
    rig.bench.stopped.connect(told.append)
    stopped = replace(update(1, 0), stopped=Stopped(0, "the loss is below 3"))
    for _ in range(2):
        rig.bench.play()
        rig.hear(stopped, stopped)
    assert told == 2 * ["Stopped at step 0: the loss is below 3."]


def test_opening_what_differs_only_live_starts_over(rig: Rig) -> None:
    plain = replaced(rig.document.experiment.to_builtins(), ("optimizer", "learning_rate"), 0.7)
    rig.document.replace(Experiment.from_builtins(plain))
    orders = [entry for entry in rig.worker.said if entry[0] != "look"]
    assert orders[-2:] == [("pause",), ("go back", 0, rig.document.experiment)]


def test_refusals_and_failures_are_passed_on(rig: Rig) -> None:
    refused: list[Refused] = []
    failed: list[tuple[str, str, bool]] = []
    rig.bench.refused.connect(refused.append)
    rig.bench.failed.connect(lambda *what: failed.append(what))
    rig.bench.play()
    rig.hear(Refused(1, "no such file", "data"), Failed("boom", "Traceback …"))
    assert refused == [Refused(1, "no such file", "data")]
    assert failed == [("boom", "Traceback …", False)]
    assert not rig.bench.playing


def test_a_dead_worker_can_be_replaced_and_keeps_the_limit(rig: Rig) -> None:
    rig.bench.link.set_limit(10.0)
    rig.hear(Failed("killed", fatal=True))
    assert rig.bench.dead
    rig.bench.play()
    assert ("play", None) not in rig.worker.said
    rig.bench.revive()
    assert len(rig.workers) == 2
    assert ("close",) in rig.workers[0].said
    told = [("start",), ("limit", 10.0), ("guard", False), ("budget", USUAL_BYTES), ("configure", None, "space")]
    assert rig.worker.said[:6] == [*told, ("change", rig.document.experiment)]
    assert not rig.bench.dead


def test_what_is_read_after_the_workers_death_is_of_the_step_that_is_shown(rig: Rig) -> None:
    rig.settle()
    rig.bench.play()
    rig.hear(*(update(1, step, 2.0, playing=True) for step in (1, 2, 3)))
    assert rig.bench.view is not None
    assert rig.bench.view.reading.step < 3
    rig.hear(Failed("killed", fatal=True))
    assert rig.views[-1] is rig.bench.view
    assert (rig.bench.view.reading.step, rig.bench.view.frame.step) == (3, 3)


def test_closing_twice_ends_the_worker_once(rig: Rig) -> None:
    rig.bench.close()
    rig.bench.close()
    assert rig.worker.said.count(("close",)) == 1
    assert not ticking(rig.bench)


def test_a_worker_that_died_is_replaced_and_goes_on_from_its_checkpoint(rig: Rig) -> None:
    rig.settle()
    kept = Training(rig.document.experiment).checkpoint()
    rig.worker.resumption = Resumption(kept, 0)
    rig.bench.revive()
    assert len(rig.workers) == 2
    orders = [entry for entry in rig.worker.said if entry[0] in ("start", "resume", "change")]
    assert orders == [("start",), ("resume", kept), ("change", rig.document.experiment)]


def test_a_checkpoint_of_another_network_is_not_taken_up(rig: Rig) -> None:
    rig.settle()
    rig.worker.resumption = Resumption(Training(rig.document.experiment).checkpoint(), 0)
    plain = replaced(rig.document.experiment.to_builtins(), ("seed",), 5)
    assert rig.document.propose(plain, "seed") is None
    rig.bench.revive()
    assert "resume" not in [entry[0] for entry in rig.worker.said]


def test_a_worker_that_had_to_be_a_thread_says_so(qtbot: QtBot) -> None:
    class Noticing(ScriptedWorker):
        notice = "training in a thread: no process could be started"

    bench = Bench(Document(Experiment.from_builtins(PLAIN)), lambda _notify: Noticing())
    said: list[str] = []
    bench.noticed.connect(said.append)
    bench.start()
    bench.close()
    assert said == [Noticing.notice]
