"""The command ``presets``: what experiments ship with the program."""

from __future__ import annotations

import argparse

from simulator.commands.screen import Screen
from simulator.experiment.files import presets


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """List them; the exit status."""
    known = presets()
    width = max(len(preset.id) for preset in known)
    for preset in known:
        print(f"{preset.id:{width}}  {preset.title}: {preset.effect}")
    return 0
