"""The whole manual: its chapters in their order, and writing it as files that a book on the web can be made of."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from simulator.system.atomic import write_atomic
from ui.manual.findings import finding_pages
from ui.manual.guide import filled, keyboard_page
from ui.manual.page import Chapter, Page, written
from ui.manual.parts import part_chapters
from ui.manual.plots import plot_pages
from ui.style.help import SUFFIX

GUIDE = (
    ("index", "Nablascope"),
    ("guide/beginning", "Start page and tour"),
    ("guide/running", "Run and stop"),
    ("guide/board", "The board"),
    ("guide/reading-plots", "Reading plots"),
    ("guide/knobs", "Knobs"),
)
TIME = (
    ("guide/time-line", "The time line"),
    ("guide/branches", "Branches"),
    ("guide/surgery", "Operating on a network"),
    ("guide/changes", "Changes by hand"),
    ("guide/shelf", "The shelf"),
)
HOW_TO = (
    ("how-to/files", "Experiment files"),
    ("how-to/data", "Your own data"),
    ("how-to/comparing", "Compare networks"),
    ("how-to/landscape", "The landscape"),
    ("how-to/lessons", "Lessons"),
    ("how-to/teaching", "Make a lesson"),
    ("how-to/maps", "Maps"),
    ("how-to/export", "Export"),
    ("how-to/code", "Code for PyTorch and Keras"),
    ("how-to/sharing", "Share"),
    ("how-to/headless", "Without a screen"),
)


@functools.cache
def chapters() -> tuple[Chapter, ...]:
    """All pages, from what a newcomer needs to what is looked up."""
    glossary = Page("glossary", "Glossary", written("glossary"))
    guide = Chapter("Guide", (*_pages(GUIDE), keyboard_page(None), glossary))
    time, how_to = Chapter("Time", _pages(TIME)), Chapter("How to", _pages(HOW_TO))
    return guide, time, plot_pages(), finding_pages(), *part_chapters(), how_to


def _pages(titles: Iterable[tuple[str, str]]) -> tuple[Page, ...]:
    return tuple(Page(path, title, filled(written(path))) for path, title in titles)


def pages() -> dict[str, Page]:
    """Every page by its path."""
    return {page.path: page for chapter in chapters() for page in chapter.pages}


def contents() -> str:
    """The list of chapters and pages, as mdBook reads it."""
    lines = ["# Summary", ""]
    for chapter in chapters():
        lines += [f"# {chapter.title}", "", *(f"- [{page.title}]({page.path}{SUFFIX})" for page in chapter.pages), ""]
    return "\n".join(lines)


def write_manual(folder: Path) -> int:
    """Write every page and ``SUMMARY.md`` below ``folder``; how many pages there are."""
    texts = {page.path: page.markdown for page in pages().values()} | {"SUMMARY": contents()}
    for path, text in texts.items():
        file = folder / f"{path}{SUFFIX}"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, text.encode())
    return len(texts) - 1
