"""The command ``manual``: its pages as Markdown."""

from __future__ import annotations

import argparse

from simulator.commands.arguments import add_folder
from simulator.commands.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the pages go."""
    add_folder(parser, "folder for the pages")


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Write them; the exit status."""
    print(f"{screen.write_manual(arguments.out)} pages written to {arguments.out}")
    return 0
