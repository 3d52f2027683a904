"""Nablascope's engine: experiments, networks, gradients and their measures. It knows no screen."""

from simulator.experiment import Experiment, ExperimentError
from simulator.headless import RunResult, run

__all__ = ["Experiment", "ExperimentError", "RunResult", "run"]
