"""What the manual is made of: pages of Markdown in chapters, and the texts that come as files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

import resources
from ui.style.help import SUFFIX

TEXTS = resources.FOLDER / "manual"
"""Holds what is written by hand."""


@dataclass(frozen=True)
class Page:
    """One page: ``path`` is its place in the book without a suffix, ``text`` the Markdown below its title."""

    path: str
    title: str
    text: str

    @property
    def markdown(self) -> str:
        return f"# {self.title}\n\n{self.text.strip()}\n"

    def target(self, link: str) -> str:
        """The path of the page that a link on this one leads to."""
        folder = posixpath.dirname(self.path)
        return posixpath.normpath(posixpath.join(folder, link.partition("#")[0])).removesuffix(SUFFIX)


@dataclass(frozen=True)
class Chapter:
    """Pages about one kind of thing."""

    title: str
    pages: tuple[Page, ...]


def written(path: str) -> str:
    """The text that is kept under this path; empty where nobody has written one, as for a part from elsewhere."""
    file = TEXTS / f"{path}{SUFFIX}"
    return file.read_text(encoding="utf-8") if file.is_file() else ""
