"""Several seeds of each network, trained beside the run and drawn in place of its curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.record.frame import Frame
from simulator.record.history import History, Rows
from simulator.running.beside.seed_fans import SeedRun
from simulator.running.headless.run import run
from simulator.schema.numbers import number
from tests.ui.windows import OpenOn, windows
from ui.window.main_window import MainWindow

TWINS: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 4, "repeat": 3}],
    "batch_size": 16,
    "lanes": [{"name": "fast", "set": {"optimizer.learning_rate": 1.0}}],
}
STEPS = 20

open_on = pytest.fixture(windows)


@pytest.fixture
def window(qtbot: QtBot, open_on: OpenOn) -> MainWindow:
    made = open_on(Experiment.from_builtins(TWINS))
    made.bench.play(STEPS)
    qtbot.waitUntil(lambda: not made.bench.playing and shown_step(made) == STEPS)
    return made


def shown_step(window: MainWindow) -> int:
    return -1 if window.bench.view is None else window.bench.view.frame.step


def seeds_of(window: MainWindow, key: str) -> int:
    return window.plot_area.plot(key).seeds


def train(qtbot: QtBot, window: MainWindow, seeds: int = 5) -> None:
    window.seeds.open()
    dialog = window.seeds.dialog
    assert dialog is not None
    assert dialog.steps.value() == STEPS
    dialog.seeds.setValue(seeds)
    dialog.accept()
    assert window.seeds.line.isVisible()
    qtbot.waitUntil(lambda: window.seeds.toggle.isEnabled())


def test_curves_show_the_seeds_and_the_run_stays_as_it_is(window: MainWindow, qtbot: QtBot) -> None:
    before = window.bench.record.history.arrays
    train(qtbot, window, 6)
    assert not window.seeds.line.isVisible()
    for key in ("loss", "gradient_time", "gradient_depth", "activation_profile"):
        plot = window.plot_area.plot(key)
        assert seeds_of(window, key) == 6
        assert "median and quartiles of 6 seeds" in plot.sentence()
        assert [lane.name for lane in plot.lanes] == ["fast"]
    assert seeds_of(window, "gradient_image") == 1
    after = window.bench.record.history.arrays
    for part in ("low", "high", "last"):
        assert np.array_equal(getattr(before, part), getattr(after, part), equal_nan=True)
    assert shown_step(window) == STEPS
    window.seeds.toggle.trigger()
    assert seeds_of(window, "loss") == 1
    assert window.plot_area.plot("loss").state.step == STEPS
    window.seeds.toggle.trigger()
    assert seeds_of(window, "loss") == 6


def test_the_verdict_tells_medians_and_quartiles_within_the_memory_there_is(window: MainWindow, qtbot: QtBot) -> None:
    window.verdict.toggle.trigger()
    train(qtbot, window)
    assert window.verdict.head.text() == f"5 seeds, step {STEPS}"
    assert window.seeds.fans is not None
    losses = [window.seeds.fans.networks[name].values("loss") for name in ("A", "fast")]
    assert [sorted(each) for each in losses] == [[0, 1, 2, 3, 4]] * 2
    assert all(cells[0].count("[") == 1 for cells in window.verdict.table.texts().values())
    reading, said, *_ = window.verdict.sentences.text().splitlines()
    assert "medians" in reading
    assert said.startswith("fast: loss ")
    assert "of 5 paired seeds (sign test, p = " in said
    window.seeds.toggle.trigger()
    assert window.verdict.head.text() == f"Verdict at step {STEPS}"
    assert "[" not in window.verdict.table.texts()["A"][0]
    assert 0 < window.bench.memory.use.seeds < window.bench.memory.seeds_room
    window.bench.memory.set_budget(2**16)
    window.seeds.open()
    dialog = window.seeds.dialog
    assert dialog is not None
    assert not dialog.start.isEnabled()
    assert "may be used for them" in dialog.summary.text()
    dialog.reject()


def test_an_earlier_step_is_the_run_s_and_another_run_forgets_the_seeds(window: MainWindow, qtbot: QtBot) -> None:
    train(qtbot, window)
    window.timeline.scrubber.go_to(4)
    assert seeds_of(window, "loss") == 1
    window.timeline.scrubber.go_live()
    assert seeds_of(window, "loss") == 5
    window.bench.restart()
    qtbot.waitUntil(lambda: shown_step(window) == 0)
    assert not window.seeds.toggle.isEnabled()
    assert seeds_of(window, "loss") == 1
    assert window.bench.memory.use.seeds == 0


def test_seeds_of_a_network_that_is_another_now_are_gone(window: MainWindow, qtbot: QtBot) -> None:
    train(qtbot, window)
    fans, chosen = window.seeds.fans, window.chosen
    assert fans is not None
    chosen.choose("fast")
    changed = {**chosen.experiment.to_builtins(), "batch_size": 8}
    chosen.choose("A")
    faster = {**chosen.experiment.to_builtins(), "optimizer": {"kind": "sgd", "learning_rate": 0.2}}
    assert chosen.propose(faster, "Learning rate") is None
    assert fans.shown
    chosen.add_twin()
    assert not fans.shown
    assert seeds_of(window, "loss") == 1
    chosen.remove("B")
    window.seeds.toggle.trigger()
    assert seeds_of(window, "loss") == 5
    chosen.choose("fast")
    assert chosen.propose(changed, "Batch size") is None
    assert list(fans.networks) == ["A"]
    assert not fans.shown
    assert seeds_of(window, "loss") == 1
    window.seeds.begin(5, STEPS)
    chosen.remove("fast")
    qtbot.waitUntil(lambda: not fans.busy)
    assert list(fans.networks) == ["A"]


def test_training_them_can_be_cancelled_and_ends_with_the_window(window: MainWindow, qtbot: QtBot) -> None:
    window.seeds.begin(5, 10_000_000)
    qtbot.waitUntil(lambda: "steps" in window.seeds.line.text)
    window.seeds.line.button.click()
    assert not window.seeds.line.isVisible()
    assert not window.seeds.toggle.isEnabled()
    window.seeds.begin(5, 10_000_000)
    assert window.seeds.line.isVisible()


def test_at_an_earlier_step_the_verdict_of_the_seeds_is_that_of_the_step(window: MainWindow, qtbot: QtBot) -> None:
    window.verdict.toggle.trigger()
    train(qtbot, window)
    fans, strip = window.seeds.fans, window.verdict
    assert fans is not None
    window.timeline.scrubber.go_to(7)
    assert strip.head.text() == "5 seeds, step 7"
    experiments = window.document.experiment.all_lanes()
    for name, experiment in experiments.items():
        runs = [run(experiment.with_values([("seed", seed)]), steps=7) for seed in range(5)]
        losses = {seed: each.history.series("loss").last[-1] for seed, each in enumerate(runs)}
        assert fans.networks[name].values("loss", 7) == losses
        low, median, high = np.quantile(list(losses.values()), (0.25, 0.5, 0.75))
        assert strip.table.texts()[name][0] == f"{number(median)} [{number(low)}, {number(high)}]"
        assert strip.table.texts()[name][-1] == "—"
    assert "at step 7;" in strip.sentences.text()
    assert strip.sentences.text().splitlines()[1:] == fans.sentences(7)
    window.bench.play(10)
    scrubber = window.timeline.scrubber
    qtbot.waitUntil(lambda: not window.bench.playing and scrubber.range[1] == STEPS + 10)
    window.timeline.scrubber.go_to(STEPS + 5)
    assert strip.head.text() == f"5 seeds, step {STEPS}"
    assert f"their last step; the run is shown at step {STEPS + 5}" in strip.sentences.text()


def test_of_many_steps_the_last_one_that_seeds_have_recorded_is_told() -> None:
    history = History(("loss", "validation_loss"), 4)
    rows = np.array([[10.0 - step, step if step % 4 == 0 else np.nan] for step in range(16)])
    history.extend(Rows(0, ("loss", "validation_loss"), rows))
    last = replace(real_frame(), step=16, scalars={"loss": -6.0, "validation_loss": 16.0})
    seed = SeedRun(0, last, history, ())
    assert history.stride == 4
    assert [seed.step_at(step) for step in (2, 3, 6, 7, 15, 16, 99)] == [None, 3, 3, 7, 15, 16, 16]
    assert seed.frame_at(7).scalars == {"loss": 3.0, "validation_loss": 4.0}
    assert seed.frame_at(16) is last


def real_frame() -> Frame:
    return run(Experiment.from_builtins(TWINS), steps=0).last
