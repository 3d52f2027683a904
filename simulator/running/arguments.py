"""What commands take: counts, and fields with their values."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


class OneRule(argparse.Action):
    """A rule to stop by: a second one would silently take the place of the first, and is refused."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, "given twice: a run stops by one rule")
        setattr(namespace, self.dest, values)


def count(least: int) -> Callable[[str], int]:
    from simulator.schema.numbers import integer

    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number, not {shortened(text)!r}") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, not {integer(value)}")
        return value

    return whole


def shortened(text: str, length: int = 80) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def setting(text: str) -> tuple[str, Any]:
    """``PATH=VALUE``: the value is JSON where it reads as JSON, else the text itself."""
    path, equals, value = text.partition("=")
    if not equals:
        from simulator.experiment.experiment import ExperimentError

        raise ExperimentError(f"expected PATH=VALUE, not {text!r}")
    try:
        return path.strip(), json.loads(value)
    except ValueError:
        return path.strip(), value


def typed(texts: Iterable[str]) -> list[tuple[str, Any]]:
    """Settings in the order in which they act: a kind brings its own fields with it, so kinds come first."""
    return in_order(map(setting, texts))


def in_order(settings: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The order in which settings act, whichever way they are given."""
    return sorted(settings, key=lambda item: not item[0].endswith(".kind"))


class AnalysesAction(argparse.Action):
    """Its help names the analyses, which only who reads it waits for."""

    @property
    def help(self) -> str:
        from simulator.observations.registry import analyses, unasked

        costly = [name for name in analyses() if name not in unasked()]
        names = ", ".join((*costly, *unasked()))
        return f"what else to write at these steps: {names}; all or none ({','.join(unasked())})"

    @help.setter
    def help(self, _text: str | None) -> None:
        """argparse has none for it."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        namespace.analyses = values


def analyses_in(text: str) -> tuple[str, ...]:
    """``bounds,sharpness``, ``all`` or ``none``."""
    from simulator.observations.registry import analyses

    known = ", ".join(analyses())
    if text in ("all", "none"):
        return tuple(analyses()) if text == "all" else ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in analyses():
            raise argparse.ArgumentTypeError(f"no analysis is called {shortened(name)!r}; there are {known}")
    return names


def add_training(parser: argparse.ArgumentParser) -> None:
    """What every command that trains takes: how far, what is measured, where to, and on how many threads."""
    parser.add_argument("--steps", type=count(0), required=True, metavar="N", help="updates to make")
    parser.add_argument(
        "--every", type=count(1), metavar="K", help="measure layers each K steps; by default about 1000 times in all"
    )
    parser.add_argument("--analyses", action=AnalysesAction, type=analyses_in, metavar="NAME,…")
    add_files(parser)
    add_threads(parser)


def add_files(parser: argparse.ArgumentParser) -> None:
    """Where the files go, and whether plots are among them."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--no-plots", action="store_true", help="write the data only")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The number of threads, on which last digits hang."""
    help_text = "threads of matrix products; if left out as many as pay"
    parser.add_argument("--threads", type=count(1), metavar="N", help=help_text)
