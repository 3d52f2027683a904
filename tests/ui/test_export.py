from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator.system.progress import CancelledError, listening
from tests.ui.painted import Recorder
from tests.ui.pixels import colours, lightness
from tests.ui.plot_data import view
from tests.ui.real_runs import real
from ui.export import ExportError, PictureSettings, copy_picture, export_all, export_plot
from ui.export.headless import draw_all
from ui.export.pictures import ExportedPlots, picture
from ui.export.tables import cell_text
from ui.export.thumbnail import thumbnail
from ui.plots import Plot, View, all_plots, plot_class
from ui.style.theme import DARK, LIGHT

keys = pytest.mark.parametrize("key", [plot.key for plot in all_plots()])


def shown(key: str, qtbot: QtBot, given: View | None = None, **kwargs: Any) -> Plot[Any]:
    plot = plot_class(key)(**kwargs)
    qtbot.addWidget(plot)
    plot.refresh(given or view(5))
    return plot


@keys
def test_a_png_has_exactly_the_size_asked_for(key: str, qtbot: QtBot, tmp_path: Path) -> None:
    path = export_plot(shown(key, qtbot), tmp_path / "p.png", PictureSettings(401, 257, 1.5))
    image = QImage(str(path))
    assert (image.width(), image.height()) == (round(401 * 1.5), round(257 * 1.5))
    assert colours(image) > 10
    assert image.pixelColor(1, image.height() - 1).name() == LIGHT.panel


def test_a_scaled_picture_has_scaled_lines_and_text(qtbot: QtBot) -> None:
    plot = shown("gradient_depth", qtbot)
    small, large = picture(plot, PictureSettings(400, 260)), picture(plot, PictureSettings(400, 260, 2.0))
    back = large.scaled(400, 260)
    assert np.mean(np.abs(lightness(small) - lightness(back)) > 96) < 0.02
    ink = [np.count_nonzero(lightness(image) < 128) for image in (small, large)]
    assert ink[1] > 2.8 * ink[0]


def test_the_title_is_in_the_picture(qtbot: QtBot) -> None:
    image = picture(shown("loss", qtbot), PictureSettings(400, 260))
    assert np.count_nonzero(lightness(image)[2:24, 8:160] < 100) > 60


def test_the_ground_is_light_by_choice(qtbot: QtBot) -> None:
    plot = shown("weights", qtbot, theme=DARK)
    assert picture(plot, PictureSettings(300, 200)).pixelColor(1, 199).name() == LIGHT.panel


def test_an_export_leaves_the_plot_as_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    plot = shown("gradient_time", qtbot)
    plot.resize(420, 280)
    before = plot.grab().toImage()
    export_plot(plot, tmp_path / "a.png", PictureSettings(300, 200))
    export_plot(plot, tmp_path / "a.svg")
    assert plot.grab().toImage() == before


def test_a_ghost_and_a_zoom_are_exported_too(qtbot: QtBot) -> None:
    plot = shown("gradient_depth", qtbot)
    plain = picture(plot, PictureSettings(400, 260))
    plot.refresh(view(5, 20))
    plot.pin()
    pinned = picture(plot, PictureSettings(400, 260))
    assert pinned != plain
    plot.canvas.panes[0].manual = True  # as the mouse leaves it
    plot.canvas.panes[0].setRange(xRange=(0, 2), padding=0)
    assert picture(plot, PictureSettings(400, 260)) != pinned


@keys
def test_svg_is_a_vector_picture_of_its_size(key: str, qtbot: QtBot, tmp_path: Path) -> None:
    path = export_plot(shown(key, qtbot), tmp_path / "p.svg", PictureSettings(640, 400))
    root = ET.parse(path).getroot()
    assert root.tag.endswith("svg")
    assert root.get("viewBox") == "0 0 640 400"
    assert len(list(root.iter())) > 40
    assert any("".join(e.itertext()).strip() == plot_class(key).title for e in root.iter() if e.tag.endswith("text"))


