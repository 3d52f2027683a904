"""The command ``landscape``: optimisers race on a function of two parameters, without a screen."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from simulator.commands.arguments import add_files, add_settings, count
from simulator.commands.progress_display import displaying
from simulator.commands.screen import Screen
from simulator.experiment.experiment import ExperimentError
from simulator.experiment.settings import settings_in, split
from simulator.landscape.expression import ExpressionError, parsed
from simulator.landscape.functions import FUNCTIONS, Typed
from simulator.landscape.landscape import Landscape
from simulator.landscape.paths_file import paths_csv
from simulator.landscape.phrases import lines
from simulator.landscape.race import run
from simulator.schema.parameter import kind_of
from simulator.system.atomic import write_atomic
from simulator.system.text import shortened

PATHS, PICTURE = "paths.csv", "landscape.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The function, who races on it, from where and for how long."""
    parser.add_argument("function", metavar="FUNCTION", help="its name, or a formula of x and y, as in 'x**2 + 3*y**4'")
    add_settings(parser, "as in condition=100")
    parser.add_argument(
        "--optimizer", action="append", default=[], metavar="NAME=KIND[,FIELD=VALUE]…",
        help="as in heavy=sgd,momentum=0.9 or slow=adam,schedule=cosine,schedule.t_max=100; up to six",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=_point, metavar="X,Y", help="where all begin; by default the function's own start"
    )
    parser.add_argument("--steps", type=count(0), required=True, metavar="N", help="updates that each makes")
    add_files(parser)


def _point(text: str) -> list[float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected two numbers, as in 1,-0.5, not {shortened(text)!r}") from None
    return [x, y]


def described(arguments: argparse.Namespace) -> Landscape:
    """The landscape that the arguments describe."""
    function, settings = arguments.function, dict(_function_settings(arguments.set))
    if function not in FUNCTIONS:
        function, settings = kind_of(Typed), {"expression": _formula(function), **settings}
    optimizers: dict[str, Any] = {}
    for text in arguments.optimizer or ["SGD=sgd"]:
        name, rule = _optimizer(text)
        if name in optimizers:
            raise ExperimentError(f"two optimisers are called {shortened(name)!r}")
        optimizers[name] = rule
    return Landscape.from_builtins(
        {
            "function": function, "set": settings, "optimizers": optimizers, "start": arguments.start,
            "steps": arguments.steps,
        }
    )  # fmt: skip


def _function_settings(texts: Sequence[str]) -> list[tuple[str, Any]]:
    """Fields of the function, with or without ``function.`` before them."""
    return [(path.removeprefix("function."), value) for path, value in settings_in(texts)]


def _formula(text: str) -> str:
    """What is no function's name is a formula; what is no formula either is told both ways."""
    try:
        parsed(text)
    except ExpressionError as error:
        known = ", ".join(FUNCTIONS)
        raise ExperimentError(f"{shortened(text)!r} is no function ({known}), and no formula: {error}") from None
    return text


def _optimizer(text: str) -> tuple[str, dict[str, Any]]:
    """``NAME=KIND,FIELD=VALUE…``: the name, and the rule with its fields."""
    name, equals, rest = text.partition("=")
    kind, *settings = split(rest)
    if not equals or not name.strip() or not kind.strip():
        raise ExperimentError(f"expected --optimizer NAME=KIND,FIELD=VALUE, not {shortened(text)!r}")
    rule: dict[str, Any] = {"kind": kind.strip()}
    for path, value in settings_in(settings):
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


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Race, write, and tell of it; the exit status."""
    landscape = described(arguments)
    with displaying():
        objective = landscape.function.objective()
        paths = run(landscape, objective)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_atomic(arguments.out / PATHS, paths_csv(paths).encode())
    if arguments.no_plots:
        (arguments.out / PICTURE).unlink(missing_ok=True)
    else:
        screen.draw_race(landscape, objective, paths, arguments.out / PICTURE)
    for line in lines(landscape, objective, paths):
        print(line)
    print(f"written to {arguments.out}")
    return 0
