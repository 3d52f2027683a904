"""The commands that need no screen.

``run`` writes the data; what draws the plots, and what writes the manual, is handed in: the simulator knows no screen.
"""

from __future__ import annotations

import argparse
import functools
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.running.arguments import OneRule, add_training, count, typed
from simulator.running.compare_command import DrawLanes, add_compare, run_compare
from simulator.running.export_command import add_export, run_export
from simulator.running.import_command import add_import, run_import
from simulator.running.landscape_command import DrawLandscape, add_landscape, run_landscape
from simulator.running.lessons_command import add_lessons, run_lessons

# The bench takes its arguments here too: what only a command needs is imported by the command.
if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.landscape.function import Ground
    from simulator.landscape.landscape import Landscape
    from simulator.landscape.race import RacedPath
    from simulator.running.headless import RunResult
    from simulator.running.run_file import SavedRun
    from simulator.running.shared_file import Shared
    from simulator.running.stop_rules import StopRule

Draw = Callable[["RunResult", Path], str | None]
"""Draws the plots of a run into a folder, and says in a sentence what was drawn."""
Report = Callable[["RunResult", Path], None]
"""Writes the report of a run into a file."""
WriteManual = Callable[[Path], int]
"""Writes the manual into a folder; how many pages."""
STOP_RULES = (
    "loss<X, accuracy>X, validation_loss<X, validation_accuracy>X, epochs:N, "
    "stalled:N (steps without a better validation loss) or finding"
)
COMMANDS = ("run", "compare", "export", "import", "landscape", "lessons", "presets", "reference", "manual")


def parser() -> argparse.ArgumentParser:
    """Arguments of the commands."""
    top = argparse.ArgumentParser(prog="main.py", description="Train without a screen.")
    commands = top.add_subparsers(dest="command", required=True)
    add_commands(commands)
    return top


def add_commands(commands: Any) -> None:
    """Add the commands to a parser's sub-commands."""
    one = commands.add_parser("run", help="train an experiment without a screen and write its files")
    one.add_argument("target", metavar="FILE-OR-PRESET")
    add_training(one)
    one.add_argument(
        "--until", type=rule, action=OneRule, metavar="RULE", help="stop before, as soon as it holds: " + STOP_RULES
    )
    one.add_argument("--seed", type=count(0), metavar="S", help="instead of the experiment's seed")
    one.add_argument(
        "--seeds",
        type=count(1),
        metavar="N",
        help="train once for each of N seeds from that on; tables get a column",
    )
    one.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="as in layers.0.units=50; may be repeated"
    )
    _add_kept(one)
    one.add_argument(
        "--allow-files", action="store_true", help="read files that the experiment names outside of its own folder"
    )
    add_compare(commands)
    add_landscape(commands)
    add_lessons(commands)
    add_export(commands)
    add_import(commands)
    commands.add_parser("presets", help="list the presets")
    commands.add_parser("reference", help="print the reference table of all parts")
    book = commands.add_parser("manual", help="write the manual as Markdown, one file per page")
    book.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the pages")


def _add_kept(one: argparse.ArgumentParser) -> None:
    """What is kept of a run besides its files, and what it goes on from."""
    one.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of a run that was ended in DIR before"
    )
    one.add_argument(
        "--changes", type=Path, metavar="FILE", help="let changes by hand act again, as the window has exported them"
    )
    one.add_argument("--save", type=Path, metavar="FILE.nabla", help="keep the end of the run, to go on from there")
    one.add_argument(
        "--report", type=Path, metavar="FILE.html", help="write what came of it as one page, plots included"
    )


def rule(text: str) -> StopRule:
    from simulator.running.stop_rule_text import parse
    from simulator.running.stop_rules import StopRuleError

    try:
        return parse(text)
    except StopRuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _no_manual(folder: Path) -> int:
    raise OSError(f"{folder}: the manual is written by the program with its window")


def _no_report(_result: RunResult, path: Path) -> None:
    raise OSError(f"{path}: a report is written by the program with its window")


def _no_lanes(_results: Mapping[str, Sequence[RunResult]], _folder: Path) -> None:
    """Only the program with its window draws."""


def _no_landscape(_landscape: Landscape, _ground: Ground, _paths: Sequence[RacedPath], _path: Path) -> None:
    """As :func:`_no_lanes`."""


