"""The scaling section as an SVG: three log-log panels, measured points and the line of the law they should keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 300, 260, 48
INK, FAINT, POINT = "#333a46", "#9aa3b2", "#2f6fdb"
POWERS = {"linear": 1, "quadratic": 2}
Sweep = tuple[str, str, Sequence[int], Sequence[float]]
"""Name of the size, law, sizes, milliseconds."""


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def _line(points: Sequence[tuple[float, float]], colour: str, dashes: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="{dashes}"/>'


def _panel(sweep: Sweep, left: float) -> list[str]:
    name, law, sizes, values = sweep
    lawful = [values[0] * (size / sizes[0]) ** POWERS[law] for size in sizes]
    low, high = math.log(min(*values, *lawful) * 0.8), math.log(max(*values, *lawful) * 1.25)
    inner, bottom = WIDTH - 1.5 * MARGIN, HEIGHT - MARGIN

    def place(size: float, value: float) -> tuple[float, float]:
        x = math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
        y = (math.log(value) - low) / (high - low)
        return left + MARGIN + inner * x, bottom - (bottom - MARGIN) * y

    points = [place(size, value) for size, value in zip(sizes, values, strict=True)]
    drawn = [_line([(left + MARGIN, MARGIN), (left + MARGIN, bottom), (left + MARGIN + inner, bottom)], FAINT)]
    drawn.append(_line([place(size, value) for size, value in zip(sizes, lawful, strict=True)], FAINT, "4 3"))
    drawn.append(_line(points, POINT))
    for (x, y), size, value in zip(points, sizes, values, strict=True):
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{POINT}"/>')
        drawn += [_text(x, bottom + 14, str(size)), _text(x - 6, y - 6, f"{value:.3g}", "end")]
    drawn.append(_text(left + WIDTH / 2, 24, f"ms per step against {name}"))
    drawn.append(_text(left + WIDTH / 2, HEIGHT - 12, f"{name} (dashed: {law})"))
    return drawn


def draw(sweeps: Mapping[str, Sweep], path: Path) -> None:
    """Write the panels beside each other; the folder is made."""
    body = [line for index, sweep in enumerate(sweeps.values()) for line in _panel(sweep, index * WIDTH)]
    size = f'width="{WIDTH * len(sweeps)}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
    path.parent.mkdir(parents=True, exist_ok=True)
    background = '<rect width="100%" height="100%" fill="white"/>'
    path.write_text("\n".join([head, background, *body, "</svg>"]) + "\n", encoding="utf-8")
