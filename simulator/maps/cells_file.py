"""``cells.jsonl``: a header that describes the map, then one line for each cell that is made; it only ever grows.

A line that a killed process has not ended is no line: it is cut off where the file is taken up again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.maps.axes import MapAxis
from simulator.maps.making import MadeCell
from simulator.maps.sweep import MapCell, Sweep
from simulator.running.stop_rule_text import parse
from simulator.system.environment import Environment
from simulator.system.file_format import FileFormat, FormatError
from simulator.system.growing_file import GrowingFile
from simulator.system.regular_file import read_regular
from simulator.system.text import one_line

NAME = "cells.jsonl"
MAP = FileFormat()
MOST_BYTES = 2**29
"""Of a file that is read."""


class _Header(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: int = MAP.number
    needs: str = MAP.needs
    experiment: dict[str, Any]
    axes: tuple[MapAxis, ...]
    seeds: int
    steps: int
    until: str
    measures: tuple[str, ...]
    brief: bool
    environment: Environment
    """Versions and the processor's kernel, where the map was begun."""


class WrittenMap(Struct, frozen=True):
    """What stands in such a file."""

    sweep: Sweep
    environment: Environment
    made: tuple[MadeCell, ...]
    length: int
    """Bytes of its whole lines."""


def read(path: Path) -> WrittenMap:
    """The map in a file; ExperimentError names the file and what is wrong."""
    content = read_regular(path, MOST_BYTES)
    length = content.rfind(b"\n") + 1
    lines = content[:length].splitlines()
    try:
        header = _header(lines[0] if lines else b"")
        made = tuple(msgspec.json.decode(line, type=MadeCell) for line in lines[1:])
        described = {name: getattr(header, name) for name in Sweep.__struct_fields__}
        sweep = Sweep(**{**described, "experiment": Experiment.from_builtins(header.experiment)})
        _check(made, sweep)
    except (ValueError, RecursionError) as error:
        raise ExperimentError(f"{path}: no map ({one_line(error)})") from None
    return WrittenMap(sweep, header.environment, made, length)


def _header(line: bytes) -> _Header:
    plain = msgspec.json.decode(line, type=dict[str, Any])
    if "axes" not in plain:
        raise FormatError("it does not begin with a map's header")
    return msgspec.convert(MAP.brought_up(plain, plain.get("format")), _Header)


def _check(made: tuple[MadeCell, ...], sweep: Sweep) -> None:
    """ValueError where it is no map, or a line is of no cell of it."""
    sweep.check()
    if sweep.until:
        parse(sweep.until)
    for each in made:
        if len(each.values) != len(sweep.axes):
            raise ValueError("a cell has other axes than the header")
        for axis, value in zip(sweep.axes, each.values, strict=True):
            axis.check(value)
        for name, value in each.measures.items():
            if isinstance(value, str):
                float(value)
            if name not in sweep.measures:
                raise ValueError(f"a cell has {name!r}, which is not measured")


def begun_map(folder: Path) -> WrittenMap | None:
    """The map that stands in a folder, None where none is begun; ExperimentError where its file is no map's."""
    path = folder / NAME
    return read(path) if path.exists() and path.stat().st_size and _has_header(path) else None


class CellsFile:
    """Appends each cell as it is made; what was made before is :attr:`made`."""

    def __init__(self, folder: Path, sweep: Sweep) -> None:
        """Go on with the map that stands in ``folder``, if it is the same; ExperimentError where it is another."""
        path, known = folder / NAME, begun_map(folder)
        if known is not None and known.sweep != sweep:
            raise ExperimentError(f"{folder} holds another map: choose another folder, or take its {NAME} away")
        self.environment = None if known is None else known.environment
        """Where the map was begun; None before :meth:`begin`."""
        self.made: list[MadeCell] = [] if known is None else list(known.made)
        self._file = GrowingFile(path, 0 if known is None else known.length)
        self.sweep = sweep

    def begin(self, here: Environment) -> str:
        """Cells are made now, and here; what has changed where an earlier process has made some, in words."""
        if self.environment is None:
            self.environment = here
            self._append(_header_of(self.sweep, here))
        return ", ".join(self.environment.differences(here))

    @property
    def left(self) -> list[MapCell]:
        """The cells of the grid that are not made, in the order in which they are to be."""
        known = {each.cell.key for each in self.made}
        return [cell for cell in self.sweep.cells() if cell.key not in known]

    def add(self, made: MadeCell) -> None:
        """The line stands in the file, on the disk, when this returns."""
        self._append(made)
        self.made.append(made)

    def _append(self, line: Struct) -> None:
        self._file.append(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _has_header(path: Path) -> bool:
    """Whether the first line is whole: a map that was killed before that is begun anew."""
    with path.open("rb") as file:
        return file.readline().endswith(b"\n")


def _header_of(sweep: Sweep, here: Environment) -> _Header:
    return _Header(**{**asdict(sweep), "experiment": sweep.experiment.to_builtins()}, environment=here)