@keys
def test_pdf_is_one_page_of_its_size(key: str, qtbot: QtBot, tmp_path: Path) -> None:
    data = export_plot(shown(key, qtbot), tmp_path / "p.pdf", PictureSettings(640, 400)).read_bytes()
    assert data.startswith(b"%PDF")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert box is not None
    assert [float(v) for v in box.groups()] == pytest.approx([480, 300], abs=0.6)
    assert len(re.findall(rb"/Type /Page\b", data)) == 1


@pytest.mark.skipif(not (shutil.which("rsvg-convert") and shutil.which("pdftoppm")), reason="no other program here")
def test_another_program_draws_the_same_picture(qtbot: QtBot, tmp_path: Path) -> None:
    plot = shown("gradient_depth", qtbot)
    wanted = QImage(str(export_plot(plot, tmp_path / "p.png", PictureSettings(640, 400))))
    svg, pdf = export_plot(plot, tmp_path / "p.svg", PictureSettings(640, 400)), tmp_path / "p.pdf"
    export_plot(plot, pdf, PictureSettings(640, 400))
    subprocess.run(["rsvg-convert", str(svg), "-o", str(tmp_path / "svg.png")], check=True)
    subprocess.run(["pdftoppm", "-r", "96", "-png", "-singlefile", str(pdf), str(tmp_path / "pdf")], check=True)
    for name in ("svg.png", "pdf.png"):
        image = QImage(str(tmp_path / name))
        assert (image.width(), image.height()) == (640, 400)
        assert np.mean(np.abs(lightness(image) - lightness(wanted)) > 80) < 0.03


