"""Where a headless run goes: nowhere but into memory, or into a folder besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

from simulator.doctor.base import Finding
from simulator.observations.observer import Made
from simulator.record.frame import Frame
from simulator.record.record import Record
from simulator.running.headless.files import RunFiles
from simulator.running.headless.folder import RunFolder
from simulator.running.headless.training_loop import TrainingLoop
from simulator.running.nabla.run_file import SavedLane, SavedRun, write
from simulator.system.environment import Environment
from simulator.system.fingerprint import fingerprint_of, free_name_beside
from simulator.training.training import Training


class RunOutput:
    """Keeps the end of a run in a run file, where one is asked for, and nothing else."""

    def __init__(self, here: Environment, run_file: str | Path | None, lanes: tuple[SavedLane, ...] = ()) -> None:
        """``lanes`` stand beside the run in its file, and stay where they are."""
        self.here, self.lanes = here, lanes
        self.news = ""
        """What a person should know of the run file, in a sentence."""
        self._run_file = None if run_file is None else Path(run_file)
        self._saved: SavedRun | None = None
        self._before = None if self._run_file is None else fingerprint_of(self._run_file)

    def between_steps(self, loop: TrainingLoop, record: Record, ends: bool) -> None:
        """No step is under way; ``ends``: the run is to end here."""

    def save(self, loop: TrainingLoop, record: Record) -> None:
        """The run as it stands after its last update: it is written when all is known."""
        if self._run_file is not None:
            own = deepcopy(record)
            self._saved = SavedRun(loop.training.checkpoint(), own, self.here, self.lanes, loop.coming)

    def _place(self, asked: Path) -> Path:
        """Where it is written: beside what was asked for, where another program has written there meanwhile."""
        if fingerprint_of(asked) == self._before:
            return asked
        place = free_name_beside(asked)
        self.news = (
            f"{asked} was changed by another program while the run went on, which is kept in {place.name} beside it"
        )
        return place

    def go_on_with(self, training: Training) -> None:
        """From this step on another network is trained, to which the one before was handed on."""

    def step(self, step: int, scalars: Mapping[str, float]) -> None:
        """A step, measured or not."""

    def frame(self, frame: Frame, made: Made) -> None:
        """A measured step, with the analyses that were made of it."""

    def summarise(self) -> None:
        """The last step is measured."""

    def finish(self, findings: Sequence[Finding], unfinished: bool) -> None:
        """All is known."""
        if self._run_file is not None and self._saved is not None:
            self._saved.record.finding = findings[0].in_short if findings else ""
            write(self._saved, self._place(self._run_file))


class FolderOutput(RunOutput):
    """Writes the files of a run, and keeps it so that it can be taken up again."""

    def __init__(
        self, here: Environment, run_file: str | Path | None, lanes: tuple[SavedLane, ...],
        folder: RunFolder, files: RunFiles, leave: bool,
    ) -> None:  # fmt: skip
        """``leave``: what is kept for being taken up again stays when the run is complete."""
        super().__init__(here, run_file, lanes)
        self._folder, self._files, self._leave = folder, files, leave

    def between_steps(self, loop: TrainingLoop, record: Record, ends: bool) -> None:
        if ends or self._folder.due:
            self._folder.keep(loop, record, self._files, self.lanes)

    def go_on_with(self, training: Training) -> None:
        self._files.go_on_with(training.info, training.step)

    def step(self, step: int, scalars: Mapping[str, float]) -> None:
        self._files.step(step, scalars)

    def frame(self, frame: Frame, made: Made) -> None:
        self._files.frame(frame)
        for analysis, observed in made.items():
            self._files.analysis(analysis, observed)

    def summarise(self) -> None:
        self._files.summarise()

    def finish(self, findings: Sequence[Finding], unfinished: bool) -> None:
        super().finish(findings, unfinished)
        self._files.finish(findings)
        if not unfinished and not self._leave:
            self._files.close()
            self._folder.clear()