def execute(
    arguments: argparse.Namespace, draw: Draw, write_manual: WriteManual = _no_manual, report: Report = _no_report,
    draw_lanes: DrawLanes = _no_lanes, draw_landscape: DrawLandscape = _no_landscape,
    carry_out: Callable[[argparse.Namespace], int] | None = None,
) -> int:  # fmt: skip
    """Carry out a parsed command; the process's exit status. ``carry_out`` does one of a room above this."""
    from simulator.experiment.experiment import ExperimentError
    from simulator.running.interruption import InterruptedRun

    if isinstance(sys.stdout, io.TextIOWrapper):
        # As stderr does: a console without σ, or a folder whose name is no text, must not end a run at its end.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if carry_out is not None:
            return carry_out(arguments)
        if arguments.command == "run":
            return _run(arguments, draw, report)
        if arguments.command == "compare":
            return run_compare(arguments, _named, draw_lanes)
        if arguments.command == "landscape":
            return run_landscape(arguments, draw_landscape)
        if arguments.command == "lessons":
            return run_lessons(arguments)
        if arguments.command == "export":
            return run_export(arguments, _check_reach)
        if arguments.command == "import":
            return run_import(arguments)
        if arguments.command == "presets":
            _list_presets()
        elif arguments.command == "manual":
            print(f"{write_manual(arguments.out)} pages written to {arguments.out}")
        else:
            from simulator.running.reference import reference

            sys.stdout.write(reference())
    except (ExperimentError, OSError, MemoryError) as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 2
    except InterruptedRun as error:
        stands = "what was written stands, and --resume goes on from the last checkpoint"
        print(f"stopped at once; {stands if error.begun else 'nothing was written'}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    return 0


def _one_line(error: Exception) -> str:
    from simulator.experiment.experiment import bounded
    from simulator.system.machine import out_of_memory
    from simulator.system.regular_file import reason_of

    if isinstance(error, MemoryError):
        return out_of_memory(error)
    if isinstance(error, OSError) and error.strerror:
        return bounded(f"{error.filename}: {reason_of(error)}" if error.filename else error.strerror)
    return " ".join(str(error).split())


def _list_presets() -> None:
    from simulator.experiment.files import presets

    known = presets()
    width = max(len(preset.id) for preset in known)
    for preset in known:
        print(f"{preset.id:{width}}  {preset.title}: {preset.effect}")


def prepare(arguments: argparse.Namespace, shared: Shared | None = None) -> Experiment:
    """The experiment that the arguments describe; ``shared`` is what stands in the file that they name."""
    from simulator.data.table import changed
    from simulator.schema.numbers import count as count_text

    settings = typed(arguments.set)
    if arguments.seed is not None:
        settings.append(("seed", arguments.seed))
    experiment = (_experiment_at(arguments.target) if shared is None else shared.experiment).with_values(settings)
    if "data.path" not in dict(settings):
        _check_reach(Path(arguments.target), arguments.allow_files)
    if experiment.lanes:
        networks = count_text(len(experiment.lanes), "network")
        command, kept = arguments.command, shared is not None and shared.run is not None and shared.run.lanes
        not_this = f"{command} does not" + (" and keeps them where they stand" if kept and command == "run" else "")
        print(f"note: {networks} beside it in the file: compare trains them too, {not_this}", file=sys.stderr)
    if news := changed(experiment.data):
        print(f"note: {news}", file=sys.stderr)
    return experiment


def _experiment_at(target: str) -> Experiment:
    """The experiment in a file, of a lesson with its locks, of a run as it was last, or the preset of that name."""
    from simulator.lessons.ending import is_lesson
    from simulator.running.given import experiment_of

    if is_lesson(Path(target)):
        from simulator.lessons.files import read

        return read(Path(target)).locked()
    return experiment_of(target)


def _named(target: str, allow_files: bool) -> Experiment:
    """The experiment in a file, or the preset of that name."""
    experiment = _experiment_at(target)
    _check_reach(Path(target), allow_files)
    return experiment


def _check_reach(path: Path, allowed: bool) -> None:
    """Say which file beyond its own folder an experiment reads; refuse one that no dialog would have written there."""
    from simulator.experiment.experiment import ExperimentError
    from simulator.experiment.files import reach_from, reach_of
    from simulator.lessons.ending import is_lesson
    from simulator.running.run_file import described, is_run_file

    own = is_run_file(path)
    # A lesson that reaches beyond its own folder is not read at all.
    reach = (
        None if not path.exists() or is_lesson(path) else reach_from(path, described(path)) if own else reach_of(path)
    )
    if reach is None:
        return
    if not allowed and not reach.plausible:
        raise ExperimentError(
            f"{path.name} names {reach.target}, outside of its own folder: --allow-files reads it, or --set data.path=…"
        )
    print(f"note: {path.name} reads {reach.target}, outside of its own folder", file=sys.stderr)


def _check_files(arguments: argparse.Namespace) -> None:
    """Refuse, before anything is trained, files in which the end of a run or its report cannot be."""
    from simulator.experiment.experiment import ExperimentError
    from simulator.running.run_file import ENDING, is_run_file

    if arguments.save is not None and (arguments.seeds or not is_run_file(arguments.save)):
        raise ExperimentError(f"--save keeps one run in a file whose name ends in {ENDING}")
    if arguments.save is not None and not arguments.save.absolute().parent.is_dir():
        raise ExperimentError(f"--save: there is no folder {arguments.save.parent}")
    if arguments.report is not None:
        _check_report(arguments.report, arguments.out)


def _shared(arguments: argparse.Namespace) -> Shared | None:
    """What stands in the target, where that is a run or a shared experiment."""
    from simulator.experiment.experiment import ExperimentError
    from simulator.running.run_file import is_run_file
    from simulator.running.shared_file import read

    path = Path(arguments.target)
    if not is_run_file(path):
        return None
    shared = read(path)
    if shared.run is not None and (arguments.seed is not None or arguments.seeds is not None):
        raise ExperimentError("a saved run goes on with its own seed: --seed and --seeds begin others")
    return shared


def _check_report(path: Path, out: Path) -> None:
    """Before anything is trained; the folder of the run will be there."""
    from simulator.experiment.experiment import ExperimentError

    if path.suffix.lower() not in (".html", ".htm"):
        raise ExperimentError("--report writes a page, in a file whose name ends in .html")
    if not path.absolute().parent.is_dir() and path.absolute().parent != out.absolute():
        raise ExperimentError(f"--report: there is no folder {path.parent}")


def _run(arguments: argparse.Namespace, draw: Draw, report: Report) -> int:
    """Train and tell of it; the exit status."""
    from simulator.running.files import PLOTS
    from simulator.running.interruption import Interruption
    from simulator.running.progress_display import displaying
    from simulator.system.machine import give_threads
    from simulator.system.progress import advance

    total = arguments.steps * (arguments.seeds or 1)
    notes: tuple[str, ...] = ()
    with Interruption() as stop, displaying():
        give_threads(arguments.threads)
        _check_files(arguments)
        shared = _shared(arguments)
        experiment = prepare(arguments, shared)
        start = None if shared is None else shared.run
        advance_training = functools.partial(advance, "Training", total=total, unit="steps")
        for folder, result in _results(arguments, experiment, start, advance_training, stop):
            drawn = None if arguments.no_plots else draw(result, folder / PLOTS)
            whose = "" if folder == arguments.out else f"{folder.name}, "
            _print_result(result, whose, notes)
            if drawn:
                print(f"{whose}{drawn}")
            if arguments.report is not None:
                path = arguments.report
                report(result, path.with_stem(f"{path.stem}-{folder.name}") if arguments.seeds else path)
            notes = result.info.notes
    print(f"written to {arguments.out}")
    return 0 if stop.number is None else 128 + stop.number


def _print_result(result: RunResult, whose: str, known_notes: tuple[str, ...]) -> None:
    """What has come of a run; ``known_notes`` need no second word."""
    from simulator.schema.numbers import integer

    for note in result.info.notes if result.info.notes != known_notes else ():
        print(f"note: {note}", file=sys.stderr)
    if result.news:
        print(f"note: {result.news}", file=sys.stderr)
    if result.stopped is not None:
        print(f"{whose}{result.stopped.sentence}")
    print(_headline_of(result, whose))
    if result.interrupted:
        stands = f"its files stand as of step {integer(result.last.step)}, and --resume goes on from there"
        print(f"{whose}ended early: {stands}", file=sys.stderr)


def _results(
    arguments: argparse.Namespace,
    experiment: Experiment,
    start: SavedRun | None,
    progress: Callable[[int], None],
    stop: Callable[[], bool],
) -> Iterator[tuple[Path, RunResult]]:
    """Each run with its folder."""
    from simulator.running.ensemble import run_ensemble
    from simulator.running.headless import run
    from simulator.training.ledger import read

    # Once, and before anything is trained.
    changes = None if arguments.changes is None else read(arguments.changes)
    options: dict[str, Any] = {
        "every": arguments.every, "analyses": arguments.analyses, "until": arguments.until, "progress": progress,
        "resume": arguments.resume, "stop": stop, "changes": changes,
    }  # fmt: skip
    if arguments.seeds is None:
        options |= {"start": start, "save": arguments.save}
        yield arguments.out, run(experiment, steps=arguments.steps, out=arguments.out, **options)
    else:
        yield from run_ensemble(experiment, arguments.seeds, steps=arguments.steps, out=arguments.out, **options)


def _headline_of(result: RunResult, whose: str) -> str:
    from simulator.doctor.headline import headline
    from simulator.schema.numbers import integer

    return f"{whose}step {integer(result.last.step)}: {headline(result.findings, result.last)}"
