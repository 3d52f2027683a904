"""Layers as people call them: by their numbers from 1, inner ones behind that of their block."""

from __future__ import annotations

from collections.abc import Iterable


def told_layers(labels: Iterable[str]) -> str:
    """``layer 3``, ``layers 2–4, 7.1``"""
    runs: list[list[str]] = []
    for label in labels:
        if runs and label == _next(runs[-1][-1]):
            runs[-1] = [runs[-1][0], label]
        else:
            runs.append([label])
    several = len(runs) > 1 or any(len(run) > 1 for run in runs)
    return f"layer{'s' * several} {', '.join('–'.join(run) for run in runs)}"


def _next(label: str) -> str:
    """That of the layer behind it in its stack."""
    stack, point, number = label.rpartition(".")
    return f"{stack}{point}{int(number) + 1}" if number.isdecimal() else ""
