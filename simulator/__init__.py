"""Nablascope's engine: experiments, networks, gradients and their measures. It knows no screen."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment, ExperimentError
    from simulator.running.headless.ensemble import run_ensemble
    from simulator.running.headless.result import RunResult
    from simulator.running.headless.run import run

__all__ = ["Experiment", "ExperimentError", "RunResult", "run", "run_ensemble"]

_HOMES = {
    "Experiment": "simulator.experiment.experiment",
    "ExperimentError": "simulator.experiment.experiment",
    "RunResult": "simulator.running.headless.result",
    "run": "simulator.running.headless.run",
    "run_ensemble": "simulator.running.headless.ensemble",
}


def __getattr__(name: str) -> Any:
    # The bench starts its training process before anything is imported that takes time.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
