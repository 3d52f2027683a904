"""A page for each finding of the doctor; the thresholds in its text are read from the rule itself."""

from __future__ import annotations

import re
import sys

from simulator.doctor.base import Rule
from simulator.doctor.phrases import number
from simulator.doctor.rules import RULES, SUSPECTS
from simulator.system.text import capitalized
from ui.manual.page import Chapter, Page, written
from ui.style.help import finding_page

_THRESHOLD = re.compile(r"\[\[(\w+)(?:\.(\d))?\]\]")


def finding_pages() -> Chapter:
    """How the doctor judges, what is seen for certain, then settings that are suspected."""
    overview = Page("findings", "Why does it not learn?", f"{written('findings')}\n{_listed(RULES, SUSPECTS)}")
    return Chapter("Findings", (overview, *(_page(rule) for rule in (*RULES, *SUSPECTS))))


def _page(rule: Rule) -> Page:
    path = finding_page(rule.name)
    return Page(path, capitalized(rule.name), _with_thresholds(written(path), rule) or _documented(rule))


def _documented(rule: Rule) -> str:
    """What the rule's class says of itself."""
    return " ".join((rule.__doc__ or "").split())


def _with_thresholds(text: str, rule: Rule) -> str:
    """``[[FLOOR]]`` is the constant of the rule's module or class, ``[[BAND.1]]`` the second of several."""

    def value(match: re.Match[str]) -> str:
        constant = getattr(rule, match[1], None) or getattr(sys.modules[type(rule).__module__], match[1])
        return number(float(constant[int(match[2])] if match[2] else constant)).removeprefix("1·")

    return _THRESHOLD.sub(value, text)


def _listed(seen: tuple[Rule, ...], suspected: tuple[Rule, ...]) -> str:
    """Links to all findings."""

    def links(rules: tuple[Rule, ...]) -> str:
        return ", ".join(f"[{rule.name}]({finding_page(rule.name)}.md)" for rule in rules)

    return (
        f"\n## What is seen\n\n{links(seen)}.\n\n"
        f"## Settings that are suspected\n\nOnly where the run is sick: {links(suspected)}.\n"
    )
