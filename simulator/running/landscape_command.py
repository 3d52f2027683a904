"""The command ``landscape``: optimisers race on a function of two parameters, without a screen."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.running.arguments import add_files, count, shortened, typed
from simulator.running.compare_command import split

if TYPE_CHECKING:
    from simulator.landscape.function import Ground
    from simulator.landscape.landscape import Landscape
    from simulator.landscape.race import RacedPath

DrawLandscape = Callable[["Landscape", "Ground", "Sequence[RacedPath]", Path], None]
"""Draws a race into a file."""
PATHS, PICTURE = "paths.csv", "landscape.png"


def add_landscape(commands: Any) -> None:
    """Add the command to a parser's sub-commands."""
    one = commands.add_parser("landscape", help="let optimisers race on a function of two parameters")
    one.add_argument("function", metavar="FUNCTION", help="its name, or a formula of x and y, as in 'x**2 + 3*y**4'")
    one.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="as in condition=100; may be repeated"
    )
    one.add_argument(
        "--optimizer", action="append", default=[], metavar="NAME=KIND[,FIELD=VALUE]…",
        help="as in heavy=sgd,momentum=0.9 or slow=adam,schedule=cosine,schedule.t_max=100; up to six",
    )  # fmt: skip
    one.add_argument("--start", type=_point, metavar="X,Y", help="where all begin; by default the function's own start")
    one.add_argument("--steps", type=count(0), required=True, metavar="N", help="updates that each makes")
    add_files(one)


def with_start_joined(arguments: Sequence[str]) -> list[str]:
    """``--start -1,2`` as ``--start=-1,2``: what begins with a minus would be taken for an option."""
    joined: list[str] = []
    for text in arguments:
        if joined and joined[-1] == "--start":
            joined[-1] = f"--start={text}"
        else:
            joined.append(text)
    return joined


def _point(text: str) -> list[float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected two numbers, as in 1,-0.5, not {shortened(text)!r}") from None
    return [x, y]


def described(arguments: argparse.Namespace) -> Landscape:
    """The landscape that the arguments describe."""
    from simulator.landscape.functions import FUNCTIONS, Typed
    from simulator.landscape.landscape import Landscape
    from simulator.schema.parameter import kind_of

    function, settings = arguments.function, dict(_function_settings(arguments.set))
    if function not in FUNCTIONS:
        function, settings = kind_of(Typed), {"expression": _formula(function), **settings}
    optimizers: dict[str, Any] = {}
    for text in arguments.optimizer or ["SGD=sgd"]:
        name, rule = _optimizer(text)
        if name in optimizers:
            raise _error(f"two optimisers are called {shortened(name)!r}")
        optimizers[name] = rule
    return Landscape.from_builtins(
        {
            "function": function, "set": settings, "optimizers": optimizers, "start": arguments.start,
            "steps": arguments.steps,
        }
    )  # fmt: skip


def _error(message: str) -> ValueError:
    from simulator.experiment.experiment import ExperimentError

    return ExperimentError(message)


def _function_settings(texts: Sequence[str]) -> list[tuple[str, Any]]:
    """Fields of the function, with or without ``function.`` before them."""
    return [(path.removeprefix("function."), value) for path, value in typed(texts)]


def _formula(text: str) -> str:
    """What is no function's name is a formula; what is no formula either is told both ways."""
    from simulator.landscape.expression import ExpressionError, parsed
    from simulator.landscape.functions import FUNCTIONS

    try:
        parsed(text)
    except ExpressionError as error:
        known = ", ".join(FUNCTIONS)
        raise _error(f"{shortened(text)!r} is no function ({known}), and no formula: {error}") from None
    return text


def _optimizer(text: str) -> tuple[str, dict[str, Any]]:
    """``NAME=KIND,FIELD=VALUE…``: the name, and the rule with its fields."""
    name, equals, rest = text.partition("=")
    kind, *settings = split(rest)
    if not equals or not name.strip() or not kind.strip():
        raise _error(f"expected --optimizer NAME=KIND,FIELD=VALUE, not {shortened(text)!r}")
    rule: dict[str, Any] = {"kind": kind.strip()}
    for path, value in typed(settings):
        _put(rule, path, value)
    return name.strip(), rule


def _put(rule: dict[str, Any], path: str, value: Any) -> None:
    """One field; those of the schedule stand behind ``schedule.``, and its kind may stand for it."""
    name, dot, field = path.partition(".")
    if path == "schedule":
        rule[name] = {**rule.get(name, {}), "kind": value}
    elif dot and name == "schedule":
        rule[name] = {**rule.get(name, {}), field: value}
    else:
        rule[path] = value


def run_landscape(arguments: argparse.Namespace, draw: DrawLandscape) -> int:
    """Race, write, and tell of it; the exit status."""
    from simulator.landscape.files import paths_csv
    from simulator.landscape.race import run
    from simulator.landscape.words import lines
    from simulator.running.progress_display import displaying
    from simulator.system.atomic import write_atomic

    landscape = described(arguments)
    with displaying():
        ground = landscape.function.ground()
        paths = run(landscape, ground)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_atomic(arguments.out / PATHS, paths_csv(paths).encode())
    if arguments.no_plots:
        (arguments.out / PICTURE).unlink(missing_ok=True)
    else:
        draw(landscape, ground, paths, arguments.out / PICTURE)
    for line in lines(landscape, ground, paths):
        print(line)
    print(f"written to {arguments.out}")
    return 0
