"""Numbers that stand beside each other agree, and what is not scored at every step says of which step it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from msgspec import structs
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.running.session import Session
from tests.ui.plot_data import frame, history, view
from ui.bench import readings as renewal
from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.bench.readings import Readings
from ui.plots import View
from ui.plots.gradient_time import past_text
from ui.plots.loss import LossPlot
from ui.style.numbers import size_text
from ui.window.transport import TransportBar

MOONS = {"data": {"kind": "moons", "samples": 200}, "layers": [{"kind": "dense", "units": 4}]}


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(Document(Experiment.from_builtins(MOONS)), lambda notify: Session("thread", notify))
    made.start()
    yield made
    made.close()


def test_the_toolbar_and_the_legend_show_the_same_loss_at_every_moment(bench: Bench, qtbot: QtBot) -> None:
    window, plot = QMainWindow(), LossPlot()
    transport = TransportBar(bench, window)
    for widget in (window, plot):
        qtbot.addWidget(widget)
    bench.updated.connect(lambda given, _rate: plot.refresh(given))
    shown: list[tuple[str, str, str]] = []

    def compare() -> None:
        texts = {name: transport.readouts[name].text for name in ("step", "loss", "accuracy")}
        shown.append((texts["step"], f"train  {texts['loss']}  {texts['accuracy']}", plot.legend.keys[0].text))

    bench.updated.connect(lambda _given, _rate: compare())
    bench.play(1000)
    qtbot.waitUntil(lambda: bool(shown) and shown[-1][0] == "1\u202f000" and not bench.playing)
    assert all(toolbar == legend for _, toolbar, legend in shown)
    assert len({step for step, _, _ in shown}) >= 2
    # Widgets go before the bench does, which may still have something to tell.
    bench.close()


def seen(record: Record, now: Frame) -> View:
    """The frame as it is shown when the record has taken it in."""
    record.add(now)
    return View(now, record)


def test_a_reading_stays_long_enough_to_be_read_and_ends_with_the_last_frame(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "READING_MS", 1_000_000)
    readings, given = Readings(), view(2)
    frames = [frame(2, step) for step in range(6)]
    read = [readings.added_to(replace(given, frame=each), playing=True).reading.step for each in frames]
    assert read == [0] * 6
    monkeypatch.setattr(renewal, "READING_MS", 0)
    qtbot.wait(2)
    assert readings.added_to(replace(given, frame=frames[3]), playing=True).reading.step == 3
    assert readings.added_to(replace(given, frame=frames[5]), playing=False).reading.step == 5
    other = frame(2, 0, run=2)
    assert readings.added_to(replace(given, frame=other), playing=True).reading is other


def test_a_reading_is_renewed_later_where_a_hand_waits_for_every_frame(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings, given = Readings(), view(2)
    first, second = frame(2, 0), frame(2, 1)
    readings.added_to(replace(given, frame=first), playing=True)
    monkeypatch.setattr(renewal, "READING_MS", 1)
    monkeypatch.setattr(renewal, "PATIENCE", 1_000_000)
    qtbot.wait(2)
    by_hand = replace(given, frame=second, hand_waits=True)
    assert readings.added_to(by_hand, playing=True).reading is first
    monkeypatch.setattr(renewal, "PATIENCE", 1)
    assert readings.added_to(by_hand, playing=True).reading is second


def test_the_last_score_stays_with_its_step(qtbot: QtBot) -> None:
    readings, record, plot = Readings(), Record(history(2, 1203)), LossPlot()
    qtbot.addWidget(plot)
    for step in range(1200, 1204):
        now = frame(2, step)
        train = {name: value for name, value in now.scalars.items() if "validation" not in name}
        if step == 1200:
            train |= {"validation_loss": 0.41, "validation_accuracy": 0.875}
        plot.refresh(readings.added_to(seen(record, structs.replace(now, scalars=train)), playing=False))
        assert plot.legend.keys[1].text == "validation  0.410  88\u202f% at step 1\u202f200"
        assert plot.legend.keys[1].short == "val.  0.410  88\u202f% at step 1\u202f200"


def test_no_score_is_told_of_a_step_after_the_one_that_is_read() -> None:
    readings, record = Readings(), Record(history(2))
    bare = [structs.replace(frame(2, step), scalars={"loss": 1.0}) for step in range(3)]
    scored = [structs.replace(each, scalars={"loss": 1.0, "validation_loss": 0.4}) for each in bare]
    for now in (scored[0], bare[1], scored[2], bare[2]):
        told = readings.added_to(seen(record, now), playing=True)
        assert told.score is not None
        assert told.score.step <= told.reading.step
    told = readings.added_to(seen(record, bare[2]), playing=False)
    assert told.score is not None
    assert told.score.scalars is scored[2].scalars


def test_a_score_that_is_not_a_number_is_told_as_such_and_not_as_the_one_before(qtbot: QtBot) -> None:
    readings, record, plot = Readings(), Record(history(2)), LossPlot()
    qtbot.addWidget(plot)
    for step, loss in ((10, 0.41), (20, float("nan"))):
        scored = structs.replace(frame(2, step), scalars={"loss": 1.0, "validation_loss": loss})
        plot.refresh(readings.added_to(seen(record, scored), playing=False))
    assert plot.legend.keys[1].text == "validation  NaN at step 20"


def test_scores_of_another_run_are_forgotten(qtbot: QtBot) -> None:
    readings = Readings()
    readings.added_to(seen(Record(history(2)), view(2).frame), playing=False)
    bare = structs.replace(frame(2, 3, run=2), scalars={"loss": 1.0})
    assert readings.added_to(seen(Record(history(2)), bare), playing=False).score is None


def test_the_step_says_what_its_record_takes_and_no_more_than_it_does(bench: Bench, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    transport = TransportBar(bench, window)
    tip = transport.readouts["step"].toolTip
    assert tip() == "Updates made since the run began."
    bench.play(20)
    qtbot.waitUntil(lambda: transport.readouts["step"].text == "20")
    record = bench.record
    words = f"takes {size_text(record.nbytes)}, and never more than {size_text(record.bound)}, however long"
    qtbot.waitUntil(lambda: words in tip())
    transport.forget()
    assert "record" not in tip()


def test_a_number_that_has_its_room_is_read_without_the_window_being_laid_out_anew(bench: Bench, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    transport = TransportBar(bench, window)
    window.addToolBar(transport)
    window.resize(2000, 200)
    window.show()
    for _ in range(3):  # What a toolbar is given at first asks for room again.
        QApplication.processEvents()
    asked = Requests(window)
    loss = transport.readouts["loss"]
    for text in ("0.3", "3.00·10⁻⁴", "–"):
        loss.show_value(text)
        QApplication.processEvents()
    assert (asked.count, loss.text) == (0, "–")
    width = loss.width()
    loss.show_value("3.00·10⁻⁴ and much more than that")
    qtbot.waitUntil(lambda: loss.width() > width)  # What is longer than any number gets its room.
    bench.close()


class Requests(QObject):
    """Counts how often a window is to be laid out."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.count = 0
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.mark.parametrize(
    ("low", "high", "last", "text"),
    [
        (2.28, 2.3, 2.3, "2.30  (2.28 … 2.30)"),
        (2.3001, 2.3012, 2.3004, "2.30"),
        (0.5, 0.5, 0.5, "0.500"),
        (1.0, float("inf"), float("inf"), "∞  (1.00 … ∞)"),
        (float("nan"), float("nan"), float("nan"), "NaN"),
    ],
)
def test_a_place_of_several_steps_is_read_with_ends_that_differ_from_it(
    low: float, high: float, last: float, text: str
) -> None:
    assert past_text(low, high, last) == text
