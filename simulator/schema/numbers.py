"""Numbers as people read them, the same in every sentence, axis, label and refusal, and read back as people type them.

Three significant digits, ``3.14·10⁻⁶`` below 0.001 and from 100 000 on, ``12 345``, ``−0.5``, ``NaN`` and ``∞``. What
stands in files and in fields to type in is written as programs write it.
"""

from __future__ import annotations

import math
import os
import re

_SUPERSCRIPTS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN = "-0123456789"
_TO_SUPERSCRIPT = str.maketrans(_PLAIN, _SUPERSCRIPTS)
_FROM_SUPERSCRIPT = str.maketrans(_SUPERSCRIPTS, _PLAIN)
_POWER = re.compile(rf"(?:(?P<mantissa>.*)[·×*])?10(?P<exponent>[{_SUPERSCRIPTS}]+)")
THIN = "\N{NARROW NO-BREAK SPACE}"
GROUPINGS = {"space": THIN, "comma": ","}
"""What may stand between thousands."""
GROUPING_VARIABLE = "NABLASCOPE_GROUPING"
"""In the environment: which of them does; processes that are started inherit it."""


def grouping() -> str:
    """What stands between thousands."""
    return GROUPINGS.get(os.environ.get(GROUPING_VARIABLE, ""), THIN)


def set_grouping(name: str) -> None:
    """Write thousands so from now on, here and in the processes that are started; KeyError if there is no such way."""
    GROUPINGS[name]
    os.environ[GROUPING_VARIABLE] = name


def power_of_ten(exponent: int) -> str:
    """``-6`` → ``10⁻⁶``."""
    return "10" + str(exponent).translate(_TO_SUPERSCRIPT)


def times_power_of_ten(mantissa: str, exponent: int) -> str:
    """``"3.1"``, ``-6`` → ``3.1·10⁻⁶``."""
    return f"{mantissa}·{power_of_ten(exponent)}"


def not_finite(value: float) -> str:
    """``NaN``, ``∞``, ``−∞``."""
    if math.isnan(value):
        return "NaN"
    return "∞" if value > 0 else "−∞"


def number(value: float, digits: int = 3, *, fixed: bool = False) -> str:
    """``0.412``, ``3.1·10⁻⁶``, ``−12.5``, ``1 204``, ``NaN``.

    ``digits`` significant digits; a power of ten below 1e-3 and from 1e5; ``fixed`` keeps trailing zeros, so that a
    read-out that changes all the time keeps its width.
    """
    value = float(value)
    if not math.isfinite(value):
        return not_finite(value)
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    sign, power = ("−" if value < 0 else ""), int(exponent)
    if not -3 <= power < 5:
        return sign + times_power_of_ten(mantissa if fixed else _trimmed(mantissa), power)
    text = f"{abs(value):.{max(digits - 1 - power, 0)}f}"
    return sign + _grouped(text if fixed else _trimmed(text))


def spread_text(middle: float, *ends: float, figures: int = 3) -> str:
    """A value, and the quartiles around it where there are any: ``0.31 [0.25, 0.36]``."""
    around = ", ".join(number(each, figures) for each in sorted(ends))
    return f"{number(middle, figures)} [{around}]" if ends else number(middle, figures)


def exact(value: float) -> str:
    """With as many digits as tell it from every other number, and no more: ``0.1``, ``0.99995``, ``1·10⁻⁵``."""
    if isinstance(value, int):
        return integer(value)
    digits = max(len(re.sub(r"\D", "", repr(value).partition("e")[0]).strip("0")), 1)
    # Halfway between two such numbers, Python's own shortest text and its rounding part.
    return number(value, digits if float(f"{value:.{digits - 1}e}") == value else digits + 1)


def setting(value: float) -> str:
    """What a field of an experiment holds: a whole number, or one of six digits."""
    return integer(value) if isinstance(value, int) else number(value, 6)


