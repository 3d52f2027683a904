"""Experiments that travel inside other files: a picture or a report carries the experiment that it shows.

The text that travels is JSON in ASCII in which nothing is markup, so one text suits every kind of file, and whatever
another program does to its encoding leaves it as it is. A further kind of file is one entry of ``CONTAINERS``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import msgspec
from msgspec import Struct

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.named_file import naming_file
from simulator.schema.numbers import integer
from simulator.system.file_format import FileFormat, FormatError
from simulator.system.markup_text import MarkupError, metadata_of, template_of, with_metadata, with_template
from simulator.system.png_text import PngError, text_of, with_text
from simulator.system.regular_file import regular
from simulator.system.text import one_line
from simulator.system.version import __version__

NAME = "nablascope-experiment"
"""Keyword of the text in a PNG, and id of the element in an SVG or a page."""
EMBEDDED = FileFormat()
MOST_TEXT = 16 * 2**20
"""Bytes beyond which a text is not an experiment."""
LONGEST_TITLE = 200


class Embedded(Struct, frozen=True):
    """The experiment that a file shows, and what of it."""

    experiment: Experiment
    title: str = ""
    """Of the plot or report."""
    step: int = 0
    """The training step that is shown."""
    version: str = __version__
    """That made it."""

    @property
    def sentence(self) -> str:
        """What a person is told who opens the file."""
        what = f"“{self.title}”" if self.title else "a picture"
        return f"This is the experiment of {what}, which showed step {integer(self.step)}; training begins at step 0."


class _Written(Struct, frozen=True):
    nablascope: int
    experiment: msgspec.Raw
    needs: str = EMBEDDED.needs
    title: str = ""
    step: int = 0
    version: str = ""


class Container(Struct, frozen=True):
    """How one kind of file takes a text in, and gives it back."""

    put: Callable[[bytes, str, bytes], bytes]
    """(content of the file, name, text) → content with the text."""
    find: Callable[[IO[bytes], str, int], bytes | None]
    """(open file, name, most bytes) → the text; None where there is none."""


CONTAINERS: Mapping[str, Container] = MappingProxyType({
    ".png": Container(with_text, text_of),
    ".apng": Container(with_text, text_of),
    ".svg": Container(with_metadata, metadata_of),
    ".html": Container(with_template, template_of),
    ".htm": Container(with_template, template_of),
})  # fmt: skip
"""By the ending of the file's name."""


def is_container(path: Path) -> bool:
    """Whether a file is taken for one that carries an experiment, by its ending."""
    return path.suffix.lower() in CONTAINERS


def embed(content: bytes, ending: str, embedded: Embedded) -> bytes:
    """A file's content with the experiment in it; what the file shows stays to the last bit. KeyError: no such file."""
    return CONTAINERS[ending.lower()].put(content, NAME, _text(embedded))


def extract(path: Path) -> Embedded:
    """The experiment in a picture or a report, as it stands there.

    ExperimentError names the file and what is wrong; nothing but that text is read of the file.
    """
    with naming_file(path, "experiment"):
        text = _text_in(path)
    if text is None:
        raise ExperimentError(
            f"{path.name} carries no experiment: Nablascope has not exported it, or another program has saved it since"
        )
    with naming_file(path, "experiment"):
        return _embedded(text)


def _text_in(path: Path) -> bytes | None:
    try:
        with open(path, "rb", opener=regular) as stream:
            return CONTAINERS[path.suffix.lower()].find(stream, NAME, MOST_TEXT)
    except (PngError, MarkupError) as error:
        raise ExperimentError(str(error)) from None


def _text(embedded: Embedded) -> bytes:
    plain = {
        "nablascope": EMBEDDED.number,
        "needs": EMBEDDED.needs,
        "title": embedded.title,
        "step": embedded.step,
        "version": embedded.version,
        "experiment": embedded.experiment.to_builtins(),
    }
    text = json.dumps(plain, separators=(",", ":"))
    # Within texts, where alone these stand, JSON may write any letter by its number.
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text.encode("ascii")


def _embedded(text: bytes) -> Embedded:
    try:
        plain: dict[str, Any] = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        _check_format(plain)
        written = msgspec.json.decode(text, type=_Written)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ExperimentError(f"the experiment in it cannot be read ({one_line(error)[:120]})") from None
    title = one_line(written.title)[:LONGEST_TITLE]
    step = max(0, written.step)
    return Embedded(Experiment.from_json(bytes(written.experiment)), title, step, written.version[:LONGEST_TITLE])


def _check_format(plain: Mapping[str, msgspec.Raw]) -> None:
    """A format that is to come names the version that it needs."""
    needs = msgspec.json.decode(plain.get("needs", b'""'), type=str)
    try:
        EMBEDDED.brought_up({"needs": needs}, msgspec.json.decode(plain.get("nablascope", b"0"), type=int))
    except FormatError as error:
        raise ExperimentError(str(error)) from None
