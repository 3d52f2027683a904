"""The start page: what stands on it, what each thing opens, and that it goes without a mouse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

import main
from simulator.data import Data
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import Preset, preset_groups, presets
from simulator.running.session import Session
from simulator.schema.parameter import concrete, grouped, kinds
from tests.ui.pixels import colours
from ui.app import create_app, start_document
from ui.board.workspaces import BUILT_IN
from ui.dialogs import files
from ui.dialogs.table import TableDialog
from ui.export.thumbnail import SCALE, SIZE
from ui.forms.rows import ChoiceRow
from ui.plots import all_plots
from ui.settings.preferences import START, prefer
from ui.settings.settings import Settings
from ui.start.groups import rows_of
from ui.start.page import StartPage
from ui.start.picture_button import PictureButton
from ui.start.pictures import file_picture, preset_picture
from ui.style.restyle import set_theme
from ui.style.theme import THEMES
from ui.window.experiments import new_experiment
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
Start = Callable[[], MainWindow]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Opens windows as a start without a file or preset does."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    set_theme(create_app(), "light")
    made: list[MainWindow] = []

    def open_window() -> MainWindow:
        window = MainWindow(start_document(None), lambda notify: Session("thread", notify))
        made.append(window)
        window.first_hour.begin(asked=False)
        window.show()
        assert not window.plot_area.board.seen or window.first_hour.page is None, "the page is painted first"
        window.bench.start()
        qtbot.waitUntil(lambda: window.bench.view is not None)
        return window

    yield open_window
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    for window in made:
        window.close()
        window.deleteLater()


@pytest.fixture
def window(start: Start) -> MainWindow:
    return start()


def page_of(window: MainWindow) -> StartPage:
    page = window.first_hour.page
    assert page is not None
    return page


# -- what stands on it -------------------------------------------------------------------------------------------


def test_every_preset_is_in_exactly_one_group() -> None:
    grouped_presets = [preset for group in preset_groups() for preset in group.presets]
    assert sorted(preset.id for preset in grouped_presets) == sorted(preset.id for preset in presets())
    assert all(group.presets for group in preset_groups())


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.id)
def test_a_preset_has_a_question_a_plot_a_workspace_and_a_picture_for_each_theme(preset: Preset) -> None:
    assert preset.question.endswith("?")
    assert len(preset.question.split()) <= 8
    plots = {plot.key: plot for plot in all_plots()}
    kinds_shown = plots[preset.plot].kinds
    assert not kinds_shown or kinds_shown & {layer.kind for layer in preset.load().layers}
    assert preset.workspace in {workspace.id for workspace in BUILT_IN}
    for theme in THEMES.values():
        image = QImage(str(preset_picture(preset.id, theme)))
        assert image.size() == SIZE * SCALE
        assert colours(image) > 3, "nothing is drawn"


def test_no_picture_is_of_a_preset_that_is_gone_and_all_are_small() -> None:
    kept = {preset_picture(preset.id, theme) for preset in presets() for theme in THEMES.values()}
    stored = set(next(iter(kept)).parent.iterdir())
    assert stored == kept
    assert sum(path.stat().st_size for path in stored) < 600_000


def test_every_data_set_is_in_a_group() -> None:
    assert all(group for group in grouped(concrete(Data)))
    assert sum(len(parts) for parts in grouped(concrete(Data)).values()) == len(kinds(Data))


@pytest.mark.parametrize("kind", [k for k in kinds(Data) if k not in ("csv", "images")])
def test_a_new_experiment_can_be_built_on_every_data_set(kind: str) -> None:
    experiment = new_experiment(kind)
    assert experiment.data.kind == kind
    assert isinstance(Experiment.from_json(experiment.to_json()), Experiment)


def test_the_form_lists_data_sets_under_headings_that_cannot_be_chosen(window: MainWindow) -> None:
    row = window.training.form("data").row(("data", "kind")) or window.training.form("data").row(("kind",))
    assert row is not None
    assert isinstance(row, ChoiceRow)
    model = row.combo.model()
    rows = [model.index(i, 0) for i in range(row.combo.count())]
    headings = [index.data() for index in rows if not model.flags(index) & Qt.ItemFlag.ItemIsEnabled]
    assert headings == list(grouped(concrete(Data)))
    assert sorted(row.offered) == sorted(kinds(Data))


def test_the_page_offers_every_preset_and_every_data_set(window: MainWindow) -> None:
    page = page_of(window)
    assert [p.accessibleName() for p in page.presets.pictures] == [
        f"{preset.question} {preset.title}" for group in preset_groups() for preset in group.presets
    ]
    assert all(page.findChild(QPushButton, f"data.{kind}") is not None for kind in kinds(Data))


def test_groups_stay_together_where_the_row_has_room() -> None:
    assert rows_of([4, 2, 5], 6) == [[(0, 4), (1, 2)], [(2, 5)]]
    assert rows_of([2, 5], 4) == [[(0, 2)], [(1, 4)], [(1, 1)]]
    assert rows_of([1], 1) == [[(0, 1)]]


@pytest.fixture(params=[1.0, 1.5])
def letters(request: pytest.FixtureRequest) -> Iterator[None]:
    """The desktop's letters, so many times as large."""
    app = create_app()
    before = app.font()
    font = QFont(before)
    font.setPointSizeF(before.pointSizeF() * request.param)
    app.setFont(font)
    yield
    app.setFont(before)