def integer(value: int) -> str:
    """``12040`` → ``12 040`` with a narrow space that does not break."""
    return ("−" if value < 0 else "") + _grouped(str(abs(int(value))))


def decimal(value: float, decimals: int) -> str:
    """``−0.50`` with as many decimals; what rounds to 0 has no sign."""
    text = f"{abs(value):.{decimals}f}"
    return ("−" if value < 0 and text.strip("0.") else "") + _grouped(text)


def percent(share: float) -> str:
    """``0.034`` → ``3.4 %``; what is not quite nothing or all is not called so."""
    if not math.isfinite(share):
        return not_finite(share)
    if share < 0:
        return f"{'>' if share > -0.001 else ''}−{percent(-share).lstrip('<')}"
    if 0 < share < 0.001:
        return f"<0.1{THIN}%"
    if 0.999 < share < 1:
        return f">99.9{THIN}%"
    if share >= 100:
        return f"{_hundredfold(share)}{THIN}%"
    return f"{_grouped(_trimmed(f'{100 * share:.{1 if share < 0.1 or 0.99 <= share < 1 else 0}f}'))}{THIN}%"


def exact_percent(share: float) -> str:
    """Like :func:`exact`: ``0.9`` → ``90 %``, ``0.9995`` → ``99.95 %``."""
    return f"{exact(round(100 * share, 13))}{THIN}%"


def read_share(text: str) -> float:
    """The share that a person typed: ``0.9``, ``90 %``, or ``90``, which is no share unless per cent are meant."""
    plain = text.strip()
    value = read_number(plain.removesuffix("%"))
    return round(value / 100, 15) if plain.endswith("%") or 1 < value < 100 else value


def count(amount: int, singular: str, plural: str = "") -> str:
    """``1 layer``, ``12 layers``."""
    return f"{integer(amount)} {singular if amount == 1 else plural or singular + 's'}"


def amount(value: float, singular: str) -> str:
    """``1 layer``, ``2.5 layers``."""
    text = number(value)
    return f"{text} {singular}{'' if text == '1' else 's'}"


def duration(seconds: float) -> str:
    """``40 s``, ``3 min 20 s``, ``1 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def read_integer(text: str) -> float:
    """Like :func:`read_number`; what is written whole is an ``int``, with all of its digits."""
    plain = _ungrouped(text)
    return int(plain) if re.fullmatch(r"[+-]?\d{1,300}", plain) else read_number(plain)


def read_number(text: str) -> float:
    """The number that a person typed, as programs or as :func:`number` write it; ``ValueError`` where it is none."""
    plain = _ungrouped(text).replace("∞", "inf")
    if power := _POWER.fullmatch(plain):
        mantissa = power["mantissa"] or "1"
        return float(f"{mantissa}e{power['exponent'].translate(_FROM_SUPERSCRIPT)}")
    return float(plain)


def _ungrouped(text: str) -> str:
    """Without what stands between thousands, and with the minus of programs."""
    grouped = re.fullmatch(r"\s*[+−-]?\d{1,3}(,\d{3})+(\..*)?\s*", text)
    return re.sub(r"[\s,]" if grouped and grouping() == "," else r"\s", "", text).replace("−", "-")


def _hundredfold(share: float) -> str:
    """100 times ``share``, which may be more than a float holds."""
    if share < 1e300:
        return number(100 * share)
    mantissa, exponent = f"{share:.2e}".split("e")
    return times_power_of_ten(_trimmed(mantissa), int(exponent) + 2)


def _grouped(digits: str) -> str:
    """``12040.5`` → ``12 040.5``."""
    whole, point, decimals = digits.partition(".")
    return f"{int(whole):,}".replace(",", grouping()) + point + decimals


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def size_text(amount: float) -> str:
    """``1.2 MiB``"""
    unit = "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount >= 1024:
            amount, unit = amount / 1024, larger
    return f"{number(amount)} {unit}"
