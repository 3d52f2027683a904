"""What has come of a run, in a terminal."""

from __future__ import annotations

import sys

from simulator.doctor.headline import headline
from simulator.running.headless.result import RunResult
from simulator.schema.numbers import integer


def print_result(result: RunResult, whose: str = "") -> None:
    """Where the run stands, and whether it was ended early; ``whose`` stands before that."""
    step = integer(result.last.step)
    print(f"{whose}step {step}: {headline(result.findings, result.last)}")
    if result.interrupted:
        stands = f"its files stand as of step {step}, and --resume goes on from there"
        print(f"{whose}ended early: {stands}", file=sys.stderr)
