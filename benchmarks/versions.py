#!/usr/bin/env python
"""Two checkouts beside each other: the same sections of the benchmark in alternating pairs, told as ratios.

    python benchmarks/versions.py BEFORE [--pairs 7] [--sections step recurrent …] [--markdown FILE]

Every checkout runs its own benchmark code in a process of its own. A row is a time, or a rate turned round, so that
above 1 is worse than before; it is called worse where its whole quartile range lies above 1.03.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.report import Section, Table, written  # noqa: E402  (from the tree that this file stands in)
from benchmarks.rounds import Spread  # noqa: E402

SECTIONS = ("step", "recurrent", "convolution", "preflight", "start", "window")
WORSE = 1.03
TIMES = ("microseconds", "ms", "processor_ms")
"""Keys under which, or at whose end, a section's data hold times."""
RATES = ("frames_per_second", "kept_per_processor_second")
"""Ends of what is better the higher it is."""
COSTS = ("window_share_of_a_core",)

PROGRAM = """
import json, sys
from importlib import import_module
from benchmarks.report import Options
from benchmarks.speed import SECTIONS

class Short(Options):
    rounds = rounds_apart = 3
    processes = 1
    block_seconds = 0.06

print("\\n" + json.dumps(import_module(SECTIONS[sys.argv[1]]).run(Short(threads=(1,))).data))
"""


def once(checkout: Path, section: str) -> dict[str, float]:
    """One run of a section: row → value, above which is worse."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, section], cwd=checkout, capture_output=True, text=True, check=False,
        env=dict(os.environ) | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(checkout)},
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"{checkout}: {section}: {done.stderr.strip().splitlines()[-1]}")
    data = json.loads(done.stdout.strip().splitlines()[-1])
    return {f"{section}: {', '.join(path)}": value for path, value in rows(data, (), section)}


def rows(data: Any, path: tuple[str, ...], section: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """Path in the data of a section → a number, above which is worse."""
    if isinstance(data, dict) and "median" in data:
        if section == "preflight" or set(path) & set(TIMES) or path[-1] in COSTS:
            yield path, float(data["median"])
        elif path[-1] in RATES:
            yield path, 1 / float(data["median"])
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from rows(value, (*path, key), section)
    elif isinstance(data, int | float) and path and path[-1] in (*RATES, *COSTS) and data:
        yield path, 1 / float(data) if path[-1] in RATES else float(data)


def compare(before: Path, now: Path, sections: Sequence[str], pairs: int) -> Section:
    """Ratios of ``now`` to ``before``, from pairs whose order alternates."""
    ratios: dict[str, list[float]] = defaultdict(list)
    for turn in range(pairs):
        for section in sections:
            order = (before, now) if turn % 2 == 0 else (now, before)
            values = {checkout: once(checkout, section) for checkout in order}
            for row in values[before].keys() & values[now].keys():
                ratios[row].append(values[now][row] / values[before][row])
            print(f"pair {turn + 1} of {pairs}, {section}: load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    spreads = {row: Spread.of(values) for row, values in sorted(ratios.items())}
    rows: list[Sequence[str]] = [
        [row, spread.text(3), "worse" if spread.low > WORSE else ""] for row, spread in spreads.items()
    ]
    table = Table(f"After over before, {pairs} alternating pairs (median and quartiles)", ["row", "ratio", ""], rows)
    return Section([table], {row: spread.plain() for row, spread in spreads.items()})


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, metavar="BEFORE", help="an earlier checkout")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="the document whose section is replaced")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers as JSON")
    given = parser.parse_args(arguments)
    section = compare(given.before.resolve(), ROOT, given.sections, given.pairs)
    print(section.text())
    if given.markdown is not None:
        written(given.markdown, "before and after", section.text())
    if given.json is not None:
        given.json.write_text(json.dumps(section.data, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
