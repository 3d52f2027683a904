"""The report of a run: valid, small, unable to act, and true."""

from __future__ import annotations

import base64
import csv
import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from msgspec import structs
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from main import main
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import find, read
from simulator.layers import Layer
from simulator.record.changes import Change
from simulator.running.headless.run import run
from simulator.schema.parameter import Part, concrete, parameters
from simulator.system.environment import environment
from simulator.training.live_change import LiveChange, LiveChanges
from tests.simulator.number_language import ill_written
from tests.ui.plot_data import view
from tests.ui.real_runs import NETS, real
from tests.ui.windows import OpenOn
from ui.export import ExportError
from ui.export.pictures import PictureSettings
from ui.plots import Plot, View, all_plots
from ui.report import drawings
from ui.report.changes import alterations
from ui.report.commands import commands, rounds_once_more, why_not
from ui.report.drawings import figures, inlined
from ui.report.findings import offers_of
from ui.report.headless import report
from ui.report.network import needed, network_rows
from ui.report.page import page
from ui.report.reported_run import ReportedRun
from ui.report.settings import sections
from ui.window.reported import reported as reported_by

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 5_000_000
MADE = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def parsed(content: bytes) -> Element:
    """The page as another program reads it, which refuses whatever is no HTML; of templates it knows nothing."""
    content = re.sub(rb'<template id="nablascope-experiment">[^<>&]*</template>\n', b"", content, count=1)
    return html5lib.HTMLParser(strict=True).parse(content)


def text_of(root: Element) -> str:
    return re.sub(r"[ \n]+", " ", " ".join(root.itertext())).strip()


def reported(net: str, given: View, **more: Any) -> ReportedRun:
    experiment = Experiment.from_builtins({**NETS[net], "name": net})
    record = given.record
    told: dict[str, Any] = {
        "experiment": experiment, "name": net, "frame": given.frame, "scored": record.scored,
        "changes": record.changes.entries, "live_changes": LiveChanges(experiment, 1), "seconds": 75.0,
        "offers": (), "examined": True, "environment": environment(1),
    }  # fmt: skip
    return ReportedRun(**(told | more))


def plots_of(qtbot: QtBot, given: View, keys: Sequence[str] = ()) -> list[Plot[Any]]:
    """Those that have something to show."""
    made = [kind(bare=True) for kind in all_plots() if not keys or kind.key in keys]
    for plot in made:
        qtbot.addWidget(plot)
        plot.refresh(given)
    return [plot for plot in made if plot.state is not None]


PAGES: dict[str, bytes] = {}


@pytest.fixture(params=[pytest.param("pooling", marks=pytest.mark.slow), "recurrent"])
def whole(request: pytest.FixtureRequest, qtbot: QtBot) -> bytes:
    """A page with every plot of a net."""
    name, given = request.param, real(request.param)
    if name not in PAGES:
        PAGES[name] = page(reported(name, given), figures(plots_of(qtbot, given)), MADE)
    return PAGES[name]


def test_a_page_is_valid_and_small_and_can_do_nothing(whole: bytes) -> None:
    root = parsed(whole)
    assert len(whole) <= MOST_BYTES
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for each in root.iter():
        assert each.tag not in (f"{HTML}script", f"{SVG}script", f"{HTML}iframe", f"{HTML}link", f"{SVG}foreignObject")
        for name, value in each.attrib.items():
            assert not name.lower().startswith("on")
            if name.rpartition("}")[2] in ("href", "src"):
                assert value.startswith(("data:image/png;base64,", "data:application/json;base64,", "#"))
            if "url(" in value:
                assert re.fullmatch(r"url\(#[\w-]+\)", value)
                assert value[5:-1] in ids
    style = root.find(f".//{HTML}style")
    assert style is not None
    assert not re.search(r"url|@import|expression", "".join(style.itertext()))
    assert b"content=\"default-src 'none';" in whole


