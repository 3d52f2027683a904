"""The manual: a page for everything registered, no dead link, no formula that cannot be set, and its window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from simulator import run
from simulator.commands.reference import nested
from simulator.doctor.base import Finding
from simulator.doctor.rules import RULES, SUSPECTS
from simulator.experiment.experiment import Experiment
from simulator.measures import RECORDED
from simulator.observations.registry import analyses
from simulator.running.stop_rules import StopRule
from simulator.schema.parameter import concrete, kind_of, own_first, summary_of
from tests.thinned import thinned
from tests.ui.windows import OpenOn
from ui.board.workspaces import BUILT_IN
from ui.chart.explanation import Explanation
from ui.doctor.panel import FindingRow
from ui.doctor.trials import Offer
from ui.forms.form import Fields
from ui.manual.book import chapters, contents, pages, write_manual
from ui.manual.page import Page
from ui.manual.search import search
from ui.manual.window import ManualWindow
from ui.plots import all_plots
from ui.style.formulas import Lettering, picture
from ui.style.help import address, finding_page, follow, help_asked, page_of, part_page, path_of, set_page
from ui.style.markdown import links, plain, to_html, unset_formulas
from ui.style.restyle import set_theme
from ui.style.theme import DARK, LIGHT

EXPERIMENT = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 3}]})
EVERY_PAGE = pytest.mark.parametrize("page", pages().values(), ids=lambda page: page.path)
SET_PAGES = pytest.mark.parametrize("page", thinned([*pages().values()], name=lambda page: page.path))
"""A third of them in each run of the tests: setting formulas takes its time."""
FORMULATED = ("Layer", "Loss", "Optimizer", "Schedule", "Activation", "Initializer")
"""Bases all of whose kinds compute something; a flatten computes nothing."""


def lettering(size: float = 1.0) -> Lettering:
    font = QFont(QApplication.font())
    font.setPointSizeF(size * font.pointSizeF())
    return Lettering(font, LIGHT.text)


# -- what there is a page of ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", all_plots(), ids=lambda plot: plot.key)
def test_every_plot_has_a_page_that_says_how_to_read_it(plot: type) -> None:
    text = pages()[f"plots/{plot.key}"].text
    assert plot.explain in text
    assert plot.formula in text
    for heading in ("How to read it", "Healthy", "Sick", "Source"):
        assert f"## {heading}\n" in text
    for option in plot.offers:
        assert option.help in text


@pytest.mark.parametrize("rule", [*RULES, *SUSPECTS], ids=lambda rule: rule.name)
def test_every_finding_has_a_page(rule: object) -> None:
    text = pages()[finding_page(rule.name)].text
    for heading in ("What it means", "What it goes by", "What helps"):
        assert f"## {heading}\n" in text
    assert "[[" not in text


def test_every_kind_of_every_part_has_a_page_with_all_its_fields() -> None:
    for field in nested():
        for kind in field.kinds:
            text = pages()[part_page(kind)].text
            for knob in own_first(kind):
                assert f"`{knob.name}`" in text
                assert knob.knob.help.replace("|", "\\|") in text


def test_every_kind_that_computes_says_its_formula_and_its_page_shows_it() -> None:
    for field in nested():
        for kind in field.kinds:
            computes = field.part.__name__ in FORMULATED and kind_of(kind) != "flatten"
            assert bool(kind.formula) >= computes, kind
            assert kind.formula in pages()[part_page(kind)].text


def test_the_experiment_its_single_parts_and_every_measure_are_described() -> None:
    assert all(f"`{knob.name}`" in pages()["parts/experiment"].text for knob in own_first(Experiment))
    assert all(f"`{measure.name}`" in pages()["parts/measures"].text for measure in RECORDED)
    for field in nested():
        if not field.kinds:
            assert all(f"`{knob.name}`" in pages()[f"parts/{field.name}"].text for knob in own_first(field.part))


# -- what is on the pages ---------------------------------------------------------------------------------------------


@EVERY_PAGE
def test_no_page_is_empty_and_all_its_links_resolve(page: Page) -> None:
    assert page.title
    assert len(plain(page.text).split()) >= 5
    for link in links(page.markdown):
        assert page.target(link) in pages(), link


@SET_PAGES
def test_every_formula_can_be_set(page: Page, qapp: QApplication) -> None:
    assert unset_formulas(page.markdown, lettering()) == []


@SET_PAGES
def test_no_dollar_or_bracket_of_a_formula_or_a_link_is_left_on_a_page(page: Page, qapp: QApplication) -> None:
    from PySide6.QtGui import QTextDocument

    document = QTextDocument()
    document.setHtml(to_html(page.markdown, lettering()))
    shown = document.toPlainText()
    assert not any(mark in shown for mark in ("$", "](", "[[", "``", "**", "##"))


def test_a_formula_that_cannot_be_set_is_shown_as_its_source(qapp: QApplication) -> None:
    for bad in (r"\frac{a", r"\left( a", r"\odotg", r"\exp\left(\sum_i p_i\right)", "{" * 3000):
        with pytest.raises(ValueError):
            picture(bad, lettering(), display=True)
    assert "<code>\\frac{a&lt;b</code>" in to_html(r"See $\frac{a<b$.", lettering())
    assert unset_formulas(r"$x$ and $\frac{a$", lettering()) == [r"\frac{a"]


def test_formulas_grow_with_the_font_and_take_its_colour(qapp: QApplication) -> None:
    def width(html: str) -> int:
        return int(html.split('width="')[1].split('"')[0])

    small, large = (width(picture("W^l", lettering(size))) for size in (1.0, 1.5))
    assert large == pytest.approx(1.5 * small, abs=2)
    assert picture("W", Lettering(QFont(), LIGHT.text)) != picture("W", Lettering(QFont(), DARK.text))


def test_html_in_a_text_is_text(qapp: QApplication) -> None:
    assert "<script>" not in to_html("a <script>b</script>", lettering())


# -- searching and writing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("waterfall", "plots/waterfall"),
        ("dead", "findings/dead"),
        ("adam", "parts/optimizer/adam"),
        ("glossary", "glossary"),
        ("clip norm", "parts/regularization"),
        ("xavier", "parts/initializer/glorot_normal"),
        ("saturation", "plots/saturation"),
        ("vanish", "findings/vanishing"),
    ],
)
def test_a_search_finds_the_page_among_the_first_that_is_about_it(query: str, path: str) -> None:
    assert path in [page.path for page in search(query)[:3]]


def test_a_search_for_nothing_or_for_no_word_of_the_manual_finds_nothing() -> None:
    assert search("  ") == search("xyzzyx") == search("adam xyzzyx") == []


def test_the_written_manual_has_every_page_and_a_list_of_them(tmp_path: Path) -> None:
    assert write_manual(tmp_path) == len(pages())
    for page in pages().values():
        assert (tmp_path / f"{page.path}.md").read_text(encoding="utf-8") == page.markdown
        assert f"]({page.path}.md)" in contents()
        for link in links(page.markdown):
            assert (tmp_path / page.path).parent.joinpath(link).resolve().is_file()


def test_the_command_writes_the_manual(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import main

    assert main.main(["manual", "--out", str(tmp_path / "book")]) == 0
    assert str(len(pages())) in capsys.readouterr().out
    assert (tmp_path / "book" / "index.md").is_file()


# -- the window -------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def manual(owner: QWidget) -> ManualWindow:
    window = ManualWindow(owner)
    window.show()
    return window


def test_every_page_can_be_chosen_with_keys_alone(manual: ManualWindow, qtbot: QtBot) -> None:
    opened: list[str] = []
    manual.browser.page_opened.connect(opened.append)
    manual.contents.expandAll()
    manual.contents.setCurrentItem(manual.contents.topLevelItem(0))
    for _ in range(sum(1 + len(chapter.pages) for chapter in chapters())):
        qtbot.keyClick(manual.contents, Qt.Key.Key_Down)
    assert list(dict.fromkeys(opened)) == list(pages())


def test_a_search_thins_the_list_out_and_enter_opens_the_best(manual: ManualWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(manual.field, "waterfall")
    assert set(manual.contents.shown()) == {page.path for page in search("waterfall")}
    qtbot.keyClick(manual.field, Qt.Key.Key_Return)
    assert manual.browser.page == pages()["plots/waterfall"]
    assert manual.browser.extraSelections()
    qtbot.keyClick(manual.field, Qt.Key.Key_Escape)
    assert manual.field.text() == ""
    assert manual.contents.shown() == list(pages())
    assert manual.isVisible()
    qtbot.keyClick(manual.field, Qt.Key.Key_Escape)
    assert not manual.isVisible()


def test_links_lead_on_and_back(manual: ManualWindow) -> None:
    manual.open_page("plots/gradient_depth")
    manual.browser.setSource(manual.browser.source().resolved("waterfall.md"))
    assert manual.browser.page == pages()["plots/waterfall"]
    manual.back.click()
    assert manual.browser.page == pages()["plots/gradient_depth"]
    assert manual.forward.isEnabled()


def test_an_unknown_page_leaves_what_is_shown(manual: ManualWindow) -> None:
    manual.open_page("glossary")
    manual.open_page("no/such/page")
    assert manual.browser.page == pages()["glossary"]


def test_the_place_is_remembered(manual: ManualWindow, owner: QWidget) -> None:
    manual.open_page("findings/dead")
    manual.close()
    assert ManualWindow(owner).browser.page == pages()["findings/dead"]


def test_another_theme_sets_the_page_anew_in_its_place(manual: ManualWindow, qapp: QApplication) -> None:
    manual.open_page("glossary")
    before = manual.browser.toHtml()
    set_theme(qapp, "dark")
    assert manual.browser.page == pages()["glossary"]
    assert manual.browser.toHtml() != before
    set_theme(qapp, "light")


def test_every_control_has_a_name_and_takes_the_focus(manual: ManualWindow) -> None:
    for control in (manual.field, manual.contents, manual.browser, manual.back, manual.forward):
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_page_on_keys_lists_the_commands_of_the_window_as_their_keys_are_now(owner: QWidget) -> None:
    command = QAction("&Bring back…", owner)
    command.setShortcut("Ctrl+Alt+B")
    QAction("Without keys", owner)
    manual = ManualWindow(owner)
    manual.open_page("guide/keyboard")
    shown = manual.browser.toPlainText()
    assert "Ctrl+Alt+B" in shown
    assert "Bring back" in shown
    assert "Without keys" not in shown
    command.setShortcut("Ctrl+Alt+U")
    manual.browser.reload()
    assert "Ctrl+Alt+U" in manual.browser.toPlainText()


def test_every_workspace_of_the_program_is_described_with_its_plots() -> None:
    text = pages()["guide/board"].text
    for workspace in BUILT_IN:
        assert workspace.explain in text
        assert all(f"(../plots/{key}.md)" in text for key in workspace.arrangement.keys)


def test_every_stop_rule_is_described() -> None:
    text = pages()["guide/running"].text
    assert all(f"`{rule().text}`: {summary_of(rule)}" in text for rule in concrete(StopRule))


# -- the ways there ---------------------------------------------------------------------------------------------------


def test_a_widget_knows_the_page_that_it_or_what_it_is_in_is_about(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    inner = QWidget(outer)
    assert page_of(inner) == page_of(None) == ""
    set_page(outer, "plots/loss")
    assert page_of(inner) == "plots/loss"
    assert path_of(address("plots/loss")) == "plots/loss"


def test_f1_in_a_form_is_about_the_part_that_it_describes(qtbot: QtBot) -> None:
    for field in nested():
        for kind in field.kinds:
            form = Fields(kind)
            qtbot.addWidget(form)
            assert page_of(form) == part_page(kind)
            assert page_of(form) in pages()


def test_a_finding_leads_to_its_page(qtbot: QtBot) -> None:
    asked: list[str] = []
    help_asked.connect(asked.append)
    for rule in (*RULES, *SUSPECTS):
        row = FindingRow()
        qtbot.addWidget(row)
        row.say(Offer(Finding(rule.name, "warning", (), 0, 0, {}, "", "So it is.")))
        row.manual.click()
        assert asked.pop() in pages()
    help_asked.disconnect(asked.append)


def test_f1_and_links_open_the_manual_at_their_page(qtbot: QtBot) -> None:
    from ui.window.manual_access import ManualAccess

    window = QWidget()
    qtbot.addWidget(window)
    access = ManualAccess(window)
    follow(address("plots/waterfall"))
    manual = window.findChild(ManualWindow)
    assert manual.browser.page == pages()["plots/waterfall"]
    access.open()
    assert window.findChildren(ManualWindow) == [manual]
    assert manual.browser.page == pages()["plots/waterfall"]


def test_f1_opens_the_page_of_the_time_line_and_of_what_stands_beside_the_window(open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    parts = [window.timeline.track, window.timeline.edit, window.builder.stack, window.builder.operations.keep]
    assert [page_of(part) for part in parts] == ["guide/time-line"] * 2 + ["guide/surgery"] * 2
    for open_it in ("&Changes…", "S&helf…", "Br&anches…"):
        (command,) = (each for each in window.findChildren(QAction) if each.text() == open_it)
        command.trigger()
    asked = [page_of(dialog) for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    assert sorted(asked) == ["guide/branches", "guide/changes", "guide/shelf"]
    assert {"guide/time-line", "guide/surgery", *asked} <= pages().keys()


@pytest.mark.parametrize(
    ("plot", "size"), thinned(all_plots(), [1.0, 1.5], name=lambda each: getattr(each, "key", str(each)))
)
def test_no_text_or_formula_behind_an_i_is_cut(plot: type, size: float, owner: QWidget) -> None:
    owner.setFont(lettering(size).font)
    popover = Explanation(owner, plot.title, plot.explain, plot.formula, f"plots/{plot.key}")
    popover.grab()
    for label in popover.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width())
        assert label.width() >= label.minimumSizeHint().width()
        assert popover.rect().contains(label.geometry())


def test_every_file_of_a_run_without_a_screen_is_named(tmp_path: Path) -> None:
    described = {"data": {"kind": "adding", "steps": 4, "samples": 20}, "layers": [{"kind": "gru", "units": 2}]}
    run(Experiment.from_builtins(described), steps=1, out=tmp_path, analyses=tuple(analyses()))
    text = pages()["how-to/headless"].text
    for file in tmp_path.iterdir():
        assert f"`{file.name}`" in text
