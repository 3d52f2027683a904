"""What was changed by hand while the run was trained: from which step on, what it was before, and what after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from simulator.experiment.differences import UNTRAINED, in_words
from simulator.experiment.experiment import Experiment
from simulator.experiment.labels import told_layers
from simulator.record.changes import Change
from simulator.schema.parameter import Part, differences
from simulator.schema.plain import FieldPath
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Reinitialise, ScaleWeights, Surgery
from ui.report.markup import element, table
from ui.report.network import at, part_text
from ui.report.settings import plain_text
from ui.style.numbers import count, integer, number

MOST_ROWS = 200


@dataclass(frozen=True)
class Alteration:
    """One setting took another value, at one step or, in stages, until another."""

    step: int
    last: int
    what: str
    before: str
    after: str
    stages: int = 1

    def followed(self, later: Alteration) -> Alteration | None:
        """Both as one, where a hand went on with the same thing."""
        if later.what != self.what or later.before != self.after:
            return None
        return replace(self, last=later.last, after=later.after, stages=self.stages + 1)


def alterations(live: LiveChanges, step: int) -> list[Alteration]:
    """All that had acted by a step; of a drag what it began and ended with."""
    made: list[Alteration] = []
    experiment, threads = live.experiment, live.threads
    for change in live.entries:
        if change.step > step:
            break
        for new in _alterations(change, experiment, threads):
            together = made[-1].followed(new) if made else None
            made[-1 if together else len(made) :] = [together or new]
        experiment, threads = change.experiment or experiment, change.threads or threads
    return made


def _alterations(change: LiveChange, before: Experiment | None, threads: int) -> Iterator[Alteration]:
    if change.layer:
        units = ", ".join(integer(unit + 1) for unit in change.units)
        what = f"layer {change.layer}, weights into unit{'s' * (len(change.units) > 1)} {units}"
        yield Alteration(change.step, change.step, what, "as trained", "drawn anew")
    if change.surgery is not None:
        yield _operation(change, change.surgery, before)
        return
    if change.threads:
        yield Alteration(
            change.step, change.step, "threads of matrix products", integer(threads), integer(change.threads)
        )
    if change.experiment is not None and before is not None:
        for path in changed_paths(before, change.experiment):
            what = before.place(".".join(map(str, path)))
            old, new = (value_text(at(each, path)) for each in (before, change.experiment))
            yield Alteration(change.step, change.step, what, old, new)


def _operation(change: LiveChange, surgery: Surgery, before: Experiment | None) -> Alteration:
    match surgery:
        case Reinitialise(labels):
            what, after = f"{told_layers(labels)}, weights", "drawn anew"
        case ScaleWeights(labels, factor):
            what, after = f"{told_layers(labels)}, weights", f"times {number(factor)}"
        case _:
            words = in_words(before, change.experiment) if before and change.experiment else "another one"
            return Alteration(change.step, change.step, "network, with its weights handed on", "as it was", words)
    return Alteration(change.step, change.step, what, "as trained", after)


def changed_paths(before: Experiment, after: Experiment) -> Iterator[FieldPath]:
    """Every field that numbers of the run hang on and that is another."""
    return (path for path, _live in differences(before, after) if path[0] not in UNTRAINED)


def value_text(value: object) -> str:
    """What a setting is or was set to."""
    return part_text(value) if isinstance(value, Part) else plain_text(value, words=True)


def changes_part(changes: Sequence[Change], live: LiveChanges, step: int) -> Iterator[Element]:
    """Tables, if there is anything in them."""
    began = [change for change in changes if live.experiment is None or change.step == 0]
    altered = alterations(live, step)
    if not began and not altered:
        yield element("p", "Nothing was changed by hand.")
    if began:
        words = "What the run began with" if live.experiment is not None else "What was changed, as undo calls it"
        yield table(words, ("From step", "Change"), [(_steps(change.step, change.last), change.description)
                                                     for change in began])  # fmt: skip
    if live.experiment is None:
        yield element("p", "How the run was trained until it was saved is not known in full.")
    if altered:
        shown = altered[:MOST_ROWS]
        yield table("Settings of the running network", ("From step", "Setting", "Before", "After"), map(_row, shown))
        if len(altered) > len(shown):
            yield element("p", f"And {count(len(altered) - len(shown), 'more change')}.")


def _row(altered: Alteration) -> Sequence[str]:
    stages = f" (in {integer(altered.stages)} stages)" if altered.stages > 1 else ""
    return _steps(altered.step, altered.last), altered.what + stages, altered.before, altered.after


def _steps(first: int, last: int) -> str:
    return integer(first) if first == last else f"{integer(first)} … {integer(last)}"
