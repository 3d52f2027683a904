"""The command ``export``: a network as a program for another library, or a run's tables in other forms."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.code.export import MODEL, export
from simulator.code.libraries import LIBRARIES
from simulator.code.tables import write_events, write_parquet
from simulator.commands.arguments import add_allow_files, add_folder
from simulator.commands.screen import Screen
from simulator.commands.targets import check_reach
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import find
from simulator.running.headless.folder import UNFINISHED
from simulator.running.nabla.run_file import ENDING, is_run_file, taken_up
from simulator.running.nabla.shared_file import read
from simulator.schema.numbers import count
from simulator.system.text import one_line
from simulator.training.checkpoint import Checkpoint

TABLES = ("tensorboard", "parquet")
"""Forms of a run's tables and histograms."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is written, and for what."""
    parser.add_argument("target", metavar="FILE-OR-RUN", help="an experiment, a preset, a .nabla or a run's folder")
    parser.add_argument(
        "--to", choices=(*LIBRARIES, *TABLES), required=True, help="a program for a library, or a run's tables"
    )
    add_folder(parser)
    add_allow_files(parser)


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Write the files and say so; the exit status."""
    if arguments.to in TABLES:
        return _export_tables(arguments)
    source, title = _source(arguments)
    export(source, title, arguments.out, arguments.to)
    step = count(getattr(source, "step", 0), "update")
    print(f"{title} after {step} written to {arguments.out}; there, python {MODEL} --check proves it")
    return 0


def _export_tables(arguments: argparse.Namespace) -> int:
    run = Path(arguments.target)
    if arguments.to == "tensorboard":
        written = [write_events(run, arguments.out)]
    else:
        written = write_parquet(run, arguments.out)
    print(f"written: {', '.join(path.name for path in written)}")
    return 0


def _source(arguments: argparse.Namespace) -> tuple[Experiment | Checkpoint, str]:
    """What is exported, an experiment before its first step or a run as it was kept, and what it is called."""
    path = Path(arguments.target)
    path = _in_folder(path) if path.is_dir() else path
    source: Experiment | Checkpoint
    if is_run_file(path):
        shared = read(path)
        source = shared.experiment if shared.run is None else taken_up(shared.run).checkpoint()
        title = shared.experiment.name
    else:
        source = find(str(path))
        title = source.name
    check_reach(path, arguments.allow_files)
    return source, one_line(title) or path.stem


def _in_folder(folder: Path) -> Path:
    """The run that a folder of files holds, else its experiment."""
    runs = sorted(folder.glob(f"*{ENDING}")) or sorted((folder / UNFINISHED).glob(f"run-*{ENDING}"))
    if len(runs) > 1:
        raise ExperimentError(f"{folder} holds {len(runs)} runs, of which one is to be named: {runs[0].name} …")
    if runs:
        return runs[0]
    experiment = folder / "experiment.json"
    if not experiment.is_file():
        raise ExperimentError(f"{folder} holds no run and no experiment.json")
    note = (
        f"{folder} holds no weights, since run was not told to --save them: this is the network before its first step"
    )
    print(f"note: {note}", file=sys.stderr)
    return experiment
