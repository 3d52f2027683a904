"""What crosses between a window and the worker that tries remedies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from simulator.doctor.base import Finding
    from simulator.experiment.experiment import Experiment


class Try(Struct, frozen=True):
    """Try the remedies of findings about a run of ``experiment`` that has made ``steps``, and has this ``loss``."""

    id: int
    experiment: Experiment
    findings: tuple[Finding, ...]
    steps: int
    loss: float


class Tried(Struct, frozen=True):
    """The findings with what came of their remedies."""

    id: int
    findings: tuple[Finding, ...]
    steps: int
    """Of each copy; 0 where none could be afforded, so that nothing was tried."""
