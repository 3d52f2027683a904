"""Every picture that the bench exports carries the experiment that it shows, and opens it again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import nablascope
from simulator.experiment.embedded import extract
from simulator.experiment.experiment import Experiment
from tests.thinned import thinned
from tests.ui.drops import drop
from tests.ui.plot_data import experiment_at, view
from tests.ui.windows import OpenOn
from ui.app import start_document
from ui.dialogs import files
from ui.export import PictureSettings, copy_picture, export_all, export_plot
from ui.export.headless import draw_all
from ui.plots import Plot, all_plots, plot_class
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons"},
    "layers": [{"kind": "dense", "units": 5}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.125},
    "batch_size": 20,
}


def shown(key: str, qtbot: QtBot, steps: int = 40) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.refresh(view(5, steps))
    return plot


@pytest.mark.parametrize(("key", "kind"), thinned([kind.key for kind in all_plots()], ["png", "svg"]))
def test_the_experiment_of_the_step_that_is_shown_is_in_the_picture(
    key: str, kind: str, qtbot: QtBot, tmp_path: Path
) -> None:
    plot = shown(key, qtbot)
    path = export_plot(plot, tmp_path / f"picture.{kind}", PictureSettings(300, 200))
    carried = extract(path)
    assert carried.experiment == nablascope.load(path) == experiment_at(40)
    assert (carried.title, carried.step, carried.version) == (plot.title, 40, nablascope.__version__)


def test_the_picture_is_the_same_to_the_last_pixel(qtbot: QtBot, tmp_path: Path) -> None:
    plot = shown("gradient_depth", qtbot)
    carried, carried_svg = (export_plot(plot, tmp_path / f"with.{kind}") for kind in ("png", "svg"))
    plot.experiment = None
    plain, plain_svg = (export_plot(plot, tmp_path / f"without.{kind}") for kind in ("png", "svg"))
    assert QImage(str(carried)) == QImage(str(plain))
    element = re.compile(rb"\n<metadata .*</metadata>")
    assert element.search(carried_svg.read_bytes())
    assert element.sub(b"", carried_svg.read_bytes()) == plain_svg.read_bytes()


def test_numbers_and_pages_to_print_are_as_they_were(qtbot: QtBot, tmp_path: Path) -> None:
    plot = shown("loss", qtbot)
    assert b"nablascope-experiment" not in export_plot(plot, tmp_path / "p.csv").read_bytes()
    assert export_plot(plot, tmp_path / "p.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_all_plots_at_once_carry_it_too(kind: Any, qtbot: QtBot, tmp_path: Path) -> None:
    plots = [shown(plot.key, qtbot, 7) for plot in all_plots()[:4]]
    for path in export_all(plots, tmp_path, kind, PictureSettings(200, 140)).written:
        assert nablascope.load(path) == experiment_at(7)


def test_the_plots_of_a_run_without_a_screen_carry_it(qapp: QApplication, tmp_path: Path) -> None:
    result = nablascope.run(Experiment.from_builtins(PLAIN), steps=3)
    drawn = draw_all(result.last, result.record, tmp_path, PictureSettings(200, 140))
    assert len(drawn.written) > 10
    for path in drawn.written:
        assert nablascope.load(path) == Experiment.from_builtins(PLAIN)
        assert extract(path).step == 3


def test_a_picture_on_the_clipboard_carries_it_too(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    copy_picture(shown("loss", qtbot), PictureSettings(300, 200, 2.0))
    path = tmp_path / "pasted.png"
    path.write_bytes(bytes(qapp.clipboard().mimeData().data("image/png").data()))
    assert extract(path).experiment == experiment_at(40)
    assert QImage(str(path)) == qapp.clipboard().image().convertToFormat(QImage(str(path)).format())


# -- in a window ------------------------------------------------------------------------------------------------------


def rate(experiment: Experiment) -> float:
    return float(experiment.optimizer.learning_rate)


def set_rate(window: MainWindow, value: float, qtbot: QtBot) -> None:
    plain = window.document.experiment.to_builtins()
    assert window.document.propose({**plain, "optimizer": {"kind": "sgd", "learning_rate": value}}, "Rate") is None
    record = window.bench.record
    qtbot.waitUntil(lambda: rate(record.experiment_at(record.steps)) == value)


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_a_plot_that_is_held_carries_what_was_trained_then(
    mode: Any, open_on: OpenOn, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN), mode)
    held, live = window.plot_area.plot("gradient_depth"), window.plot_area.plot("loss")
    held.set_paused(True)
    set_rate(window, 0.25, qtbot)
    window.bench.play(3)
    qtbot.waitUntil(lambda: window.bench.record.steps >= 3 and not window.bench.playing)
    qtbot.waitUntil(lambda: live.state is not None and live.state.step == 3)
    carried = [extract(export_plot(plot, tmp_path / f"{plot.key}.png")) for plot in (held, live)]
    assert [(rate(each.experiment), each.step) for each in carried] == [(0.125, 0), (0.25, 3)]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_picture_that_is_dropped_opens_its_experiment_as_an_untitled_copy(
    kind: str, open_on: OpenOn, qtbot: QtBot, tmp_path: Path
) -> None:
    path = export_plot(shown("waterfall", qtbot), tmp_path / f"mine.{kind}")
    before = path.read_bytes()
    window = open_on(Experiment.from_builtins(PLAIN))
    drop(window, path)
    assert window.document.experiment == experiment_at(40)
    assert window.document.path is None
    assert not window.document.dirty
    assert "“Gradient waterfall”, which showed step 40" in window.banner.text
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert path.read_bytes() == before


def test_a_start_on_a_picture_opens_an_untitled_copy(qtbot: QtBot, tmp_path: Path) -> None:
    document = start_document(str(export_plot(shown("loss", qtbot), tmp_path / "mine.png")))
    assert document.experiment == experiment_at(40)
    assert document.path is None


def test_saving_what_a_picture_opened_asks_where_and_leaves_the_picture(
    open_on: OpenOn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = export_plot(shown("loss", qtbot), tmp_path / "mine.png")
    before = path.read_bytes()
    window = open_on(Experiment.from_builtins(PLAIN))
    window.experiments.open_path(path)
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "saved.json")
    assert window.experiments.save()
    assert nablascope.load(tmp_path / "saved.json") == experiment_at(40)
    assert path.read_bytes() == before


def test_a_picture_without_an_experiment_is_told_in_one_sentence_and_changes_nothing(
    open_on: OpenOn, tmp_path: Path
) -> None:
    image = QImage(9, 9, QImage.Format.Format_RGB32)
    image.fill(0)
    image.save(str(tmp_path / "holiday.png"))
    window = open_on(Experiment.from_builtins(PLAIN))
    before = window.document.experiment
    drop(window, tmp_path / "holiday.png")
    assert window.banner.text.startswith("Not opened: holiday.png carries no experiment")
    assert "\n" not in window.banner.text
    assert window.document.experiment == before