@pytest.mark.usefixtures("letters")
def test_nothing_is_cut_or_covered(start: Start) -> None:
    window = start()
    page = page_of(window)
    for size in ((960, 600), (1280, 800), (2560, 1440)):
        window.resize(*size)
        QApplication.processEvents()
        pictures = page.presets.pictures
        for picture in pictures:
            assert page.presets.rect().contains(picture.geometry())
            assert not any(picture.geometry().intersects(each.geometry()) for each in pictures if each is not picture)
            assert title_fits(picture)
        for button in page.findChildren(QPushButton):
            assert button.width() >= button.minimumSizeHint().width()
            assert button.parentWidget().rect().contains(button.geometry())


def title_fits(picture: PictureButton) -> bool:
    bold = QFont(picture.font())
    bold.setBold(True)
    needed = QFontMetrics(bold).boundingRect(
        0, 0, picture.width() - 16, 1000, int(Qt.TextFlag.TextWordWrap), picture.title
    )
    return needed.height() <= picture.title_room.height() + 1


# -- what it opens -----------------------------------------------------------------------------------------------


def test_a_picture_opens_its_preset_and_the_workspace_that_makes_its_point(qtbot: QtBot, window: MainWindow) -> None:
    page = page_of(window)
    at = [p.id for group in preset_groups() for p in group.presets].index("spiral")
    qtbot.mouseClick(page.presets.pictures[at], LEFT)
    assert window.first_hour.page is None
    assert window.document.experiment == next(p for p in presets() if p.id == "spiral").load()
    assert window.plot_area.workspaces.current == "learning"


def test_a_data_set_begins_a_new_experiment(qtbot: QtBot, window: MainWindow) -> None:
    button = page_of(window).findChild(QPushButton, "data.adding")
    assert button is not None
    qtbot.mouseClick(button, LEFT)
    assert window.first_hour.page is None
    assert window.document.experiment == new_experiment("adding")


