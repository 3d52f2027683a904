"""The command ``compare``: an experiment beside others that differ from it in what is known."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from simulator.commands.arguments import add_allow_files, count
from simulator.commands.interruption import Interruption
from simulator.commands.progress_display import displaying
from simulator.commands.results import print_result
from simulator.commands.screen import Screen
from simulator.commands.targets import experiment_named
from simulator.commands.training_arguments import add_training
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import OWN_NAME
from simulator.experiment.settings import settings_in, split
from simulator.running.headless.comparison import Comparison
from simulator.running.headless.files import PLOTS
from simulator.running.headless.result import RunResult
from simulator.running.nabla.run_file import is_run_file
from simulator.schema.numbers import count as count_text
from simulator.system.machine import give_threads
from simulator.system.progress import advance
from simulator.system.text import shortened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is trained beside what, how, and from how many seeds."""
    parser.add_argument(
        "targets", metavar="FILE-OR-PRESET", nargs="+", help="the base, called A; further files are lanes"
    )
    parser.add_argument(
        "--twin", action="append", default=[], metavar="NAME:PATH=VALUE,…",
        help="the base with these fields set otherwise, as one more lane; may be repeated",
    )  # fmt: skip
    add_training(parser)
    parser.add_argument("--seeds", type=count(1), metavar="N", help="train every lane with each of N seeds from A's on")
    parser.add_argument("--resume", action="store_true", help="go on with a comparison that was ended in DIR before")
    add_allow_files(parser, "files that experiments name outside of their own folders")


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Train all lanes and tell of it; the exit status."""
    give_threads(arguments.threads)
    with Interruption() as stop, displaying():
        comparison = Comparison(lanes(arguments), arguments.steps, arguments.out, arguments.seeds)
        for name, words in comparison.in_words().items():
            print(f"{name}: {words}")
        progress = functools.partial(advance, "Training", total=arguments.steps * len(comparison.runs), unit="steps")
        drawn: dict[str, list[RunResult]] = {}
        for each, result in comparison.train(
            arguments.every, progress, analyses=arguments.analyses, resume=arguments.resume, stop=stop
        ):
            print_result(result, f"{each.lane}, seed {each.experiment.seed}: ")
            drawn.setdefault(each.lane, []).append(result)
        if stop.number is None:
            for line in comparison.sentences():
                print(line)
            if not arguments.no_plots and (said := screen.draw_comparison(drawn, arguments.out / PLOTS)):
                print(said)
    print(f"written to {arguments.out}")
    return stop.status


def lanes(arguments: argparse.Namespace) -> dict[str, Experiment]:
    """Every lane by its name, the base first; ExperimentError where two have one name."""
    base, *others = [experiment_named(target, arguments.allow_files) for target in arguments.targets]
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


def twin(text: str, base: Experiment) -> tuple[str, Experiment]:
    """``NAME:PATH=VALUE,…``: the name, and the base with these values."""
    name, colon, rest = text.partition(":")
    if not colon or not name.strip() or "=" in name:
        raise ExperimentError(f"expected --twin NAME:PATH=VALUE, not {shortened(text)!r}")
    try:
        return name.strip(), base.with_values(settings_in(split(rest)))
    except ExperimentError as error:
        raise ExperimentError(f"twin {name.strip()!r}: {error.message}", error.path) from None


def _notes(targets: Sequence[str], others: Sequence[Experiment]) -> Iterator[str]:
    """What of the files is not compared."""
    for target in targets:
        if Path(target).exists() and is_run_file(Path(target)):
            yield f"{target}: its experiment is trained from step 0, and its run stays as it is"
    for target, each in zip(targets[1:], others, strict=True):
        if each.lanes:
            are = "is" if len(each.lanes) == 1 else "are"
            yield f"{target}: {count_text(len(each.lanes), 'network')} beside it {are} left out"
