"""How to have a run again: the experiment itself, the commands, and what last digits hang on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from simulator.system.environment import Environment
from ui.report.commands import commands, rounds_once_more, why_not
from ui.report.markup import element, table
from ui.report.reported_run import ReportedRun
from ui.style.numbers import integer

SCALED = "A rate was changed while an update was being made: from that step on last digits may differ."
NAMES = {
    "nablascope": "Nablascope", "python": "Python", "numpy": "numpy", "system": "System", "blas": "Linear algebra",
    "kernel": "Made for the processor", "instructions": "Processor's extensions", "threads": "Threads of products",
}  # fmt: skip
"""Of the fields of :class:`Environment`."""


def reproduction_part(run: ReportedRun) -> Iterator[Element]:
    """The experiment to take away, the commands, and where it was trained."""
    experiment = run.experiment.to_json()
    link = element(
        "a", "experiment.json", download="experiment.json",
        href=f"data:application/json;base64,{b64encode(experiment).decode()}",
    )  # fmt: skip
    yield element("p", "The experiment is in this page: ", link, ".")
    live, step = run.live_changes, run.frame.step
    if reason := why_not(live, run.experiment, step):
        yield element("p", reason)
    else:
        yield element("p", "The same numbers come of:")
        yield element("pre", element("code", "\n".join(commands(live, run.experiment, step))))
        yield element("p", "In a checkout, python3 main.py stands for nablascope.", class_="muted")
        if rounds_once_more(live, step):
            yield element("p", SCALED)
    yield element("p", "Equal to the last digit where these are equal:")
    yield table("Where it was trained", ("", "Value"), environment_rows(run.environment))
    yield element(
        "details", element("summary", "The experiment as text"), element("pre", element("code", experiment.decode()))
    )


def environment_rows(environment: Environment) -> Iterator[tuple[str, str]]:
    """Every field in words."""
    for name in environment.__struct_fields__:
        value = getattr(environment, name)
        yield NAMES.get(name, name), integer(value) if isinstance(value, int) else str(value)
