"""The commands that need no screen: which one is asked for, and what it ends with."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from simulator.commands.arguments import OneLineParser, with_start_joined
from simulator.commands.interruption import InterruptedRun
from simulator.commands.screen import Screen
from simulator.experiment.experiment import ExperimentError, bounded
from simulator.system.machine import out_of_memory
from simulator.system.regular_file import reason_of
from simulator.system.text import one_line


def command_called(name: str) -> ModuleType:
    """The module of one of :data:`~simulator.commands.COMMANDS`; nobody waits for what the others import.

    It has ``carry_out(arguments, screen)``, which gives the exit status, and ``add_arguments(parser)`` if it takes any.
    """
    return import_module(f"simulator.commands.{'import_network' if name == 'import' else name}")


def parsed(given: Sequence[str], program: str = "main.py") -> argparse.Namespace:
    """The command and its arguments, as a person has given them to ``program``."""
    name, *rest = given
    parser = OneLineParser(prog=f"{program} {name}")
    command = command_called(name)
    if hasattr(command, "add_arguments"):
        command.add_arguments(parser)
    return parser.parse_args(with_start_joined(rest), argparse.Namespace(command=name))


def carry_out(given: Sequence[str], screen: Screen | None = None, program: str = "main.py") -> int:
    """Carry out a command; the process's exit status. What draws is the ``screen``, if there is one."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As stderr does: a console without σ, or a folder whose name is no text, must not end a run at its end.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = command_called(given[0]).carry_out(parsed(given, program), screen or Screen())
    except (ExperimentError, OSError, MemoryError) as error:
        print(f"error: {_sentence(error)}", file=sys.stderr)
        return 2
    except InterruptedRun as error:
        stands = "what was written stands, and --resume goes on from the last checkpoint"
        print(f"stopped at once; {stands if error.begun else 'nothing was written'}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    return status


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return out_of_memory(error)
    if isinstance(error, OSError) and error.strerror:
        return bounded(f"{error.filename}: {reason_of(error)}" if error.filename else error.strerror)
    return one_line(error)
