"""Stop rules as they are written on a command line and typed in the window."""

from __future__ import annotations

import math
import re

from msgspec import convert

from simulator.running.stop_rules import StopRule, StopRuleError
from simulator.schema.numbers import exact, read_integer, read_number, read_share
from simulator.schema.parameter import Parameter, kind_of, kinds, parameters
from simulator.system.text import shortened

WRITTEN = str.maketrans({"≤": "<=", "≥": ">="})
"""Signs that stand for two."""


def forms() -> str:
    """How all rules are written: ``loss<X, accuracy>X, …``."""
    return ", ".join(form(rule) for rule in kinds(StopRule).values())


def form(rule: type[StopRule]) -> str:
    """How a rule is written."""
    value = f"{rule.symbol}{'N' if number_of(rule).type == 'integer' else 'X'}" if rule.__struct_fields__ else ""
    return kind_of(rule) + value


def number_of(rule: type[StopRule]) -> Parameter:
    """The number of a rule that has one."""
    return parameters(rule)[0]


def parse(text: str) -> StopRule:
    """The rule that a person has written; StopRuleError in one sentence where it is none."""
    match = re.fullmatch(r"\s*([a-z_]+)\s*(?:([<>]=?|[≤≥:])\s*(\S.*?))?\s*", text)
    rule = kinds(StopRule).get(match[1]) if match else None
    sign = (match[2] or "").translate(WRITTEN) if match else ""
    if match is None or rule is None or sign.removesuffix("=") != (rule.symbol if rule.__struct_fields__ else ""):
        raise StopRuleError(f"expected one of {forms()}, not {shortened(text, 40)!r}")
    return _with_number(rule, match[3], sign.endswith("=")) if match[3] else rule()


def typed_limit(rule: type[StopRule], text: str) -> tuple[str, bool]:
    """What is typed as the limit of a rule that is chosen: its number, and whether that itself is enough.

    Its sign may stand before it: ``≥ 90 %`` or ``>= 0.9``.
    """
    plain = text.strip().translate(WRITTEN)
    sign = next((each for each in (f"{rule.symbol}=", rule.symbol) if plain.startswith(each)), "")
    return plain.removeprefix(sign).strip(), sign.endswith("=")


def _with_number(rule: type[StopRule], text: str, inclusive: bool) -> StopRule:
    parameter = number_of(rule)
    whole = parameter.type == "integer"
    try:
        value = read_share(text) if rule.share else read_integer(text) if whole else read_number(text)
        if not math.isfinite(value):
            raise ValueError(text)
        more = {"inclusive": True} if inclusive else {}
        return convert({"kind": kind_of(rule), parameter.name: value, **more}, rule)
    except ValueError:
        written = form(rule).replace(rule.symbol, f"{rule.symbol}=") if inclusive else form(rule)
        raise StopRuleError(f"{written} takes {_range_of(parameter, rule.share, inclusive)}, not {text!r}") from None


def _range_of(parameter: Parameter, share: bool, inclusive: bool) -> str:
    """``a whole number of 1 or more``, ``a number above 0``, ``a share from 0 to below 1, or that in per cent``."""
    if parameter.type == "integer":
        return f"a whole number of {exact(parameter.low or 0)} or more"
    if parameter.high is None:
        return f"a number above {exact(parameter.low or 0)}"
    limits = f"from {exact(parameter.low or 0)} to {'' if inclusive else 'below '}{exact(parameter.high)}"
    return f"a share {limits}, or that in per cent" if share else f"a number {limits}"
