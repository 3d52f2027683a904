"""The table of places and faults: what a person is told where something goes wrong, and what stays whole.

``python3 -m uv run -m tests.faults`` prints it, and ends with 1 where a cell is not right; ``--short`` leaves out what
takes long, ``--place NAME`` all but one row.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.faults import headless_places, page_places, window_places
from tests.faults.cells import Cell, Place, try_cell
from tests.faults.faults import ENDING, Fault
from tests.faults.window import close

PLACES = (*window_places.PLACES, *page_places.PLACES, *headless_places.PLACES)


SHORT = (
    "save experiment", "save run", "Ctrl+S onto .nabla", "autosave", "export .png", "log", "preferences, arrangement",
    "open run", "open table", "run --save", "run FILE.json",
)  # fmt: skip
"""Places of the short form."""


def cells(places: Sequence[Place], short: bool) -> Iterable[Cell]:
    """One for each place and each fault that it can meet."""
    for place in places:
        for fault in place.faults:
            if not (short and fault in ENDING):
                cell = try_cell(place, fault)
                print(sentence(cell), flush=True)
                yield cell


def table(tried: Sequence[Cell]) -> str:
    """Rows of places, columns of faults."""
    names = list(dict.fromkeys(cell.fault for cell in tried))
    rows = list(dict.fromkeys(cell.place for cell in tried))
    marks = {(cell.place, cell.fault): "whole" if cell.right else "WRONG" for cell in tried}
    width = max(map(len, rows))
    lines = [f"{'':{width}}  {'  '.join(names)}"]
    for row in rows:
        lines.append(f"{row:{width}}  {'  '.join(f'{marks.get((row, name), chr(183)):{len(name)}}' for name in names)}")
    return "\n".join(lines)


def sentence(cell: Cell) -> str:
    """What is told there, and what is wrong."""
    wrong = "".join(f"\n    WRONG: {each}" for each in cell.wrong)
    return f"{cell.place} × {cell.fault}: {cell.told or '(the process has ended)'}{wrong}"


def kill(place: str, folder: Path) -> None:
    """In a process of its own, which ends there."""
    named = next(each for each in PLACES if each.name == place)
    fault = next(each for each in named.faults if each.name == "killed")
    with fault.during(folder):
        named.act(folder)


def warm_up(places: Sequence[Place]) -> None:
    """Let all that is imported be so: as somebody who may read nothing it could not be."""
    calm = Fault("none")
    for place in places:
        try_cell(place, calm)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--place")
    parser.add_argument("--cell", nargs=2, metavar=("PLACE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = state
        if given.cell:
            kill(given.cell[0], Path(given.cell[1]))
            return 0
        chosen = (given.place,) if given.place else SHORT if given.short else [place.name for place in PLACES]
        places = [place for place in PLACES if place.name in chosen]
        warm_up(places)
        tried = list(cells(places, given.short))
        close()
    print(f"\n{table(tried)}")
    wrong = sum(not cell.right for cell in tried)
    print(f"\n{len(tried)} cells, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    status = main()
    sys.stdout.flush()
    os._exit(status)
