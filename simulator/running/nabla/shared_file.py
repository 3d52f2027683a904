"""An experiment and what belongs to it in one ``.nabla``, to be sent along: own data, run, workspace, what is pinned.

The file is that of a run, with further members; each of them, the run too, is there only if it was wanted.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from simulator.experiment.experiment import Experiment
from simulator.running.nabla import presentation
from simulator.running.nabla.archive import ArchiveWriter
from simulator.running.nabla.packed_data import add_data, holds_data, location, own_files, relocation
from simulator.running.nabla.presentation import Presentation
from simulator.running.nabla.run_file import (
    SavedRun,
    add_head,
    add_run,
    experiment_in,
    holds_run,
    moved,
    opened,
    run_in,
)
from simulator.system.atomic import replacing
from simulator.system.environment import environment


@dataclass(frozen=True)
class Shared:
    """What is, or is to be, in such a file."""

    experiment: Experiment
    run: SavedRun | None = None
    """Of that experiment."""
    shown: Presentation = field(default_factory=Presentation)
    data: bool = False
    """Whether a person's own data are in it too."""

    @property
    def is_run(self) -> bool:
        """Whether it is no more than a run, as Save writes it."""
        return self.run is not None and not self.data and not self.shown


def write(shared: Shared, path: Path) -> None:
    """Write all of it, whole or not at all; OSError where that cannot be, ExperimentError where data cannot be read."""
    files, run = own_files(shared.experiment) if shared.data else {}, shared.run
    beside = relocation(files)
    here = environment(1) if run is None else run.environment
    with replacing(path) as stream, closing(ArchiveWriter(stream)) as archive:
        add_head(archive, shared.experiment.moved(beside), here, run)
        for own in files.values():
            add_data(archive, own)
        if run is not None:
            add_run(archive, moved(run, beside))
        presentation.add(archive, shared.shown)


def read(path: Path) -> Shared:
    """What is in a file; ExperimentError names the file and what is wrong with it."""
    with opened(path) as archive:
        shown = presentation.read(archive)
        if holds_run(archive):
            run = run_in(archive, path.parent)
            return Shared(run.experiment, run, shown, holds_data(archive))
        stated = experiment_in(archive)
        return Shared(stated.moved(location(archive, stated, path.parent)), None, shown, holds_data(archive))
