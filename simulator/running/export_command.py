"""The command ``export``: a network as a program for another library."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.training.checkpoint import Checkpoint

LIBRARIES = ("pytorch", "keras")
TABLES = ("tensorboard", "parquet")
"""Forms of a run's tables and histograms."""


def add_export(commands: Any) -> None:
    """Add the command to a parser's sub-commands."""
    one = commands.add_parser(
        "export", help="write a network as a program that proves itself, or tables in other forms"
    )
    one.add_argument("target", metavar="FILE-OR-RUN", help="an experiment, a preset, a .nabla or a run's folder")
    one.add_argument(
        "--to", choices=(*LIBRARIES, *TABLES), required=True, help="a program for a library, or a run's tables"
    )
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    one.add_argument(
        "--allow-files", action="store_true", help="read files that the experiment names outside of its own folder"
    )


def run_export(arguments: argparse.Namespace, check_reach: Callable[[Path, bool], None]) -> int:
    """Write the files and say so; the exit status. ``check_reach`` refuses files that read what they should not."""
    from simulator.code.export import MODEL, export
    from simulator.schema.numbers import count

    if arguments.to in TABLES:
        return _export_tables(arguments)
    source, title = _source(arguments, check_reach)
    export(source, title, arguments.out, arguments.to)
    step = count(getattr(source, "step", 0), "update")
    print(f"{title} after {step} written to {arguments.out}; there, python {MODEL} --check proves it")
    return 0


def _export_tables(arguments: argparse.Namespace) -> int:
    from simulator.code.tables import write_events, write_parquet

    run = Path(arguments.target)
    if arguments.to == "tensorboard":
        written = [write_events(run, arguments.out)]
    else:
        written = write_parquet(run, arguments.out)
    print(f"written: {', '.join(path.name for path in written)}")
    return 0


def _source(
    arguments: argparse.Namespace, check_reach: Callable[[Path, bool], None]
) -> tuple[Experiment | Checkpoint, str]:
    """What is exported, an experiment before its first step or a run as it was kept, and what it is called."""
    from simulator.experiment.files import find
    from simulator.running.run_file import is_run_file, taken_up
    from simulator.running.shared_file import read

    path = Path(arguments.target)
    path = _in_folder(path) if path.is_dir() else path
    if is_run_file(path):
        shared = read(path)
        source = shared.experiment if shared.run is None else taken_up(shared.run).checkpoint()
        title = shared.experiment.name
    else:
        source = find(str(path))
        title = source.name
    check_reach(path, arguments.allow_files)
    return source, " ".join(title.split()) or path.stem


def _in_folder(folder: Path) -> Path:
    """The run that a folder of files holds, else its experiment."""
    from simulator.experiment.experiment import ExperimentError
    from simulator.running.run_file import ENDING
    from simulator.running.run_folder import UNFINISHED

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
