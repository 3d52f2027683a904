"""Numbers as text: how they are shown in a field, and what is said when typed ones are refused."""

from __future__ import annotations

import math
import sys

from simulator.schema.numbers import exact, read_integer, read_number, setting
from simulator.schema.parameter import Parameter
from simulator.system.text import capitalized


def text_of(value: float | None, digits: int = 6) -> str:
    """``value`` as short text: scientific below 1e-3 and from 1e6 on, without padding (``1e-4``)."""
    if value is None:
        return ""
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e6):
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.{digits}g}"


def parsed(parameter: Parameter, text: str) -> float | int:
    """The number typed for ``parameter``; ``ValueError`` with one sentence where it cannot be."""
    whole = parameter.type == "integer"
    noun = "a whole number" if whole else "a number"
    label = parameter.knob.label
    try:
        value: float | int = read_integer(text) if whole else read_number(text)
    except ValueError:
        shown = f"“{text.strip()[:20]}”" if text.strip() else "empty"
        raise ValueError(f"{capitalized(label)} must be {noun}, not {shown}.") from None
    if not (-sys.float_info.max <= value <= sys.float_info.max) or (whole and value != int(value)):
        raise ValueError(f"{capitalized(label)} must be {noun}, not {exact(value)}.")
    if not fits(parameter, value):
        limits = parameter.range_text.removesuffix(" or null")
        raise ValueError(f"{capitalized(label)} must be {limits}, not {exact(value)}.")
    return int(value) if whole else float(value)


def fits(parameter: Parameter, value: float) -> bool:
    """Whether ``value`` is inside the valid range."""
    low, high = parameter.low, parameter.high
    if low is not None and (value < low or (parameter.low_open and value == low)):
        return False
    return not (high is not None and (value > high or (parameter.high_open and value == high)))


def tip_of(parameter: Parameter) -> str:
    """A knob's tooltip: its one sentence, valid range, default, and when it acts."""
    parts = [parameter.knob.help] if parameter.knob.help else []
    if parameter.range_text not in ("", "any") and not parameter.choices:
        parts.append(f"Valid: {parameter.range_text}.")
    if shown := _default_text(parameter):
        parts.append(f"Default: {shown}.")
    parts.append(acts(parameter.live))
    return "\n".join(parts)


STARTS_OVER = "↺ Starts over; undo brings the run back."


def acts(live: bool) -> str:
    return "● Acts on the next step." if live else STARTS_OVER


def _default_text(parameter: Parameter) -> str:
    value = parameter.default
    if parameter.required:
        return ""
    if value is None:
        return "off" if parameter.type in ("number", "integer") else "automatic"
    if parameter.type in ("number", "integer"):
        return f"{setting(value)} {parameter.knob.unit}".strip()
    if parameter.type == "flag":
        return "on" if value else "off"
    return value if isinstance(value, str) else ""
