"""Arguments of the commands that train: how far, what is measured, and what ends a run."""

from __future__ import annotations

import argparse

from simulator.commands.arguments import add_files, add_threads, count
from simulator.observations.registry import analyses, unasked
from simulator.running.stop_rule_text import parse
from simulator.running.stop_rules import StopRule, StopRuleError
from simulator.system.text import shortened

STOP_RULES = (
    "loss<X, accuracy>X, validation_loss<X, validation_accuracy>X (or <=X, >=X), epochs:N, "
    "stalled:N (steps without a better validation loss) or finding"
)


class OneRule(argparse.Action):
    """A rule to stop by: a second one would silently take the place of the first, and is refused."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, "given twice: a run stops by one rule")
        setattr(namespace, self.dest, values)


def add_until(parser: argparse.ArgumentParser, what: str) -> None:
    """A rule to stop by, and ``what`` it does."""
    parser.add_argument("--until", type=_rule, action=OneRule, metavar="RULE", help=f"{what} as it holds: {STOP_RULES}")


def _rule(text: str) -> StopRule:
    try:
        return parse(text)
    except StopRuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_training(parser: argparse.ArgumentParser) -> None:
    """What every command that trains takes: how far, what is measured, where to, and on how many threads."""
    costly = [name for name in analyses() if name not in unasked()]
    names = ", ".join((*costly, *unasked()))
    parser.add_argument("--steps", type=count(0), required=True, metavar="N", help="updates to make")
    parser.add_argument(
        "--every", type=count(1), metavar="K", help="measure layers each K steps; by default about 1000 times in all"
    )
    parser.add_argument(
        "--analyses", type=_analyses, metavar="NAME,…",
        help=f"what else to write at these steps: {names}; all or none ({','.join(unasked())})",
    )  # fmt: skip
    add_files(parser)
    add_threads(parser)


def _analyses(text: str) -> tuple[str, ...]:
    """``bounds,sharpness``, ``all`` or ``none``."""
    known = tuple(analyses())
    if text in ("all", "none"):
        return known if text == "all" else ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no analysis is called {shortened(name)!r}; there are {', '.join(known)}")
    return names
