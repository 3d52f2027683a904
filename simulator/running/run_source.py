"""What is trained, however it is given: an experiment, its file or preset, or a run that goes on."""

from __future__ import annotations

from pathlib import Path

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import find
from simulator.running.nabla import shared_file
from simulator.running.nabla.run_file import SavedRun, is_run_file
from simulator.running.nabla.run_file import read as read_run


def experiment_of(named: str | Path) -> Experiment:
    """The experiment in a file of any kind, of a run's too, or the preset of that name; ExperimentError as they say."""
    path = Path(named)
    return shared_file.read(path).experiment if path.exists() and is_run_file(path) else find(str(named))


def what_is_trained(
    given: Experiment | str | Path, start: SavedRun | str | Path | None
) -> tuple[Experiment, SavedRun | None]:
    """The experiment and the run that goes on with it, if one does: ``start``, or the one in the file that is given."""
    run = start if start is None or isinstance(start, SavedRun) else read_run(Path(start))
    if isinstance(given, Experiment):
        return given, run
    path = Path(given)
    if not path.exists() or not is_run_file(path):
        return find(str(given)), run
    shared = shared_file.read(path)
    if run is not None and shared.run is not None:
        raise ExperimentError(f"{path.name} is a run itself, so that no other can be its start")
    return shared.experiment, run or shared.run
