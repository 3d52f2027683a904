"""The command ``run``: an experiment without a screen, into files."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simulator.commands.arguments import add_allow_files, add_settings, count
from simulator.commands.interruption import Interruption
from simulator.commands.progress_display import displaying
from simulator.commands.results import print_result
from simulator.commands.screen import Screen
from simulator.commands.targets import prepared
from simulator.commands.training_arguments import add_training, add_until
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.running.headless.ensemble import run_ensemble
from simulator.running.headless.files import PLOTS
from simulator.running.headless.result import RunResult
from simulator.running.headless.run import run
from simulator.running.nabla.run_file import ENDING, SavedRun, is_run_file
from simulator.running.nabla.shared_file import Shared, read
from simulator.system.machine import give_threads
from simulator.system.progress import advance
from simulator.training.ledger import read as read_changes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is trained, how, and what is kept of it besides its files."""
    parser.add_argument("target", metavar="FILE-OR-PRESET")
    add_training(parser)
    add_until(parser, "stop before, as soon")
    parser.add_argument("--seed", type=count(0), metavar="S", help="instead of the experiment's seed")
    parser.add_argument(
        "--seeds", type=count(1), metavar="N",
        help="train once for each of N seeds from that on; tables get a column",
    )  # fmt: skip
    add_settings(parser, "as in layers.0.units=50")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of a run that was ended in DIR before"
    )
    parser.add_argument(
        "--changes", type=Path, metavar="FILE", help="let changes by hand act again, as the window has exported them"
    )
    parser.add_argument("--save", type=Path, metavar="FILE.nabla", help="keep the end of the run, to go on from there")
    parser.add_argument(
        "--report", type=Path, metavar="FILE.html", help="write what came of it as one page, plots included"
    )
    add_allow_files(parser)


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Train and tell of it; the exit status."""
    total = arguments.steps * (arguments.seeds or 1)
    notes: tuple[str, ...] = ()
    with Interruption() as stop, displaying():
        give_threads(arguments.threads)
        _check_files(arguments)
        shared = _shared(arguments)
        experiment = prepared(arguments, shared)
        start = None if shared is None else shared.run
        progress = functools.partial(advance, "Training", total=total, unit="steps")
        for folder, result in _results(arguments, experiment, start, progress, stop):
            drawn = "" if arguments.no_plots else screen.draw_run(result, folder / PLOTS)
            whose = "" if folder == arguments.out else f"{folder.name}, "
            _print_notes(result, whose, notes)
            print_result(result, whose)
            if drawn:
                print(f"{whose}{drawn}")
            if arguments.report is not None:
                path = arguments.report
                screen.write_report(result, path.with_stem(f"{path.stem}-{folder.name}") if arguments.seeds else path)
            notes = result.info.notes
    print(f"written to {arguments.out}")
    return stop.status


def _results(
    arguments: argparse.Namespace, experiment: Experiment, start: SavedRun | None, progress: Callable[[int], None],
    stop: Callable[[], bool],
) -> Iterator[tuple[Path, RunResult]]:  # fmt: skip
    """Each run with its folder."""
    # Once, and before anything is trained.
    changes = None if arguments.changes is None else read_changes(arguments.changes)
    options: dict[str, Any] = {
        "every": arguments.every, "analyses": arguments.analyses, "until": arguments.until, "progress": progress,
        "resume": arguments.resume, "stop": stop, "changes": changes,
    }  # fmt: skip
    if arguments.seeds is None:
        options |= {"start": start, "save": arguments.save}
        yield arguments.out, run(experiment, steps=arguments.steps, out=arguments.out, **options)
    else:
        yield from run_ensemble(experiment, arguments.seeds, steps=arguments.steps, out=arguments.out, **options)


def _print_notes(result: RunResult, whose: str, known: tuple[str, ...]) -> None:
    """What a person should know of a run besides where it stands; what is ``known`` needs no second word."""
    for note in result.info.notes if result.info.notes != known else ():
        print(f"note: {note}", file=sys.stderr)
    if result.news:
        print(f"note: {result.news}", file=sys.stderr)
    if result.stopped is not None:
        print(f"{whose}{result.stopped.sentence}")


def _shared(arguments: argparse.Namespace) -> Shared | None:
    """What stands in the target, where that is a run or a shared experiment."""
    path = Path(arguments.target)
    if not is_run_file(path):
        return None
    shared = read(path)
    if shared.run is not None and (arguments.seed is not None or arguments.seeds is not None):
        raise ExperimentError("a saved run goes on with its own seed: --seed and --seeds begin others")
    return shared


def _check_files(arguments: argparse.Namespace) -> None:
    """Refuse, before anything is trained, files in which the end of a run or its report cannot be."""
    if arguments.save is not None and (arguments.seeds or not is_run_file(arguments.save)):
        raise ExperimentError(f"--save keeps one run in a file whose name ends in {ENDING}")
    if arguments.report is not None and arguments.report.suffix.lower() not in (".html", ".htm"):
        raise ExperimentError("--report writes a page, in a file whose name ends in .html")
    for option, path in (("--save", arguments.save), ("--report", arguments.report)):
        if path is not None:
            _check_place(option, path, arguments.out)


def _check_place(option: str, path: Path, out: Path) -> None:
    """The folder of the run will be there."""
    if path.is_dir():
        raise ExperimentError(f"{option}: {path} is a folder")
    folder = path.absolute().parent
    if folder != out.absolute() and not folder.is_dir():
        raise ExperimentError(f"{option}: there is no folder {path.parent}")
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise ExperimentError(f"{option}: nothing can be written into the folder {path.parent}")