def test_csv_keeps_every_digit(qtbot: QtBot, tmp_path: Path) -> None:
    given = view(4)
    values = (1e-300, 0.1 + 0.2, math.nan, math.inf)
    given.frame.measures["weight_gradient_norm"][:] = values
    path = export_plot(shown("gradient_depth", qtbot, given), tmp_path / "t.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["weight_gradient_norm"] for row in rows] == ["1e-300", "0.30000000000000004", "nan", "inf"]
    assert [row["layer"] for row in rows] == ["1", "2", "3", "4"]


def test_cells_that_are_not_defined_are_empty() -> None:
    assert [cell_text(cell) for cell in (None, 1, "out", 1e-12)] == ["", "1", "out", "1e-12"]


def test_all_plots_at_once(qtbot: QtBot, tmp_path: Path) -> None:
    plots = [shown(plot.key, qtbot) for plot in all_plots()]
    empty = plot_class("loss")()
    qtbot.addWidget(empty)
    exported = export_all([*plots, empty], tmp_path / "new" / "folder", "csv")
    assert [path.name for path in exported.written] == [f"{plot.title}.csv" for plot in all_plots()]
    assert len({path.name.lower() for path in exported.written}) == len(plots)
    assert exported.sentence == (
        f"{len(plots)} of {len(plots) + 1} plots written; one had nothing to show: Loss and accuracy."
    )


def test_what_became_of_several_plots_is_one_sentence() -> None:
    files = tuple(Path(f"{number}.png") for number in range(24))
    empty = ("Gates", "Kernels", "Feature maps", "Decision boundary", "Singular values")
    assert (
        ExportedPlots(files, empty, 29).sentence
        == f"24 of 29 plots written; five had nothing to show: {', '.join(empty)}."
    )
    assert ExportedPlots(files, (), 24).sentence == "All 24 plots written."
    assert (
        ExportedPlots(files[:7], empty, 29, cancelled=True).sentence == "7 of 29 plots written, then it was cancelled."
    )
    assert ExportedPlots(files[:1], (), 1).sentence == "1 of 1 plot written."


def test_titles_with_commas_are_told_apart() -> None:
    exported = ExportedPlots((Path("a"),), ("Gates", "Gradient, step by step"), 3)
    assert exported.sentence == "1 of 3 plots written; two had nothing to show: Gates, “Gradient, step by step”."


def test_files_of_one_folder_have_names_of_their_own_which_every_system_takes(qtbot: QtBot, tmp_path: Path) -> None:
    plots = [shown("loss", qtbot) for _ in range(5)]
    for plot, title in zip(plots, ("Loss", "loss", "A/B: C?", "é" * 300, " . "), strict=True):
        plot.title = title
    written = [path.name for path in export_all(plots, tmp_path, "csv").written]
    assert written == ["Loss.csv", "loss (2).csv", "AB C.csv", f"{'é' * 60}.csv", "loss (3).csv"]


def test_an_export_can_be_cancelled_between_two_plots(qtbot: QtBot, tmp_path: Path) -> None:
    plots = [shown(plot.key, qtbot) for plot in all_plots()[:5]]

    def end(_doing: str, done: float, _total: float, _unit: str) -> None:
        if done == 3:
            raise CancelledError

    with listening(end):
        exported = export_all(plots, tmp_path, "csv")
    assert exported.cancelled
    assert sorted(path.name for path in exported.written) == sorted(path.name for path in tmp_path.iterdir())
    assert len(exported.written) == 3


def test_the_clipboard_gets_a_picture(qtbot: QtBot, qapp: QApplication) -> None:
    copy_picture(shown("weights", qtbot), PictureSettings(300, 200, 2.0))
    image = qapp.clipboard().image()
    assert (image.width(), image.height()) == (600, 400)
    assert colours(image) > 10


def test_every_failure_is_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    plot = shown("weights", qtbot)
    with pytest.raises(ExportError, match=r"cannot export as “gif”: choose one of png, svg, pdf, csv"):
        export_plot(plot, tmp_path / "p.gif")
    with pytest.raises(ExportError, match=r"width must be 120 … 16\u202f384 pixels, not 40\u202f000"):
        export_plot(plot, tmp_path / "p.png", PictureSettings(20000, scale=2))
    with pytest.raises(ExportError, match=r"the folder .* does not exist"):
        export_plot(plot, tmp_path / "nowhere" / "p.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot make the folder"):
        export_all([plot], tmp_path / "file", "png")
    empty = plot_class("loss")()
    qtbot.addWidget(empty)
    with pytest.raises(ExportError, match="“Loss and accuracy” shows nothing yet"):
        export_plot(empty, tmp_path / "p.png")
    with pytest.raises(ExportError, match="no plot shows anything yet"):
        export_all([empty], tmp_path, "png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_failure_leaves_the_old_file_whole(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.csv"
    path.write_text("old")
    plot = shown("weights", qtbot)

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ExportError, match="No space left on device"):
        export_plot(plot, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_without_a_screen_draws_what_it_has(qapp: QApplication, tmp_path: Path) -> None:
    given = view(4, plane=False)
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "boundary.png").write_bytes(b"of an earlier run")
    drawn = draw_all(
        given.frame, given.record, tmp_path / "plots", PictureSettings(320, 200)
    )  # fmt: skip
    assert {path.stem for path in drawn.written} == {plot.key for plot in all_plots()} - {"boundary"}
    assert all(colours(QImage(str(path))) > 5 for path in drawn.written)
    assert {*(tmp_path / "plots").iterdir()} == {*drawn.written}
    assert drawn.sentence.endswith("; one had nothing to show: Decision boundary.")


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_a_small_picture_of_a_plot_has_no_words(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    """But for the letters of the computation graph's boxes, which are its shapes."""
    for net in ("recurrent", "residual"):
        plot = kind()
        qtbot.addWidget(plot)
        plot.refresh(real(net))
        recorder = Recorder()
        with recorder.on():
            thumbnail(plot, LIGHT)
        assert recorder.texts == [] or kind.key == "computation_graph"
