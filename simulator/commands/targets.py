"""What a command's target names: an experiment in a file of any kind or a preset, and whether it may be read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.data.table import changed
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import Reach, reach_from, reach_of
from simulator.experiment.settings import settings_in
from simulator.lessons.ending import is_lesson
from simulator.running.nabla.run_file import described, is_run_file
from simulator.running.nabla.shared_file import Shared
from simulator.running.run_source import experiment_of
from simulator.schema.numbers import count


def experiment_named(target: str, allow_files: bool) -> Experiment:
    """The experiment in a file, or the preset of that name; ExperimentError where it reads what it should not."""
    experiment = _experiment_at(target)
    check_reach(Path(target), allow_files)
    return experiment


def prepared(arguments: argparse.Namespace, shared: Shared | None = None) -> Experiment:
    """The experiment that the arguments describe; ``shared`` is what stands in the file that they name."""
    settings = settings_in(arguments.set)
    if arguments.seed is not None:
        settings.append(("seed", arguments.seed))
    experiment = (_experiment_at(arguments.target) if shared is None else shared.experiment).with_values(settings)
    if "data.path" not in dict(settings):
        check_reach(Path(arguments.target), arguments.allow_files)
    if experiment.lanes:
        networks = count(len(experiment.lanes), "network")
        command, kept = arguments.command, shared is not None and shared.run is not None and shared.run.lanes
        not_this = f"{command} does not" + (" and keeps them where they stand" if kept and command == "run" else "")
        print(f"note: {networks} beside it in the file: compare trains them too, {not_this}", file=sys.stderr)
    if news := changed(experiment.data):
        print(f"note: {news}", file=sys.stderr)
    return experiment


def _experiment_at(target: str) -> Experiment:
    """The experiment in a file, of a lesson with its locks, of a run as it was last, or the preset of that name."""
    if is_lesson(Path(target)):
        from simulator.lessons.files import read  # Lessons read presets, landscapes and analyses.

        return read(Path(target)).locked()
    return experiment_of(target)


def check_reach(path: Path, allowed: bool) -> None:
    """Say which file beyond its own folder an experiment reads; refuse one that no dialog would have written there."""
    reach = _reach(path)
    if reach is None:
        return
    if not allowed and not reach.plausible:
        raise ExperimentError(
            f"{path.name} names {reach.target}, outside of its own folder: --allow-files reads it, or --set data.path=…"
        )
    print(f"note: {path.name} reads {reach.target}, outside of its own folder", file=sys.stderr)


def _reach(path: Path) -> Reach | None:
    """What the experiment in a file reads beyond its own folder; a lesson that does is not read at all."""
    if not path.exists() or is_lesson(path):
        return None
    return reach_from(path, described(path)) if is_run_file(path) else reach_of(path)
