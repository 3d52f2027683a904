"""The networks that were trained beside the run, by what they have otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from simulator.experiment.differences import differences_between
from simulator.experiment.experiment import Experiment
from ui.doctor.remedy_button import value_text
from ui.report.markup import element, table


def lanes_part(experiment: Experiment) -> Iterator[Element]:
    """A table for each, of the settings that are not those of the run; nothing where there are none."""
    own, *others = experiment.all_lanes().items()
    for name, other in others:
        rows = [
            (own[1].place(each.path), setting_text(each.base), setting_text(each.value))
            for each in differences_between(own[1], other)
        ]
        yield element("h3", name)
        if rows:
            yield table(name, ("Setting", "In the run", "Here"), rows, titled=True)
        else:
            yield element("p", "As the run.")


def setting_text(value: object) -> str:
    """What stands in one of them; of a layer that it has not, nothing."""
    return "" if value is None else value_text(value)
