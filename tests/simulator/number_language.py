"""How numbers are written for people, as patterns of what they must not look like."""

from __future__ import annotations

import re

ILL_WRITTEN = (
    r"\d[eE][-+]?\d",
    r"(?<![\w)\]])-[.\d]",
    r"\b(nan|inf|infinity)\b",
    r"[Nn]ot a number|[Mm]inus infinite",
    r"×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]",
    r"(?<![.\d\w])\d{4,}(?!\w)",
    r"\d ?%",
)


def ill_written(text: str) -> list[str]:
    """The patterns that ``text`` has, beside names of parts that hold a number."""
    return [pattern for pattern in ILL_WRITTEN if re.search(pattern, text)]
