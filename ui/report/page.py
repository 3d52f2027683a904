"""The report of a run: one page of HTML that needs nothing else, and carries the experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

import resources
from simulator.doctor.headline import headline
from simulator.experiment.embedded import Embedded, embed
from simulator.experiment.experiment import Experiment
from simulator.system.version import __version__
from ui.report.changes import changes_part
from ui.report.drawings import Figure
from ui.report.findings import findings_part
from ui.report.lanes import lanes_part
from ui.report.markup import INDENT, document, element, table
from ui.report.network import HEADS, needed, network_rows
from ui.report.reported_run import ReportedRun
from ui.report.reproduction import reproduction_part
from ui.report.settings import Setting, sections
from ui.style.numbers import count, decimal, duration, integer, number, percent, size_text

ENDING = ".html"
STYLE = resources.FOLDER / "report.css"
NOTHING_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser is told to refuse: scripts, and everything that is not on the page."""
SCORES = (
    ("loss", "Loss on the batch"), ("accuracy", "Accuracy on the batch"), ("validation_loss", "Loss on data held out"),
    ("validation_accuracy", "Accuracy on data held out"), ("learning_rate", "Learning rate"),
    ("gradient_norm", "Norm of the gradient"),
)  # fmt: skip


def page(run: ReportedRun, figures: Sequence[Figure], made: datetime) -> bytes:
    """The file."""
    title = f"{run.name}: report of step {integer(run.frame.step)}"
    body = element("body", _head(run, made), element("main", *_parts(run, figures)), _foot(made))
    content = document(element("html", _metadata(title), body, lang="en"))
    return embed(content, ENDING, Embedded(run.experiment, run.name, run.frame.step))


def _metadata(title: str) -> Element:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=NOTHING_OUTSIDE),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content=f"Nablascope {__version__}"),
        element("title", title),
        element("style", STYLE.read_text(encoding="utf-8")),
    )


def _head(run: ReportedRun, made: datetime) -> Element:
    step = f"Step {integer(run.frame.step)}, epoch {decimal(run.frame.epoch, 2)}"
    when = element("time", moment(made), datetime=made.isoformat(timespec="seconds"))
    return element("header", element("h1", run.name), element("p", f"{step} · ", when, class_="muted"))


def moment(made: datetime) -> str:
    """``2026-11-29 02:30 UTC``"""
    return f"{made:%Y-%m-%d %H:%M} {made.tzname() or ''}".rstrip()


def _foot(made: datetime) -> Element:
    made_by = f"Made by Nablascope {__version__} on {moment(made)}. "
    use = "Dropped on its window, or opened there, this page opens the experiment again."
    return element("footer", element("p", made_by, use))


def _parts(run: ReportedRun, figures: Sequence[Figure]) -> Iterator[Element]:
    need = needed(run.experiment, run.frame.info)
    network = list(network_rows(run.experiment, run.frame.info, need))
    size = f"{count(need.parameters, 'trained parameter')}, {size_text(need.memory_bytes)} in training."
    yield _section("end", "Where it stands", *_standing(run))
    yield _section("findings", "Findings", *findings_part(run.offers, run.examined))
    if figures or run.empty:
        nothing = [element("p", f"Nothing to show: {', '.join(run.empty)}.")] if run.empty else []
        yield _section("plots", "Plots", *map(_figure, figures), *nothing)
    yield _section("network", "Network", element("p", size), table("The stack, input to output", HEADS, network))
    if beside := list(lanes_part(run.experiment)):
        yield _section("lanes", "Networks trained beside it", *beside)
    yield _section("settings", "Settings", *_settings(run.experiment))
    yield _section("changes", "Changes by hand", *changes_part(run.changes, run.live_changes, run.frame.step))
    yield _section("reproduce", "How to have it again", *reproduction_part(run))


def _section(key: str, title: str, *parts: Element) -> Element:
    return element("section", element("h2", title, id=f"{key}-title"), *parts, id=key, aria_labelledby=f"{key}-title")


def _standing(run: ReportedRun) -> Iterator[Element]:
    findings = [offer.finding for offer in run.offers]
    suspected = "Suspected: " if run.offers and run.offers[0].suspected else ""
    if run.examined:
        yield element("p", f"{suspected}{headline(findings, run.frame)}", class_="headline")
    if run.stopped:
        yield element("p", run.stopped)
    yield table("Numbers of the last step", ("", "Value"), _numbers(run))


def _numbers(run: ReportedRun) -> Iterator[Sequence[str]]:
    yield "Steps made", integer(run.frame.step)
    for name, title in SCORES:
        frame, when = run.frame, ""
        if name not in frame.scalars and run.scored is not None:
            frame = run.scored
            when = f" (at step {integer(frame.step)})"
        if name in frame.scalars:
            value = frame.scalars[name]
            yield title, f"{percent(value) if name.endswith('accuracy') else number(value)}{when}"
    info = run.frame.info
    yield "Samples trained on", integer(info.train_samples)
    yield "Samples held out", integer(info.validation_samples)
    if run.seconds:
        yield "Time trained", duration(run.seconds)
    if (began := run.frame.began) is not None:
        yield "Not finite since step", integer(began.step)
    for note in info.notes:
        yield "About the data", note


def _figure(figure: Figure) -> Element:
    words = [element("p", figure.explain, class_="muted"), element("p", figure.sentence)]
    if figure.note:
        words.append(element("p", figure.note, class_="muted"))
    # Whoever sees it has the title in the drawing.
    title = element("h3", figure.title, class_="unseen")
    return element("figure", title, *figure.drawings, element("figcaption", *words), id=f"plot-{figure.key}")


def _settings(experiment: Experiment) -> Iterator[Element]:
    yield element("p", "What is not as the program brings it is marked, and what it would be stands beside it.")
    for title, settings in sections(experiment):
        if settings:
            yield element("h3", title)
            yield _settings_table(title, settings)


def _settings_table(title: str, settings: Sequence[Setting]) -> Element:
    rows = []
    for each in settings:
        name = f"{INDENT * each.depth}{each.name}"
        value = element("strong", each.value) if each.changed else each.value
        rows.append((name, value, each.usual if each.changed else ""))
    return table(title, ("Setting", "Value", "Usually"), rows, titled=True)
