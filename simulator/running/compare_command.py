"""The command ``compare``: an experiment beside others that differ from it in what is known."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.running.arguments import add_training, count, shortened, typed

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.running.comparison import LaneRun
    from simulator.running.headless import RunResult

Read = Callable[[str, bool], "Experiment"]
"""The experiment that a file or preset holds; whether it may read files outside of its own folder."""
DrawLanes = Callable[[Mapping[str, "Sequence[RunResult]"], Path], str | None]
"""Draws the plots of networks, of each the runs from all seeds, into a folder, says in a sentence what was drawn."""
OPENING, CLOSING, QUOTES = "([{", ")]}", "\"'"


def add_compare(commands: Any) -> None:
    """Add the command to a parser's sub-commands."""
    one = commands.add_parser("compare", help="train experiments that differ in what is known, and say what came of it")
    one.add_argument("targets", metavar="FILE-OR-PRESET", nargs="+", help="the base, called A; further files are lanes")
    one.add_argument(
        "--twin", action="append", default=[], metavar="NAME:PATH=VALUE,…",
        help="the base with these fields set otherwise, as one more lane; may be repeated",
    )  # fmt: skip
    add_training(one)
    one.add_argument("--seeds", type=count(1), metavar="N", help="train every lane with each of N seeds from A's on")
    one.add_argument("--resume", action="store_true", help="go on with a comparison that was ended in DIR before")
    one.add_argument(
        "--allow-files", action="store_true", help="read files that experiments name outside of their own folders"
    )


def split(text: str) -> list[str]:
    """Parts between commas that stand in no brackets and no quotes."""
    parts, depth, quote, begun = [""], 0, "", False
    for mark in text:
        if quote:
            quote = "" if mark == quote and not begun else quote
        elif mark in QUOTES and parts[-1].rstrip().endswith(("=", "[", "{", "(", ",", ":")):
            quote = mark
        else:
            depth += (mark in OPENING) - (mark in CLOSING and depth > 0)
        begun = bool(quote) and mark == "\\" and not begun
        if mark == "," and not quote and not depth:
            parts.append("")
        else:
            parts[-1] += mark
    return parts


def twin(text: str, base: Experiment) -> tuple[str, Experiment]:
    """``NAME:PATH=VALUE,…``: the name, and the base with these values."""
    from simulator.experiment.experiment import ExperimentError

    name, colon, rest = text.partition(":")
    if not colon or not name.strip() or "=" in name:
        raise ExperimentError(f"expected --twin NAME:PATH=VALUE, not {shortened(text)!r}")
    try:
        return name.strip(), base.with_values(typed(split(rest)))
    except ExperimentError as error:
        raise ExperimentError(f"twin {name.strip()!r}: {error.message}", error.path) from None


def lanes(arguments: argparse.Namespace, read: Read) -> dict[str, Experiment]:
    """Every lane by its name, the base first; ExperimentError where two have one name."""
    from simulator.experiment.experiment import ExperimentError
    from simulator.experiment.lane import OWN_NAME

    base, *others = [read(target, arguments.allow_files) for target in arguments.targets]
    together = base.all_lanes()
    named = [
        (Path(target).stem, each.all_lanes()[OWN_NAME])
        for target, each in zip(arguments.targets[1:], others, strict=True)
    ]
    for note in _notes(arguments.targets, others):
        print(f"note: {note}", file=sys.stderr)
    for name, experiment in (*named, *(twin(text, together[OWN_NAME]) for text in arguments.twin)):
        if name in together:
            raise ExperimentError(f"two lanes are called {shortened(name)!r}")
        together[name] = experiment
    return together


def _notes(targets: Sequence[str], others: Sequence[Experiment]) -> Iterator[str]:
    """What of the files is not compared."""
    from simulator.running.run_file import is_run_file
    from simulator.schema.numbers import count as counted

    for target in targets:
        if Path(target).exists() and is_run_file(Path(target)):
            yield f"{target}: its experiment is trained from step 0, and its run stays as it is"
    for target, each in zip(targets[1:], others, strict=True):
        if each.lanes:
            are = "is" if len(each.lanes) == 1 else "are"
            yield f"{target}: {counted(len(each.lanes), 'network')} beside it {are} left out"


def run_compare(arguments: argparse.Namespace, read: Read, draw: DrawLanes) -> int:
    """Train all lanes and tell of it; the exit status."""
    from simulator.running.comparison import Comparison
    from simulator.running.files import PLOTS
    from simulator.running.interruption import Interruption
    from simulator.running.progress_display import displaying
    from simulator.system.machine import give_threads
    from simulator.system.progress import advance

    give_threads(arguments.threads)
    with Interruption() as stop, displaying():
        comparison = Comparison(lanes(arguments, read), arguments.steps, arguments.out, arguments.seeds)
        for name, words in comparison.in_words().items():
            print(f"{name}: {words}")
        progress = functools.partial(advance, "Training", total=arguments.steps * len(comparison.runs), unit="steps")
        drawn: dict[str, list[RunResult]] = {}
        for each, result in comparison.train(
            arguments.every, progress, analyses=arguments.analyses, resume=arguments.resume, stop=stop
        ):
            _print_result(each, result)
            drawn.setdefault(each.lane, []).append(result)
        if stop.number is None:
            for line in comparison.sentences():
                print(line)
            if not arguments.no_plots and (said := draw(drawn, arguments.out / PLOTS)):
                print(said)
    print(f"written to {arguments.out}")
    return 0 if stop.number is None else 128 + stop.number


def _print_result(run: LaneRun, result: RunResult) -> None:
    """What has come of one run."""
    from simulator.doctor.headline import headline
    from simulator.schema.numbers import integer

    whose = f"{run.lane}, seed {run.experiment.seed}"
    print(f"{whose}: step {integer(result.last.step)}: {headline(result.findings, result.last)}")
    if result.interrupted:
        stands = f"its files stand as of step {integer(result.last.step)}, and --resume goes on from there"
        print(f"{whose}: ended early: {stands}", file=sys.stderr)
