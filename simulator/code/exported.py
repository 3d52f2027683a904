"""What a script is written from, and what scripts for all libraries share."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.code.pieces import Piece, Tensor
from simulator.code.preprocessing import Preprocessing
from simulator.code.rounding import NOUGHT, TOLD, Rounding
from simulator.code.text import wrapped
from simulator.experiment.experiment import Experiment
from simulator.layers.base import Shape

MOST_TITLE = 50


@dataclass(frozen=True)
class Exported:
    """A network between two steps, as it is written."""

    experiment: Experiment
    title: str
    step: int
    updates: int
    """Those that the optimiser has made: its state is taken along if there are any."""
    input_shape: Shape
    layers: Sequence[Sequence[Piece]]
    """Of each layer the modules that it is, the output's last."""
    tensors: Mapping[str, Tensor]
    """Its arrays by the names that they have in the files."""
    preprocessing: Preprocessing
    rounding: Rounding

    @property
    def code(self) -> str:
        """All expressions."""
        return " ".join(piece.code for pieces in self.layers for piece in pieces)


def shown_lines(made: Preprocessing, predict: str) -> str:
    """Lines that answer the rows of a file that a person names, a line each, below the names of the classes."""
    header = ', header=",".join(CLASSES), comments=""' if made.named else ""
    lines = [*made.rows, f'np.savetxt(sys.stdout, {predict}(rows), "%.6g", ","{header})']
    return "\n".join(f"        {line}" for line in lines)


def title_of(exported: Exported) -> str:
    """What a script is called in its first line: without what would end the text that it stands in."""
    title = " ".join(exported.title.replace("\\", "/").replace('"', "'").split())
    return title if len(title) <= MOST_TITLE else f"{title[:MOST_TITLE]} …"


def lines_of(template: str, **values: object) -> list[str]:
    """A template with the words in «» replaced."""
    for name, value in values.items():
        template = template.replace(f"«{name}»", str(value))
    return template.strip("\n").split("\n")


def without_words(lines: list[str]) -> list[str]:
    """A definition without its docstring and the empty line behind that."""
    ends = [place for place, line in enumerate(lines) if line.endswith('"""')]
    rest = lines[ends[0] + 1 :]
    return [lines[0], *(rest if rest[0] else rest[1:])]


def chained(layers: Sequence[Sequence[Piece]], filled: bool, first: str = "") -> list[str]:
    """Lines that put the modules of all layers into the list ``layers``, behind ``first``; those alike in a loop."""
    lines: list[str] = [f"    layers = [{first}]"] if first else []
    for code, repeats in _in_turn(layers, filled):
        if repeats == 1:
            lines += wrapped(f"layers {'+=' if lines else '='} [{code}]", 4, filled=filled)
        else:
            lines += ["    layers = []"] * (not lines) + [f"    for _ in range({repeats}):"]
            lines += wrapped(f"layers += [{code}]", 8, filled=filled)
    return lines


def _in_turn(layers: Sequence[Sequence[Piece]], joined: bool) -> list[tuple[str, int]]:
    """The modules of each layer, and how many such layers follow each other; ``joined``: single ones together."""
    codes = (", ".join(piece.code for piece in pieces) for pieces in layers)
    turns: list[tuple[str, int]] = []
    for code, alike in itertools.groupby(filter(None, codes)):
        repeats = len(list(alike))
        if joined and turns and repeats == turns[-1][1] == 1:
            turns[-1] = f"{turns[-1][0]}, {code}", 1
        else:
            turns.append((code, repeats))
    return turns


def most_text(rounding: Rounding) -> str:
    """The largest difference that is accepted: in float64 at least what rounding makes of this network's numbers."""
    return f"{float(f'{rounding.accepted:.1e}')!r} if exact else 1e-5"


def condition_lines(rounding: Rounding) -> str:
    """A line that says why other numbers than those of other networks agree, where that shows."""
    grows = f"a rounding grows up to {rounding.condition:.1e} times in this network"
    return f'        print("{grows}")\n' * (rounding.condition >= TOLD)


def followed_lines(rounding: Rounding, some: str, every: str) -> str:
    """What makes an update of the bench's gradients: lines for ``some`` that may be 0, for ``every`` one, or none."""
    return some if rounding.followed == NOUGHT else every * (rounding.followed > NOUGHT)
