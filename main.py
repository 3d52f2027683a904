"""Nablascope from the command line: arguments only. ``main.py`` opens the bench; sub-commands need no screen."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from simulator.commands import COMMANDS
from simulator.commands.arguments import OneLineParser, add_threads
from simulator.commands.screen import Screen
from simulator.running.transport import Mode, ProcessTransport, can_fork, trainer, usual_mode
from simulator.system.machine import give_threads, out_of_memory

if TYPE_CHECKING:
    from simulator.landscape.function import Objective
    from simulator.landscape.landscape import Landscape
    from simulator.landscape.race import RacedPath
    from simulator.running.headless.result import RunResult
    from simulator.running.messages import Command, Reply
    from ui.export.pictures import ExportedPlots


T = TypeVar("T")
CLOSE_SECONDS = 1.0
INTERRUPTED = 130
"""Status of a program that Ctrl+C has ended."""
# Read when numpy is imported, here and in the training process; raised where a network is worth it. A second thread
# that waits for work takes a core from the other process, at the start of all times.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
SHARED = "simulator.running.session", "simulator.training.training"
"""What window and worker both need, numpy with it: a worker that is a copy of this process has it already."""


def program_name() -> str:
    """What a person has called this: the installed command or, in a checkout, the file."""
    return "main.py" if Path(sys.argv[0]).name == "main.py" else "nablascope"


def bench_parser() -> argparse.ArgumentParser:
    """Arguments of the bench."""
    parser = OneLineParser(
        prog=program_name(),
        description="An oscilloscope for gradients: opens the bench with an experiment, a preset or a start page.",
        epilog=f"Without a screen: {program_name()} {{{','.join(COMMANDS)}}} --help",
    )
    parser.add_argument("target", nargs="?", metavar="FILE-OR-PRESET", help="a start page if left out")
    parser.add_argument(
        "--worker",
        choices=("thread", "process"),
        help="where training runs; by default a process of its own where there is a core for it",
    )
    add_threads(parser)
    parser.add_argument(
        "--reset",
        action="store_true",
        help="arrange and prefer everything as on the first day, keys included; your own workspaces stay",
    )
    return parser


class Window(Screen):
    """What the window can do where nobody looks: OSError with one sentence where it cannot."""

    def draw_run(self, result: RunResult, folder: Path) -> str:
        def draw() -> ExportedPlots:
            from ui.export.headless import draw_all

            return draw_all(result.last, result.record, folder)

        return _on_no_screen(draw).sentence

    def draw_comparison(self, results: Mapping[str, Sequence[RunResult]], folder: Path) -> str:
        def draw() -> ExportedPlots:
            from ui.export.lanes import draw_lanes

            return draw_lanes(
                {name: [(result.last, result.record) for result in seeds] for name, seeds in results.items()}, folder
            )

        return _on_no_screen(draw).sentence

    def draw_race(self, landscape: Landscape, objective: Objective, paths: Sequence[RacedPath], path: Path) -> None:
        def draw() -> None:
            from ui.export.headless import draw_race

            draw_race(landscape, objective, paths, path)

        _on_no_screen(draw)

    def write_report(self, result: RunResult, path: Path) -> None:
        def draw() -> None:
            from ui.report.headless import report

            report(result, path)

        _on_no_screen(draw)

    def write_manual(self, folder: Path) -> int:
        from ui.manual.book import write_manual

        return write_manual(folder)


def _on_no_screen(draw: Callable[[], T]) -> T:
    """What drawing needs and what it leaves, around ``draw``."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        from ui.app import create_app
        from ui.export import ExportError
    except ImportError as error:
        raise OSError(f"the plots cannot be drawn ({error}); --no-plots leaves them out") from error
    app = create_app()
    try:
        drawn = draw()
    except ExportError as error:
        raise OSError(str(error)) from error
    app.processEvents()
    return drawn


def launched(worker: Mode | None) -> ProcessTransport[Command, Reply] | None:
    """The training process, to warm up while Qt is imported and the window is built; None where it will be a thread."""
    if (worker or usual_mode()) == "thread":
        return None
    transport = ProcessTransport(trainer)
    fork = can_fork() and "PySide6" not in sys.modules
    for name in SHARED if fork else ():
        import_module(name)
    try:
        transport.launch(fork)
    except OSError:
        return None  # the session tries again, and says why it is a thread then
    return transport


def open_bench(target: str | None, worker: Mode | None, reset: bool = False) -> int:
    """Open the window; Qt is imported only here. 2 for a bad file, 1 where the window fails, 130 for Ctrl+C."""
    # What a start makes, stays: looking it over for garbage again and again is a tenth of the time.
    gc.disable()
    transport = None
    try:
        transport = launched(worker)
        # Before Qt: once that is there, it reads the source of every module that is imported.
        import_module("simulator.running.session")
        from ui.app import open_bench as show

        return show(target, worker, transport, reset=reset)
    except (ValueError, OSError, MemoryError) as error:
        reason = out_of_memory(error) if isinstance(error, MemoryError) else " ".join(str(error).split())
        print(f"error: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED  # while it is opening; the window itself hears signals
    except Exception as error:
        traceback.print_exc()
        print(f"error: the bench could not start: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    finally:
        gc.enable()
        if transport is not None:
            transport.close(CLOSE_SECONDS)


def leave_threads(status: int) -> int:
    """The exit status; where a step is still being made in a thread, which nothing could end, the process ends here."""
    if any(thread.name.startswith("nablascope-") for thread in threading.enumerate()):
        # The interpreter would be taken down beneath it. All that is to be kept has been written.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command or open the bench; the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given and given[0] in COMMANDS:
        # The bench, which is no command, does not wait for it.
        from simulator.commands.command_line import carry_out

        return carry_out(given, Window(), program_name())
    bench = bench_parser().parse_args(given)
    give_threads(bench.threads)
    return leave_threads(open_bench(bench.target, bench.worker, bench.reset))


if __name__ == "__main__":
    sys.exit(main())
