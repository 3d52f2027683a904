"""Numbers as people read them: three significant digits, scientific below 1e-3, NaN and ∞ in words."""

from __future__ import annotations

import math

from PySide6.QtGui import QFont

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_THIN = "\u202f"


def superscript(exponent: int) -> str:
    return str(exponent).translate(_SUPERSCRIPT)


def power_of_ten(exponent: int) -> str:
    """``-6`` → ``10⁻⁶``."""
    return "10" + superscript(exponent)


def not_finite(value: float) -> str:
    if math.isnan(value):
        return "not a number"
    return "infinite" if value > 0 else "minus infinite"


def number(value: float, digits: int = 3, *, fixed: bool = False) -> str:
    """``0.412``, ``3.1×10⁻⁶``, ``−12.5``, ``1 204``, ``not a number``.

    ``digits`` significant digits; scientific below 1e-3 and from 1e5; ``fixed`` keeps trailing zeros, so that a
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
        return f"{sign}{mantissa if fixed else _trimmed(mantissa)}×{power_of_ten(power)}"
    decimals = max(digits - 1 - power, 0)
    text = f"{abs(value):.{decimals}f}"
    return sign + (_grouped(text) if power >= 3 and not decimals else text if fixed else _trimmed(text))


def integer(value: int) -> str:
    """``12040`` → ``12 040`` with a narrow space that does not break."""
    return ("−" if value < 0 else "") + _grouped(str(abs(int(value))))


def percent(share: float) -> str:
    """``0.034`` → ``3.4 %``; what is not quite nothing or all is not called so."""
    if not math.isfinite(share):
        return not_finite(share)
    if abs(share) >= 100:
        return f"{number(100 * share) if abs(share) < 1e300 else number(share) + '×100'}{_THIN}%"
    if 0 < share < 0.001:
        return f"<0.1{_THIN}%"
    if 0.999 < share < 1:
        return f">99.9{_THIN}%"
    return f"{_trimmed(f'{100 * share:.{1 if share < 0.1 else 0}f}')}{_THIN}%"


def count(amount: int, singular: str, plural: str = "") -> str:
    """``1 layer``, ``12 layers``."""
    return f"{integer(amount)} {singular if amount == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """``40 s``, ``3 min 20 s``, ``1 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _grouped(digits: str) -> str:
    return f"{int(digits):,}".replace(",", _THIN)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def tabular(font: QFont) -> QFont:
    """The font with digits of one width, where it has them."""
    font = QFont(font)
    if hasattr(QFont, "Tag"):
        font.setFeature(QFont.Tag("tnum"), 1)
    return font
