"""The command ``sweep``: one or two parameters of an experiment over a range, with seeds, in as many processes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from msgspec.structs import replace

from simulator.commands.arguments import add_allow_files, add_folder, add_settings, count
from simulator.commands.interruption import InterruptedRun, Interruption
from simulator.commands.progress_display import displaying
from simulator.commands.screen import Screen
from simulator.commands.targets import prepared
from simulator.commands.training_arguments import add_until
from simulator.experiment.experiment import ExperimentError
from simulator.experiment.settings import settings_in
from simulator.maps import measures
from simulator.maps.axes import axis
from simulator.maps.engines import ClusterEngine, Engine, LocalEngine
from simulator.maps.making import MadeCell
from simulator.maps.map_folder import MapFolder
from simulator.maps.presets import MapPreset, find_map, map_presets
from simulator.maps.sweep import Sweep
from simulator.maps.table import in_words
from simulator.running.nabla.run_file import is_run_file
from simulator.running.nabla.shared_file import read
from simulator.schema.numbers import count as count_text
from simulator.schema.numbers import integer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is varied in what, what is measured of each cell, and where cells are made."""
    shipped = ", ".join(preset.id for preset in map_presets())
    parser.add_argument("target", metavar="FILE-OR-PRESET", help=f"an experiment; or a map of its own: {shipped}")
    parser.add_argument(
        "--vary", nargs="+", action="extend", default=[], metavar="PATH=…",
        help="PATH=LOW:HIGH:N, PATH=LOW:HIGH:N:log or PATH=a,b,c; one or two of them",
    )  # fmt: skip
    parser.add_argument("--seeds", type=count(1), metavar="N", help="train each cell with N seeds from the first on")
    parser.add_argument("--steps", type=count(0), metavar="N", help="updates to make in each cell")
    parser.add_argument(
        "--measure", nargs="+", action="extend", metavar="NAME",
        help="what to measure: scalars of steps.csv and gradient_ratio, if left out; NAME or NAME:LAYER of layers.csv",
    )  # fmt: skip
    add_until(parser, "end a cell as soon")
    parser.add_argument(
        "--brief", action="store_true",
        help="measure cells at their last step alone, and let the doctor try nothing: several times as fast",
    )  # fmt: skip
    parser.add_argument(
        "--refine", type=count(0), default=0, metavar="N",
        help="passes of further cells where neighbours differ most in the first measure, or in what its picture shows",
    )  # fmt: skip
    workers = parser.add_mutually_exclusive_group()
    workers.add_argument("--jobs", type=count(1), metavar="J", help="processes; as many as cores if left out")
    workers.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler, as in tcp://host:8786")
    parser.add_argument(
        "--kernel", default="", metavar="NAME", help="the processor kernel that cells must be made with"
    )
    parser.add_argument("--seed", type=count(0), metavar="S", help="the first seed, instead of the experiment's")
    add_settings(parser, "in all cells")
    add_allow_files(parser, "files outside of the experiment's own folder")
    add_folder(parser, "folder for cells.jsonl and map.csv")


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Make the map, or go on with it; the exit status."""
    with Interruption("now") as stop, displaying():
        sweep = _sweep(arguments)
        sweep.check()
        try:
            by = _refined_by(arguments, sweep) if arguments.refine else ""
            with MapFolder(arguments.out, sweep) as folder:
                for made in folder.make(
                    lambda cells: _engine(arguments, cells), stop, refine_by=by, passes=arguments.refine
                ):
                    _tell(made, sweep)
                status = _sum_up(folder)
        except InterruptedRun as error:
            print("stopped at once; cells that were made stand, and the same command makes the others", file=sys.stderr)
            return error.status
    print(f"written to {arguments.out}")
    return status if stop.number is None else stop.status


def _sweep(arguments: argparse.Namespace) -> Sweep:
    """The map that the arguments describe."""
    known = _preset(arguments)
    if known is not None:
        return _changed(known.sweep(), arguments)
    if not arguments.vary or arguments.steps is None:
        raise ExperimentError("a map needs --vary PATH=… and --steps N")
    path = Path(arguments.target)
    experiment = prepared(arguments, read(path) if path.exists() and is_run_file(path) else None)
    return Sweep(
        experiment=experiment,
        axes=tuple(axis(text, experiment) for text in arguments.vary),
        seeds=arguments.seeds or 1,
        steps=arguments.steps,
        until="" if arguments.until is None else arguments.until.text,
        measures=tuple(arguments.measure or measures.USUAL),
        brief=arguments.brief,
    )


def _preset(arguments: argparse.Namespace) -> MapPreset | None:
    """The map that ships with the program, if it is one."""
    return None if Path(arguments.target).exists() else find_map(arguments.target)


def _refined_by(arguments: argparse.Namespace, sweep: Sweep) -> str:
    """The measure whose neighbours are to differ: the first that was asked for, else what a map's picture is of."""
    known = _preset(arguments)
    return sweep.measures[0] if arguments.measure or known is None else known.shown


def _changed(sweep: Sweep, arguments: argparse.Namespace) -> Sweep:
    """A map that ships with the program, with what the arguments say otherwise."""
    settings = settings_in(arguments.set) + ([] if arguments.seed is None else [("seed", arguments.seed)])
    experiment = sweep.experiment.with_values(settings)
    given = {
        "axes": tuple(axis(text, experiment) for text in arguments.vary), "seeds": arguments.seeds,
        "steps": arguments.steps, "until": None if arguments.until is None else arguments.until.text,
        "measures": tuple(arguments.measure or ()),
    }  # fmt: skip
    asked = {name: value for name, value in given.items() if value not in (None, ())}
    return replace(sweep, experiment=experiment, brief=sweep.brief or arguments.brief, **asked)


def _engine(arguments: argparse.Namespace, cells: int) -> Engine:
    if arguments.cluster is not None:
        return ClusterEngine(arguments.cluster, arguments.kernel)
    return LocalEngine(cells, arguments.jobs, arguments.kernel)


def _tell(made: MadeCell, sweep: Sweep) -> None:
    """Why a cell has failed; the others speak by the table."""
    if made.error:
        print(f"{in_words(made.cell, sweep)}: {made.error}", file=sys.stderr)


def _sum_up(folder: MapFolder) -> int:
    """Say how many cells there are; the exit status."""
    made, left = folder.made, len(folder.left)
    failed, diverged = sum(bool(each.error) for each in made), sum(each.diverged for each in made)
    print(f"{count_text(len(made), 'cell')}: {integer(diverged)} diverged, {integer(failed)} failed")
    if folder.news:
        print(f"note: {folder.news}", file=sys.stderr)
    if left:
        print(f"{count_text(left, 'cell')} left: the same command goes on from here", file=sys.stderr)
    return 2 if made and failed == len(made) else 0