def test_a_page_can_be_heard_and_gone_through_by_its_headings(whole: bytes) -> None:
    root = parsed(whole)
    assert root.get("lang") == "en"
    assert len(root.findall(f".//{HTML}h1")) == 1
    levels = [int(each.tag[-1]) for each in root.iter() if re.fullmatch(r".*\}h[1-6]", each.tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for svg in root.iter(f"{SVG}svg"):
        assert svg.get("role") == "img"
        assert re.search(r"\. Step \d", svg.get("aria-label", ""))
    for table in root.iter(f"{HTML}table"):
        heads = table.findall(f".//{HTML}th")
        assert heads
        assert all(head.get("scope") in ("col", "row") for head in heads)
        assert table.find(f"{HTML}caption") is not None
    for section in root.iter(f"{HTML}section"):
        named = section.get("aria-labelledby")
        assert [each for each in section.iter() if each.get("id") == named]


def test_each_plot_is_drawn_in_light_and_in_dark_colours(qtbot: QtBot) -> None:
    given = real("residual")
    plots = plots_of(qtbot, given)[:6]
    root = parsed(page(reported("residual", given), figures(plots), MADE))
    for theme in ("light", "dark"):
        drawn = [svg for svg in root.iter(f"{SVG}svg") if svg.get("class") == theme]
        assert len(drawn) == len(plots)
        for svg, plot in zip(drawn, plots, strict=True):
            assert plot.title in text_of(svg)
            assert len(list(svg.iter())) > 20


HOSTILE = '</title><script>alert("1")</script>&amp;\x01\x0b\ufffe <b onload=x>\''


def test_no_name_becomes_markup(qtbot: QtBot) -> None:
    given = real("residual")
    info = given.frame.info
    layers = tuple(structs.replace(layer, name=f"{HOSTILE}{layer.label}") for layer in info.layers)
    info = structs.replace(info, layers=layers, class_names=(HOSTILE,) * len(info.class_names), notes=(HOSTILE,))
    given = View(structs.replace(given.frame, info=info), given.record)
    run = reported(
        "residual", given, name=HOSTILE, stopped=HOSTILE, empty=(HOSTILE,), changes=(Change(3, HOSTILE),),
        experiment=Experiment.from_builtins({**NETS["residual"], "name": HOSTILE.replace("\ufffe", "")}),
    )  # fmt: skip
    content = page(run, figures(plots_of(qtbot, given)), MADE)
    root = parsed(content)
    assert b"<script" not in content.lower()
    assert not list(root.iter(f"{HTML}script"))
    assert text_of(root).count('alert("1")') > 5
    title = root.find(f".//{HTML}title")
    assert title is not None
    assert text_of(title).startswith('</title><script>alert("1")</script>&amp;')


@pytest.mark.parametrize("kind", ["random", "nan", "huge"])
def test_a_page_says_what_is_no_number(kind: str, qtbot: QtBot) -> None:
    given = view(6, 40, kind=kind)
    plots = plots_of(qtbot, given, ("loss", "gradient_depth", "gradient_image"))
    run = of_layers(given)
    content = page(run, figures(plots), MADE)
    root = parsed(content)
    standing = next(each for each in root.iter(f"{HTML}section") if each.get("id") == "end")
    assert not ill_written(text_of(standing).replace("2026", ""))
    assert ("NaN" in text_of(standing)) == (kind == "nan")


def of_layers(given: View) -> ReportedRun:
    layers = [{"kind": "dense", "units": 100, "repeat": given.frame.info.depth - 1}]
    experiment = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": layers})
    return reported("single", given, experiment=experiment)


def largest(qtbot: QtBot, depth: int, steps: int) -> tuple[int, int]:
    """Bytes of a page with the twelve plots that take most, and how many of them are pictures."""
    given = view(depth, steps)
    plots = plots_of(qtbot, given)
    assert len(plots) > 25
    sizes = {plot: len(drawings.vector_drawing(plot, PictureSettings())) for plot in plots}
    most = sorted(plots, key=lambda plot: -sizes[plot])[:12]
    content = page(of_layers(given), figures(most), MADE)
    root = parsed(content)
    assert len(root.findall(f".//{HTML}figure")) == 12
    return len(content), len([each for each in root.iter(f"{HTML}img") if each.get("class") == "light"])


@pytest.mark.slow
def test_the_twelve_largest_plots_are_drawings_of_less_than_five_megabytes(qtbot: QtBot) -> None:
    size, pictures = largest(qtbot, 12, 600)
    assert size <= MOST_BYTES
    assert pictures == 0


@pytest.mark.slow
def test_two_hundred_layers_after_a_long_run_stay_below_five_megabytes(qtbot: QtBot) -> None:
    size, pictures = largest(qtbot, 200, 3000)
    assert size <= MOST_BYTES
    assert pictures <= 2


def test_what_would_be_too_large_is_a_picture_and_says_so(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawings, "MOST_BYTES", 400_000)
    plots = plots_of(qtbot, view(90, 60), ("loss", "factor_image", "gradient_time", "activation_ridges"))
    made = figures(plots)
    content = page(of_layers(view(90, 60)), made, MADE)
    root = parsed(content)
    images = list(root.iter(f"{HTML}img"))
    noted = [each for each in made if each.note]
    assert len(images) == 2 * len(noted) > 0
    assert sum(len(image.get("src", "")) for image in images) <= 400_000
    assert all(re.fullmatch(r"A picture of .* × .* points: as a drawing it would take [\d.]+ MB\.", each.note)
               for each in noted)  # fmt: skip
    assert all(each.note in text_of(root) for each in noted)


def test_coordinates_are_rounded_to_less_than_can_be_seen() -> None:
    given = Element("{http://www.w3.org/2000/svg}svg", {"onload": "x()"})
    given.append(
        Element("{http://www.w3.org/2000/svg}polyline", {"points": "1.23456,-0.00049 1e-7,20.5", "onclick": ""})
    )
    given.append(Element("{http://www.w3.org/2000/svg}script"))
    given.append(Element("image", {"{http://www.w3.org/1999/xlink}href": "http://elsewhere/a.png"}))
    given.append(Element("use", {"href": "#a", "id": "b", "clip-path": "url(#a)"}))
    made = inlined(given, "p-")
    assert made.attrib == {}
    assert [(each.tag, dict(each.attrib)) for each in made] == [
        ("polyline", {"points": "1.23,0 1e-7,20.5"}),
        ("image", {}),
        ("use", {"href": "#p-a", "id": "p-b", "clip-path": "url(#p-a)"}),
    ]


# -- the words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", concrete(Layer), ids=lambda part: part.__struct_config__.tag)
def test_settings_as_the_program_brings_them_are_not_marked_and_others_are(part: type[Layer]) -> None:
    experiment = Experiment.from_builtins({"data": {"kind": "digits"}, "layers": [{"kind": part().kind}]})
    marked = {(title, each.name) for title, settings in sections(experiment) for each in settings if each.changed}
    assert not marked
    changed = experiment.with_values([("layers.0.repeat", 3), ("optimizer.learning_rate", 0.25), ("batch_size", 7)])
    now = {(title, each.name): each for title, settings in sections(changed) for each in settings if each.changed}
    assert len(now) == 3
    assert now["Optimiser", "learning rate (η)"].value == "0.25"
    assert now["Optimiser", "learning rate (η)"].usual == "0.1"


def fields_of(spec: Any) -> Iterator[str]:
    """Labels of all fields that a person can set, however deep."""
    for field in parameters(type(spec)):
        value = getattr(spec, field.name)
        if field.name == "format" or field.knob.hidden:
            continue
        if field.type == "parts":
            for each in value:
                yield from fields_of(each)
        elif isinstance(value, Part) or field.type == "spec":
            yield from fields_of(value)
        else:
            yield field.knob.label


@pytest.mark.parametrize("name", NETS)
def test_every_field_of_the_experiment_is_told(name: str) -> None:
    experiment = Experiment.from_builtins(NETS[name])
    told = [re.sub(r" \(.*\)$", "", each.name) for _, settings in sections(experiment) for each in settings]
    for label in fields_of(experiment):
        if label != "loss":
            told.remove(label)
    assert not [each for _, settings in sections(experiment) for each in settings if ill_written(each.value)]


@pytest.mark.parametrize("name", NETS)
def test_the_network_is_told_layer_by_layer_with_all_its_parameters(name: str) -> None:
    given, experiment = real(name), Experiment.from_builtins(NETS[name])
    info = given.frame.info
    rows = list(network_rows(experiment, info, needed(experiment, info)))
    outer = [row for row in rows if "." not in row[0] and row[-1]]
    assert sum(int(re.sub(r"\D", "", row[-1])) for row in outer) == info.parameter_count
    assert rows[0][0] == "input"
    assert rows[-1][0] == "output"
    assert len(rows) == 2 + sum(1 + len(getattr(layer, "layers", ())) for layer in experiment.layers)


def test_networks_beside_the_run_are_told_by_what_they_have_otherwise(qtbot: QtBot) -> None:
    lanes = [{"name": "faster", "set": {"optimizer.learning_rate": 0.5}}, {"name": "the same", "set": {}}]
    experiment = Experiment.from_builtins({**NETS["residual"], "lanes": lanes})
    root = parsed(page(reported("residual", real("residual"), experiment=experiment), (), MADE))
    told = next(each for each in root.iter(f"{HTML}section") if each.get("id") == "lanes")
    rows = [[text_of(cell) for cell in row] for row in told.iter(f"{HTML}tr")]
    assert rows == [["Setting", "In the run", "Here"], ["optimiser, learning rate", "0.1", "0.5"]]
    assert "the same As the run." in text_of(told)
    assert "UNSET" not in text_of(root)


def test_findings_are_told_with_their_numbers_and_what_cured(qtbot: QtBot) -> None:
    result = run(find("vanishing-sigmoid"), steps=30)
    assert result.findings
    offers = offers_of(result.findings, 1, result.experiment)
    given = ReportedRun(
        result.experiment,
        "net",
        result.last,
        result.record.scored,
        (),
        result.record.live_changes,
        0.0,
        offers,
        True,
        result.environment,
    )
    root = parsed(page(given, (), MADE))
    articles = root.findall(f".//{HTML}article")
    assert len(articles) == len(result.findings)
    for article, finding in zip(articles, result.findings, strict=True):
        assert " ".join(finding.sentence.split()) in text_of(article)
        assert all(remedy.title in text_of(article) for remedy in finding.remedies)
        assert article.get("class") == finding.severity


# -- files ---------------------------------------------------------------------------------------------------------


def test_a_run_without_a_screen_writes_its_report_which_opens_the_experiment(
    qapp: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, path = str(tmp_path / "out"), tmp_path / "net.html"
    given = ["run", "spiral", "--steps", "12", "--set", "optimizer.learning_rate=0.02", "--no-plots", "--out", out]
    assert main([*given, "--report", str(path)]) == 0
    capsys.readouterr()
    root = parsed(path.read_bytes())
    assert text_of(root).count("Step 12") > 6
    experiment = read(path)
    assert experiment == read(tmp_path / "out" / "experiment.json")
    link = next(each.get("href", "") for each in root.iter(f"{HTML}a") if each.get("download"))
    assert Experiment.from_json(base64.b64decode(link.partition(",")[2])) == experiment
    again = next(text_of(each) for each in root.iter(f"{HTML}code") if "nablascope run" in text_of(each))
    command = again.replace("experiment.json", str(path)).replace("--out again", f"--out {tmp_path / 'again'}")
    assert main([*command.split()[1:], "--no-plots"]) == 0
    first, second = ((tmp_path / name / "steps.csv").read_bytes() for name in ("out", "again"))
    assert first == second


def test_a_regression_is_told_no_accuracy(qtbot: QtBot) -> None:
    given = real("recurrent")
    (figure,) = figures(plots_of(qtbot, given, ("loss",)))
    assert "loss" in figure.sentence
    assert "accuracy" not in figure.sentence
    root = parsed(page(reported("recurrent", given), (figure,), MADE))
    assert "Accuracy" not in text_of(next(each for each in root.iter(f"{HTML}section") if each.get("id") == "end"))


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.pdf", "whose name ends in .html"), ("nowhere/a.html", "there is no folder")],
)
def test_a_report_that_cannot_be_is_refused_before_anything_is_trained(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["run", "spiral", "--steps", "2", "--out", str(tmp_path / "out"), "--report", str(tmp_path / name)]
    assert main(given) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_runs_with_several_seeds_have_a_report_each(qapp: object, tmp_path: Path) -> None:
    given = ["run", "spiral", "--steps", "1", "--seeds", "2", "--no-plots", "--out", str(tmp_path / "out")]
    assert main([*given, "--report", str(tmp_path / "r.html")]) == 0
    assert main([*given[:3], "2", "--until", "loss<100", *given[6:], "--report", str(tmp_path / "out" / "r.html")]) == 0
    assert "Stopped at step 0" in (tmp_path / "out" / "r.html").read_text()
    first = find("spiral").seed
    assert sorted(path.name for path in tmp_path.glob("*.html")) == [f"r-seed-{first}.html", f"r-seed-{first + 1}.html"]


def test_a_disk_that_cannot_be_written_is_told_in_one_sentence(qapp: object, tmp_path: Path) -> None:
    result = run(Experiment.from_builtins(NETS["single"]), steps=1)
    (tmp_path / "a.html").mkdir()
    with pytest.raises(ExportError, match=r"cannot write .*a\.html: "):
        report(result, tmp_path / "a.html")


# -- the window ----------------------------------------------------------------------------------------------------


def test_the_window_writes_what_is_ticked_and_opens_it_again(
    open_on: OpenOn, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = Experiment.from_builtins({**NETS["single"], "name": "my net"})
    window = open_on(experiment)
    window.exporting.report()
    dialog = window.findChild(QDialog, "report")
    assert dialog is not None
    assert dialog.chosen == window.plot_area.arranged
    assert dialog.chosen_count.text().startswith("6 plots chosen")
    dialog.list.item(0).setCheckState(dialog.list.item(len(dialog.chosen)).checkState())
    assert len(dialog.chosen) == 5
    path = tmp_path / "my-net.html"
    dialog.write_to(path)
    assert "my-net.html" in window.banner.text
    root = parsed(path.read_bytes())
    assert len(root.findall(f".//{HTML}figure")) == 5
    window.experiments.open_path(path)
    assert window.document.experiment == experiment


def test_what_a_hand_changed_is_told_with_before_and_after_and_the_commands_train_it_again(
    open_on: OpenOn, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {**NETS["single"], "optimizer": {"kind": "sgd", "learning_rate": 0.2}, "name": "it's “mine”"}
    window = open_on(Experiment.from_builtins(plain))

    def play(steps: int) -> None:
        end = window.bench.view.frame.step + steps if window.bench.view is not None else steps
        window.bench.play(steps)
        qtbot.waitUntil(lambda: not window.bench.playing and window.bench.view.frame.step == end)

    def change(*settings: tuple[str, Any]) -> None:
        experiment = window.document.experiment.with_values(settings)
        window.document.propose(experiment.to_builtins(), "Change it")
        record = window.bench.record
        qtbot.waitUntil(lambda: record.experiment_at(window.bench.view.frame.step) == experiment)

    play(4)
    change(("optimizer.learning_rate", 0.05))
    play(3)
    change(("optimizer.kind", "adam"), ("regularization.clip_norm", 0.5))
    change(("regularization.clip_norm", 0.25))
    play(5)
    run = reported_by(window.bench, window.findings.rounds)
    root = parsed(page(run, (), MADE))
    told = next(each for each in root.iter(f"{HTML}section") if each.get("id") == "changes")
    rows = [[text_of(cell) for cell in row] for row in told.iter(f"{HTML}tr")]
    assert rows[1] == ["4", "optimiser, learning rate", "0.2", "0.05"]
    assert rows[2][:2] == ["7", "optimiser"]
    assert rows[2][2].startswith("SGD (learning rate 0.05")
    assert rows[2][3].startswith("Adam (")
    assert rows[3] == ["7", "regularisation, clip norm (in 2 stages)", "off", "0.25"]
    (tmp_path / "experiment.json").write_bytes(run.experiment.to_json())
    monkeypatch.chdir(tmp_path)
    typed = next(each for each in root.iter(f"{HTML}code"))
    lines = "".join(typed.itertext()).splitlines()
    assert len(lines) == 3
    for line in lines:
        assert main([*shlex.split(line)[1:], "--no-plots"]) == 0
    again = [row for part in (1, 2, 3) for row in losses(tmp_path / f"again-{part}" / "steps.csv")]
    mine = window.bench.record.history.series("loss").last
    assert [float(text) for _, text in sorted(dict(again).items())] == mine.tolist()


def losses(path: Path) -> list[tuple[int, str]]:
    with path.open(newline="") as file:
        return [(int(row["step"]), row["loss"]) for row in csv.DictReader(file)]


def test_what_no_command_can_repeat_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment.from_builtins(NETS["single"])
    other = experiment.with_values([("optimizer.learning_rate", 0.3)])
    assert why_not(LiveChanges(), experiment, 5).startswith("How the run came to where it was opened is not known")
    revived = LiveChanges(experiment, 1, (LiveChange(3, layer="1", units=(0, 4)),))
    assert why_not(revived, experiment, 5).startswith("Units were drawn anew")
    assert why_not(revived, experiment, 2) == ""
    (drawn,) = alterations(revived, 5)
    assert (drawn.what, drawn.after) == ("layer 1, weights into units 1, 5", "drawn anew")
    many = LiveChanges(experiment, 1, tuple(LiveChange(step, (experiment, other)[step % 2]) for step in range(1, 40)))
    assert why_not(many, experiment, 50).startswith("It was changed at more steps")
    (drag,) = alterations(many, 50)
    assert (drag.step, drag.last, drag.stages) == (1, 39, 39)
    threads = LiveChanges(experiment, 1, (LiveChange(3, threads=2),))
    assert [line.split(" --")[0] for line in commands(threads, experiment, 5)] == [
        "nablascope run experiment.json", "nablascope run part-1.nabla",
    ]  # fmt: skip
    late = LiveChanges(experiment, 1, (LiveChange(3, other, scales=True),))
    assert not rounds_once_more(late, 5)
    monkeypatch.setattr(type(other.optimizer), "rewrites", False)
    assert rounds_once_more(late, 5)
