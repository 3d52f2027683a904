"""The command ``lessons``: list them, check that the program does what they say, write one into a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.commands.progress_display import displaying
from simulator.commands.screen import Screen
from simulator.experiment.experiment import ExperimentError
from simulator.lessons.checking import CheckOutcome, check, printed, table
from simulator.lessons.course import lessons_called
from simulator.lessons.files import find, save, shipped
from simulator.system.atomic import write_atomic


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is done with which lessons; without any, they are listed."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check",
        nargs="*",
        metavar="NAME|FILE",
        help="run these lessons, those of a course, or all, and compare with what is expected",
    )
    what.add_argument("--export", nargs=2, metavar=("NAME", "FILE"), help="write a lesson into a file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for lessons.csv")


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """List, check or write lessons; the exit status."""
    if arguments.check is not None:
        return _check(arguments.check, arguments.out)
    if arguments.export is not None:
        return _export(*arguments.export)
    lessons = shipped()
    width = max((len(lesson.name) for lesson in lessons), default=0)
    for lesson in lessons:
        claim = "     " if lesson.claim is None else f"{lesson.claim:>4} "
        print(f"{lesson.name:{width}} {claim} {lesson.title}")
    return 0


def _export(name: str, file: str) -> int:
    save(find(name), Path(file))
    print(f"written to {file}")
    return 0


def _check(names: list[str], out: Path | None) -> int:
    if out is None:
        raise ExperimentError("--check writes lessons.csv into the folder that --out names")
    lessons = [lesson for name in names for lesson in lessons_called(name)] or shipped()
    out.mkdir(parents=True, exist_ok=True)
    outcomes: list[CheckOutcome] = []
    with displaying():
        for lesson in lessons:
            outcomes += check(lesson)
    write_atomic(out / "lessons.csv", table(outcomes).encode())
    for line in printed(outcomes):
        print(line)
    for reason in dict.fromkeys(f"{each.lesson.name}: {each.reason}" for each in outcomes if each.reason):
        print(f"note: {reason}", file=sys.stderr)
    failed = sum(not each.holds for each in outcomes)
    print(f"{len(outcomes) - failed} of {len(outcomes)} hold; written to {out}")
    return 1 if failed else 0
