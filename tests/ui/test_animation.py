"""Animations: which steps, the very frames of these steps, axes that stand still, and a run that is left alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import read
from simulator.observations.observer import Observer
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.beside.recomputation import Recomputed
from simulator.running.headless.run import run
from simulator.running.transport import Mode
from simulator.training.training import Training
from tests.thinned import thinned
from tests.ui.real_runs import ALL, NETS
from tests.ui.windows import OpenOn
from ui.animation.animator import AnimatedRun, Animation, Animator
from ui.animation.dialog import AnimationDialog, plan_text
from ui.animation.plan import JUMP_SECONDS, Costs, Plan, Stretch, planned, spread
from ui.animation.recomputer import Recomputer
from ui.export.pictures import PictureSettings, picture
from ui.export.tables import csv_text
from ui.plots import Plot, View, all_plots, plot_class
from ui.style.theme import DARK, LIGHT

# -- which steps ---------------------------------------------------------------------------------------------------


@given(
    end=st.integers(1, 100_000), frames=st.integers(2, 300), gaps=st.lists(st.integers(1, 20_000), max_size=40),
    step=st.floats(1e-6, 1), frame=st.floats(1e-4, 1), most=st.sampled_from([None, 1.0, 30.0]),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_a_plan_keeps_to_its_time_and_to_what_can_be_had(
    end: int, frames: int, gaps: list[int], step: float, frame: float, most: float | None
) -> None:
    kept = [0, *(at for at in np.cumsum(gaps).tolist() if at <= end)]
    wanted = spread(0, end, frames)
    costs = Costs(step, frame, 0.1)
    plan = planned(wanted, kept, costs, most)
    steps = plan.steps
    assert all(before < after for before, after in pairwise(steps))
    assert 1 <= len(steps) <= len(wanted) <= frames
    assert 0 <= steps[0] <= steps[-1] <= end
    assert all(stretch.start in kept and stretch.start <= stretch.steps[0] for stretch in plan.stretches)
    assert plan.even == (steps == wanted)
    assert most is None or plan.seconds <= most or len(steps) <= 2 or plan.even
    made = 0
    for stretch in plan.stretches:
        made += stretch.steps[-1] - stretch.start
    expected = 0.1 + made * step + len(steps) * frame + len(plan.stretches) * JUMP_SECONDS
    assert plan.seconds == pytest.approx(expected)


def test_steps_are_spread_evenly_and_each_comes_once() -> None:
    assert spread(0, 1000, 5) == (0, 250, 500, 750, 1000)
    assert spread(3, 5, 200) == (3, 4, 5)
    assert spread(7, 7, 200) == (7,)
    assert len(spread(0, 100_000, 200)) == 200


def test_a_checkpoint_is_used_where_going_on_would_take_longer() -> None:
    plan = planned((0, 100, 200), (0, 90, 199), Costs(0.01, 0.01), None)
    assert plan.stretches == (Stretch(0, (0,)), Stretch(90, (100,)), Stretch(199, (200,)))
    assert planned((0, 100, 200), (0, 90, 199), Costs(1e-6, 0.01), None).stretches == (Stretch(0, (0, 100, 200)),)


def test_a_plan_that_is_not_even_says_which_steps_it_shows() -> None:
    plan = planned(spread(0, 10_000, 200), (0, 2_000, 4_000, 6_000, 8_000), Costs(0.1, 0.02), 30.0)
    assert not plan.even
    told = plan_text(plan, 200)
    assert told.startswith(f"{len(plan.steps)} frames in place of 200, about ")
    assert "steps that are kept, or not far behind one that is: 0, " in told
    even = planned(spread(0, 100, 51), (0,), Costs(0.001, 0.1), 30.0)
    assert plan_text(even, 51) == "51 frames, steps 0 … 100, evenly spaced; about 5 s."


# -- the frames ----------------------------------------------------------------------------------------------------


class Given(QObject):
    """Brings frames that are there already."""

    arrived = Signal(object)
    failed = Signal(str)

    def __init__(self, frames: Sequence[Frame], parent: QObject) -> None:
        super().__init__(parent)
        self._frames = {frame.step: frame for frame in frames}

    def ask(self, stretches: tuple[Stretch, ...], plot: Plot[Any]) -> None:
        for stretch in stretches:
            for step in stretch.steps:
                self.arrived.emit(Recomputed(1, self._frames[step], 1, 0.01, 0.01))

    def cancel(self) -> None:
        """All of it is there."""


STEPS = 6


@cache
def looked_at(name: str) -> tuple[list[View], Record]:
    """A run each step of which was looked at with all that there is: the view at each step, and the record at last."""
    training = Training(Experiment.from_builtins(NETS[name]))
    record, observer = Record(History(training.columns)), Observer(training)
    views = []
    for step in range(STEPS + 1):
        training.propose(trace=True)
        scalars = training.scalars(validate=True)
        frame = frame_of(training, scalars, observer.observe(ALL))
        row = training.row(scalars)
        rows = (Rows(step, training.columns, row[np.newaxis][:0], row),)
        record.add(frame, rows)
        views.append(View(frame, deepcopy(record)))
        record.add(None, (Rows(step, training.columns, row[np.newaxis]),))
        training.apply()
    return views, record


def whole(steps: Sequence[int]) -> Plan:
    return Plan((Stretch(0, tuple(steps)),), 1.0, even=True)


def animated(
    plot: Plot[Any], views: list[View], record: Record, path: Path, qtbot: QtBot, **look: Any
) -> tuple[Animator, list[str]]:
    """The animation of a plot over all of a run, made to its end."""
    given = Given([view.frame for view in views], plot)
    animation = Animation(path, width=360, height=240, **look)
    animator = Animator(plot, AnimatedRun(record), cast("Recomputer", given), animation, plot)
    told: list[str] = []
    animator.finished.connect(told.append)
    animator.failed.connect(told.append)
    animator.start(whole([view.frame.step for view in views]))
    qtbot.waitUntil(lambda: bool(told))
    return animator, told


@pytest.mark.parametrize("key", thinned([kind.key for kind in all_plots()], first=2))
def test_each_picture_is_of_the_frame_of_its_step(key: str, qtbot: QtBot, tmp_path: Path) -> None:
    kind = plot_class(key)
    name = {"boundary": "highway", "kernels": "pooling", "feature_maps": "pooling"}.get(key)
    name = name or ("recurrent" if kind.kinds & {"lstm", "gru"} else "highway" if kind.kinds else "residual")
    views, record = looked_at(name)
    plot = kind()
    qtbot.addWidget(plot)
    plot.start(views[-1].frame.info)
    animator, told = animated(plot, views, record, tmp_path / "a.png", qtbot)
    expected = []
    for view in views:
        other = kind()
        qtbot.addWidget(other)
        other.refresh(view)
        if other.state is not None:
            expected.append(other.rows(other.state))
    if not expected:
        assert told[0].startswith(f"The animation was not written: “{kind.title}” shows nothing of these steps")
        assert not list(tmp_path.iterdir())
        return
    drawn = []
    for moment in animator.moments:
        plot.show_state(moment.state)
        drawn.append(plot.rows(moment.state))
    assert [repr(table.columns) for table in drawn] == [repr(table.columns) for table in expected]
    with Image.open(tmp_path / "a.png") as image:
        assert image.n_frames == len(expected)
        assert image.size == (360, 240)


def test_axes_stand_still_and_the_last_picture_is_that_of_the_plot(qtbot: QtBot, tmp_path: Path) -> None:
    views, record = looked_at("residual")
    plot = plot_class("gradient_depth")(theme=LIGHT, bare=True)
    qtbot.addWidget(plot)
    plot.start(views[-1].frame.info)
    animator, told = animated(plot, views, record, tmp_path / "a.png", qtbot, theme=LIGHT)
    assert told == [f"7 frames of “Gradient over depth”, steps 0 … 6, are in {tmp_path / 'a.png'}."]
    other = plot_class("gradient_depth")(theme=LIGHT, bare=True)
    qtbot.addWidget(other)
    other.start(views[-1].frame.info)
    states = [moment.state for moment in animator.moments]
    other.hold_axes(states)
    ranges = set()
    other.canvas.lay_out(360, 240)
    for state in (states[0], states[3], states[-1]):
        other.show_state(state)
    with Image.open(tmp_path / "a.png") as image:
        for place, state in enumerate(states):
            assert other.picture_title is not None
            other.picture_title.note = f"step {place}"
            other.show_state(state)
            ranges.add(tuple(map(tuple, other.canvas.panes[0].viewRange())))
            alone = picture(other, PictureSettings(360, 240))
            wanted = alone.convertToFormat(alone.Format.Format_RGB888)
            image.seek(place)
            pixels = np.asarray(image.convert("RGB"))
            rows = np.frombuffer(wanted.constBits(), np.uint8).reshape(240, wanted.bytesPerLine())[:, : 3 * 360]
            np.testing.assert_array_equal(pixels.reshape(240, -1), rows)
    assert len(ranges) == 1


def test_the_experiment_is_in_an_animation(qtbot: QtBot, tmp_path: Path) -> None:
    views, record = looked_at("residual")
    plot = plot_class("loss")()
    qtbot.addWidget(plot)
    plot.start(views[-1].frame.info)
    animated(plot, views, record, tmp_path / "a.png", qtbot, theme=DARK, frames_per_second=25)
    assert read(tmp_path / "a.png") == views[-1].frame.experiment
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["duration"] == 40
        assert image.convert("RGB").getpixel((2, 200)) == (0x19, 0x1D, 0x24)


def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left(qtbot: QtBot, tmp_path: Path) -> None:
    views, record = looked_at("residual")
    plot = plot_class("loss")()
    qtbot.addWidget(plot)
    plot.start(views[-1].frame.info)
    _, told = animated(plot, views, record, tmp_path / "nowhere" / "a.png", qtbot)
    assert told[0].startswith("The animation was not written: ")
    assert "No such file or directory" in told[0]
    assert not list(tmp_path.iterdir())


# -- the window ----------------------------------------------------------------------------------------------------

NET = {
    "data": {"kind": "moons"},
    "layers": [{"kind": "dense", "units": 5, "repeat": 2}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.2},
}


def asked(window: Any, qtbot: QtBot, steps: int, key: str = "gradient_depth") -> AnimationDialog:
    """The dialog after so many steps, once it knows how long it will take."""
    window.bench.play(steps)
    qtbot.waitUntil(lambda: not window.bench.playing and window.bench.view.frame.step == steps)
    window.exporting.animate(key)
    dialog = window.findChild(AnimationDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.plan is not None or dialog.error.isVisible())
    return cast("AnimationDialog", dialog)


@pytest.mark.parametrize(("mode", "key"), [("thread", "waterfall"), ("process", "gradient_depth")])
def test_the_window_animates_a_run_and_leaves_it_alone(
    mode: Mode, key: str, open_on: OpenOn, qtbot: QtBot, tmp_path: Path
) -> None:
    experiment = Experiment.from_builtins(NET)
    window = open_on(experiment, mode)
    dialog = asked(window, qtbot, 12, key)
    assert dialog.summary.text().startswith("13 frames, steps 0 … 12, evenly spaced; about ")
    assert not dialog.isModal()
    dialog.width_box.setValue(300)
    dialog.height_box.setValue(200)
    written: list[str] = []
    dialog.written.connect(written.append)
    dialog.write_to(tmp_path / "a.png")
    window.bench.play(8)
    # The run may end at any time, too, of which the banner tells.
    qtbot.waitUntil(lambda: bool(written))
    assert written[0].startswith("13 frames of ")
    with Image.open(tmp_path / "a.png") as image:
        assert image.n_frames == 13
    qtbot.waitUntil(lambda: not window.bench.playing and window.bench.view.frame.step == 20)
    alone = run(experiment, steps=20)
    np.testing.assert_array_equal(window.bench.record.history.series("loss").last, alone.history.series("loss").last)
    window.experiments.open_path(tmp_path / "a.png")
    qtbot.waitUntil(lambda: window.document.experiment == experiment)


def test_an_animation_that_is_cancelled_leaves_the_file_as_it_was(
    open_on: OpenOn, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(NET))
    dialog = asked(window, qtbot, 60)
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "a.png"
    path.write_bytes(b"old")
    dialog.write_to(path)
    qtbot.waitUntil(lambda: len(list(folder.glob(".*"))) == 1)
    assert dialog.progress.isVisible()
    dialog.reject()
    assert path.read_bytes() == b"old"
    assert os.listdir(folder) == ["a.png"]
    assert dialog.isVisible()
    assert dialog.which.isEnabled()
    dialog.reject()
    assert not dialog.isVisible()


@pytest.mark.parametrize("key", ["gradient_depth", "gradient_image"])
def test_networks_beside_the_run_are_in_every_picture(key: str, open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    lanes = [{"name": "faster", "set": {"optimizer.learning_rate": 0.5}}]
    window = open_on(Experiment.from_builtins({**NET, "lanes": lanes}))
    dialog = asked(window, qtbot, 6, key)
    dialog.write_to(tmp_path / "a.png")
    animator = dialog.animator
    assert animator is not None
    qtbot.waitUntil(lambda: "7 frames" in window.banner.text)
    alone = run(Experiment.from_builtins(NET).with_values([("optimizer.learning_rate", 0.5)]), steps=6)
    (state,) = animator.moments[-1].lanes.values()
    drawn = plot_class(key)(theme=LIGHT, bare=True)
    qtbot.addWidget(drawn)
    drawn.start(alone.info)
    drawn.refresh(View(alone.last, alone.record))
    assert drawn.state is not None
    assert csv_text(drawn.rows(state)) == csv_text(drawn.rows(drawn.state))


def test_a_run_that_has_gone_is_not_animated(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins(NET))
    dialog = asked(window, qtbot, 10)
    window.document.propose({**NET, "seed": 5}, "New seed")
    qtbot.waitUntil(lambda: not window.bench.building and window.bench.view is not None)
    dialog.write_to(tmp_path / "a.png")
    qtbot.waitUntil(dialog.error.isVisible)
    assert dialog.error.text() == "The animation was not written: another run has begun."
    assert not (tmp_path / "a.png").exists()
    dialog.reject()


def test_one_step_is_not_animated_and_that_is_said_as_long_as_it_is_so(open_on: OpenOn, qtbot: QtBot) -> None:
    window = open_on(Experiment.from_builtins(NET))
    window.exporting.animate()
    assert window.findChild(AnimationDialog) is None
    assert "one step only" in window.banner.text
    window.bench.play(1)
    qtbot.waitUntil(lambda: window.bench.view.frame.step == 1)
    qtbot.waitUntil(lambda: not window.banner.text)


def test_a_window_closes_while_it_animates(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins(NET), "process")
    dialog = asked(window, qtbot, 200)
    dialog.write_to(tmp_path / "a.png")
    qtbot.waitUntil(dialog.progress.isVisible)