def test_new_begins_as_the_menu_does(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(page_of(window).new, LEFT)
    assert window.first_hour.page is None
    assert window.document.experiment.data.kind == "digits"


def test_open_data_asks_for_a_table_and_shows_its_dialog(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "flowers.csv"
    table.write_text("a,b,c\n" + "\n".join(f"{i},{i * i},{i % 2}" for i in range(40)))
    monkeypatch.setattr(files, "ask_table", lambda *_: table)
    qtbot.mouseClick(page_of(window).data, LEFT)
    dialog = window.findChild(TableDialog)
    assert dialog is not None
    assert dialog.isVisible()
    dialog.reject()
    QApplication.processEvents()
    assert window.first_hour.page is not None, "nothing was chosen"


def test_images_of_ones_own_are_asked_for_as_a_folder(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(3):
            image = QImage(8, 8, QImage.Format.Format_RGB32)
            image.fill(i * 40)
            image.save(str(tmp_path / "pets" / name / f"{i}.png"))
    monkeypatch.setattr(files, "ask_images", lambda *_: tmp_path / "pets")
    button = page_of(window).findChild(QPushButton, "data.images")
    assert button is not None
    qtbot.mouseClick(button, LEFT)
    assert window.document.experiment.data.kind == "images"
    assert [(each.kind, each.repeat) for each in window.document.experiment.layers] == [("dense", 4)]
    assert window.first_hour.page is None


def test_a_table_of_ones_own_begins_a_small_network(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "flowers.csv"
    table.write_text("a,b,c\n" + "\n".join(f"{i},{i * i},{i % 2}" for i in range(40)))
    monkeypatch.setattr(files, "ask_table", lambda *_: table)
    before = window.document.experiment
    qtbot.mouseClick(page_of(window).data, LEFT)
    dialog = window.findChild(TableDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.pages.currentIndex() == 1)
    dialog.accept()
    began = window.document.experiment
    assert began.data.kind == "csv"
    assert began.layers != before.layers
    assert [(each.kind, each.repeat) for each in began.layers] == [("dense", 4)]
    assert window.first_hour.page is None


def test_a_saved_experiment_is_a_recent_one_with_its_picture(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    window = start()
    window.first_hour.close_page()
    qtbot.waitUntil(lambda: shows_something(window))
    window.document.save(tmp_path / "mine.json")
    Settings().add_recent(tmp_path / "mine.json")
    window.experiments.new()
    for theme in THEMES.values():
        assert QImage(str(file_picture(tmp_path / "mine.json", theme))).size() == SIZE * SCALE
    window.first_hour.open_page()
    (recent,) = page_of(window).recent.pictures
    assert recent.accessibleName().startswith("mine")
    assert recent.hasFocus()
    qtbot.mouseClick(recent, LEFT)
    assert window.document.name == "mine"
    assert window.first_hour.page is None


def test_a_saved_run_is_a_recent_one_with_its_picture_and_told_from_its_experiment(
    qtbot: QtBot, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start()
    window.first_hour.close_page()
    qtbot.waitUntil(lambda: shows_something(window))
    for ending in (".json", ".nabla"):
        monkeypatch.setattr(files, "ask_save", lambda *_, ending=ending: tmp_path / f"mine{ending}")
        assert window.experiments.save_as()
        assert window.bench.keeper.wait()
    window.experiments.new()
    window.first_hour.open_page()
    run, experiment = page_of(window).recent.pictures
    assert run.accessibleName() == f"mine run · {tmp_path.name}"
    assert experiment.accessibleName() == f"mine {tmp_path.name}"
    for theme in THEMES.values():
        assert QImage(str(file_picture(tmp_path / "mine.nabla", theme))).size() == SIZE * SCALE
    qtbot.mouseClick(run, LEFT)
    assert window.document.path == tmp_path / "mine.nabla"
    assert window.first_hour.page is None


def shows_something(window: MainWindow) -> bool:
    plot = window.plot_area.focused_plot()
    return plot is not None and plot.state is not None


# -- with it and without it --------------------------------------------------------------------------------------


def test_escape_gives_the_bench_back_and_space_presses_instead_of_playing(qtbot: QtBot, window: MainWindow) -> None:
    page = page_of(window)
    first = page.presets.pictures[0]
    QTest.keyClick(first, Qt.Key.Key_Escape)
    assert window.first_hour.page is None
    window.first_hour.open_page()
    button = page_of(window).new
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert not window.bench.playing
    assert window.first_hour.page is None


def test_tab_goes_round_on_the_page_and_never_behind_it(window: MainWindow) -> None:
    page = page_of(window)
    window.activateWindow()
    page.take_focus()
    seen = []
    for _ in range(120):
        focused = QApplication.focusWidget()
        assert focused is not None
        assert page.isAncestorOf(focused)
        seen.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert set(page.presets.pictures) | {page.new, page.past, page.at_start} <= set(seen)


def test_the_page_can_be_done_without(qtbot: QtBot, start: Start) -> None:
    window = start()
    qtbot.mouseClick(page_of(window).at_start, LEFT)
    assert start().first_hour.page is None
    assert window.first_hour.page is not None


def test_a_start_with_a_preset_shows_the_bench(qtbot: QtBot) -> None:
    set_theme(create_app(), "light")
    window = MainWindow(start_document("spiral"), lambda notify: Session("thread", notify))
    assert window.first_hour.page is None
    window.bench.close()
    window.deleteLater()


def test_the_plots_behind_the_page_are_made_after_it_is_painted(qtbot: QtBot, start: Start) -> None:
    window = start()
    assert window.first_hour.page is not None
    qtbot.waitUntil(lambda: len(window.plot_area.board.seen) > 2)
    assert window.first_hour.page is not None


def test_the_page_imports_nothing_that_the_window_has_not() -> None:
    code = (
        "import sys, ui.bench.bench, ui.board.plot_area, ui.forms.training, ui.window.experiments; "
        "before = set(sys.modules); import ui.start.page; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('ui.start')))"
    )
    folder = Path(main.__file__).parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True)
    assert done.stdout.strip() == "[]"


def test_the_preference_acts_as_the_box_does(start: Start) -> None:
    prefer(START, "off")
    assert start().first_hour.page is None
    prefer(START, "on")
    assert start().first_hour.page is not None
