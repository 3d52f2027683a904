"""Arguments that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from simulator.system.text import shortened


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line and ends with status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def count(least: int) -> Callable[[str], int]:
    """A whole number of so many or more."""

    def whole(text: str) -> int:
        from simulator.schema.numbers import integer  # The bench, which takes an argument too, does not wait for it.

        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number, not {shortened(text)!r}") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, not {integer(value)}")
        return value

    return whole


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The number of threads, on which last digits hang."""
    help_text = "threads of matrix products; if left out as many as pay"
    parser.add_argument("--threads", type=count(1), metavar="N", help=help_text)


def add_settings(parser: argparse.ArgumentParser, what: str) -> None:
    """Fields that are set: ``what`` of, or as in which example."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help=f"{what}; may be repeated"
    )  # fmt: skip


def add_folder(parser: argparse.ArgumentParser, what: str = "folder for the files") -> None:
    """Where the files go."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=what)


def add_files(parser: argparse.ArgumentParser) -> None:
    """Where the files go, and whether plots are among them."""
    add_folder(parser)
    parser.add_argument("--no-plots", action="store_true", help="write the data only")


def add_allow_files(
    parser: argparse.ArgumentParser, which: str = "files that the experiment names outside of its own folder"
) -> None:  # fmt: skip
    """Leave to read files that no one may have meant to be read."""
    parser.add_argument("--allow-files", action="store_true", help=f"read {which}")


def with_start_joined(arguments: Sequence[str]) -> list[str]:
    """``--start -1,2`` as ``--start=-1,2``: what begins with a minus would be taken for an option."""
    joined: list[str] = []
    for text in arguments:
        if joined and joined[-1] == "--start":
            joined[-1] = f"--start={text}"
        else:
            joined.append(text)
    return joined
