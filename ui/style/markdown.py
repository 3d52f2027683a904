"""Markdown with formulas between dollars as the HTML that Qt's text widgets show."""

from __future__ import annotations

import functools
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl

from ui.style.formulas import Lettering, picture
from ui.style.theme import Theme

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


def stands_in_text(name: QUrl | str) -> bool:
    """Whether what a text asks for is in it, as formulas are."""
    return QUrl(name).scheme() == "data"


@dataclass
class _Setting:
    """How one text is set, and the formulas in it that could not be."""

    lettering: Lettering
    failed: list[str] = field(default_factory=list)

    def formula(self, source: str, display: bool) -> str:
        try:
            return picture(source, self.lettering, display=display)
        except ValueError:
            self.failed.append(source)
            return f"<code>{html.escape(source)}</code>"


def to_html(text: str, lettering: Lettering) -> str:
    """The text as HTML; a formula that cannot be set stands as its source."""
    # To Qt's HTML a narrow space is one like others, at which a number may be broken.
    return str(_reader().render(text.replace("\u202f", "\u00a0"), {"setting": _Setting(lettering)}))


def unset_formulas(text: str, lettering: Lettering) -> list[str]:
    """The formulas of the text that cannot be set."""
    setting = _Setting(lettering)
    _reader().render(text, {"setting": setting})
    return setting.failed


def links(text: str) -> list[str]:
    """Where the text's links lead, in their order."""
    tokens = [inner for token in _reader().parse(text) for inner in token.children or ()]
    return [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]


def plain(text: str) -> str:
    """The words alone, formulas as their source, for a search."""
    tokens = [inner for token in _reader().parse(text) for inner in (token.children or (token,))]
    return " ".join(token.content for token in tokens if token.content)


def sheet(theme: Theme, pixels: float) -> str:
    """The style sheet for a document of such HTML; ``pixels`` is the text's size."""
    return (
        f"h1 {{ font-size: {round(1.6 * pixels)}px; font-weight: 600; margin: 4px 0 10px 0; }}"
        f"h2 {{ font-size: {round(1.2 * pixels)}px; font-weight: 600; margin: 18px 0 6px 0; }}"
        f"h3 {{ font-size: {round(pixels)}px; font-weight: 600; margin: 12px 0 4px 0; }}"
        "p { margin: 9px 0; } li { margin: 4px 0; } p, li { -qt-line-height-type: line-distance; line-height: 5px; }"
        f"a {{ color: {theme.accent}; }} th {{ color: {theme.muted}; font-weight: normal; text-align: left; }}"
        f"td, th {{ border-bottom: 1px solid {theme.grid}; padding: 4px 12px 4px 0; vertical-align: top; }}"
        f"code, pre {{ font-family: monospace; background-color: {theme.raised}; }} pre {{ white-space: pre-wrap; }}"
    )


@functools.cache
def _reader() -> MarkdownIt:
    # Half a tenth of a second each: only who opens a page waits for them.
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").use(dollarmath_plugin, double_inline=True)
    reader.add_render_rule("math_inline", _inline)
    reader.add_render_rule("math_inline_double", _display)
    reader.add_render_rule("math_block", _display)
    reader.add_render_rule("table_open", _table)
    return reader


def _inline(_renderer: object, tokens: Sequence[Token], index: int, _options: object, env: dict[str, _Setting]) -> str:
    return env["setting"].formula(tokens[index].content, False)


def _display(_renderer: object, tokens: Sequence[Token], index: int, _options: object, env: dict[str, _Setting]) -> str:
    return f"<p>{env['setting'].formula(tokens[index].content.strip(), True)}</p>"


def _table(_renderer: object, _tokens: object, _index: object, _options: object, _env: object) -> str:
    return '<table width="100%" cellspacing="0" border="0" style="border-collapse: collapse">'
