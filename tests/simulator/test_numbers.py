"""One language of numbers: each is written alike wherever a person reads it, and read back as it was written."""

from __future__ import annotations

import ast
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sick_nets import PLANTED, Planted
from simulator import Experiment, ExperimentError
from simulator.doctor.trial import copy
from simulator.schema.numbers import (
    amount,
    count,
    decimal,
    exact,
    exact_percent,
    integer,
    number,
    percent,
    power_of_ten,
    read_integer,
    read_number,
    read_share,
    setting,
)
from simulator.schema.parameter import Parameter, Spec, parameters
from tests.simulator.number_language import ill_written

ROOT = Path(__file__).parents[2]
THIN = "\N{NARROW NO-BREAK SPACE}"
numbers = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (0.4123, "0.412"), (0.001, "0.001"), (0.000999, "9.99·10⁻⁴"), (3.1e-6, "3.1·10⁻⁶"),
        (-12.52, "−12.5"), (0.9999, "1"), (1204.4, f"1{THIN}204"), (99949, f"99{THIN}949"), (1e5, "1·10⁵"),
        (1e-300, "1·10⁻³⁰⁰"), (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_fixed_numbers_keep_their_width() -> None:
    assert [number(v, fixed=True) for v in (0.4, 0.41, 0.412, 3e-6)] == ["0.400", "0.410", "0.412", "3.00·10⁻⁶"]


def test_shares_do_not_claim_nothing_or_all() -> None:
    told = {
        0.0: "0", 1e-5: "<0.1", 0.034: "3.4", 0.52: "52", 0.996: "99.6", 0.99999: ">99.9", 1.0: "100", -0.034: "−3.4",
        -1e-5: ">−0.1", 20.5: f"2{THIN}050", 1e5: "1·10⁷", 1.7e308: "1.7·10³¹⁰",
    }  # fmt: skip
    assert {share: percent(share) for share in told} == {share: f"{text}{THIN}%" for share, text in told.items()}


def test_counts_and_powers() -> None:
    assert count(1, "layer") == "1 layer"
    assert count(1200, "layer") == f"1{THIN}200 layers"
    assert [amount(value, "layer") for value in (1.0, 0.9999, 2.5, 0.5)] == [
        "1 layer", "1 layer", "2.5 layers", "0.5 layers",
    ]  # fmt: skip
    assert integer(-1234567) == f"−1{THIN}234{THIN}567"
    assert power_of_ten(-12) == "10⁻¹²"
    assert [decimal(v, 1) for v in (-0.04, -0.06, 12345.0)] == ["0.0", "−0.1", f"12{THIN}345.0"]


def test_settings_keep_the_digits_that_a_hand_gave_them() -> None:
    told = {100: "100", 12000: f"12{THIN}000", 0.9999: "0.9999", 3.14159e-6: "3.14159·10⁻⁶", -0.5: "−0.5"}
    assert {value: setting(value) for value in told} == told


@given(value=numbers, digits=st.integers(1, 17), fixed=st.booleans())
def test_what_is_written_is_read_back_within_the_digits_shown(value: float, digits: int, fixed: bool) -> None:
    text = number(value, digits, fixed=fixed)
    assert not ill_written(text)
    # A unit of the last digit shown is at most so large; what rounds up may go beyond the largest float.
    power = math.floor(math.log10(abs(value))) if value else 0
    off = abs(Fraction(value) - Fraction(read_number(text))) if math.isfinite(read_number(text)) else Fraction(0)
    smallest = Fraction(5e-324)
    assert off <= Fraction(10) ** (power - digits + 1) / 2 + abs(Fraction(value)) / 2**52 + smallest


@given(value=numbers)
def test_exact_numbers_are_read_back_to_the_last_bit(value: float) -> None:
    assert read_number(exact(value)) == value
    assert not ill_written(exact(value))


@given(value=st.integers(-(10**40), 10**40))
def test_whole_numbers_are_read_back(value: int) -> None:
    assert read_integer(integer(value)) == value
    assert read_integer(str(value)) == value


@given(share=numbers)
def test_every_share_is_well_written(share: float) -> None:
    assert not ill_written(percent(share))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4), ("1·10⁻⁴", 1e-4), ("1×10⁻⁴", 1e-4), ("10⁻⁴", 1e-4), ("−0.5", -0.5), ("-0.5", -0.5),
        ("12 345", 12345.0), (f"12{THIN}345", 12345.0), ("−2.5 · 10³", -2500.0), ("∞", math.inf), ("−∞", -math.inf),
    ],
)  # fmt: skip
def test_both_ways_to_write_a_number_are_read(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("0.9", 0.9), ("90 %", 0.9), ("90%", 0.9), (f"90{THIN}%", 0.9), ("90", 0.9), ("99.95 %", 0.9995), ("0", 0.0),
        ("0.5 %", 0.005), ("1", 1.0), ("100", 100.0), ("-3", -3.0),
    ],
)  # fmt: skip
def test_a_share_is_read_in_per_cent_or_as_it_is(text: str, share: float) -> None:
    assert read_share(text) == share


@given(share=st.floats(0, 1))
def test_a_share_is_read_back_as_it_is_written_in_per_cent(share: float) -> None:
    assert read_share(exact_percent(share)) == pytest.approx(share, rel=1e-15, abs=1e-15)


@pytest.mark.parametrize("text", ["", "ten", "·10⁻⁴x", "10^3", "1·10", "10⁻", "--1", "1,5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_number(text)


def specs() -> list[type[Spec]]:
    """Of all parts of an experiment, each once."""
    known: list[type[Spec]] = [Experiment]
    for spec in known:
        inner = [kind for field in parameters(spec) for kind in (*field.kinds, field.part) if kind is not None]
        known.extend(kind for kind in dict.fromkeys(inner) if kind not in known)
    return known


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.__name__)
def test_every_range_is_well_written(spec: type[Spec]) -> None:
    assert [field.range_text for field in parameters(spec) if ill_written(field.range_text)] == []


def beyond(field: Parameter) -> list[float]:
    """What a number or whole number may not be."""
    low = [] if field.low is None else [field.low - 1e-5 if field.type == "number" else field.low - 1, field.low - 1e9]
    high = [] if field.high is None else [field.high * 1e4 + 1]
    return [*low, *high, 1e-7 if field.type == "integer" else -1e-300 if field.low == 0 else math.inf]


@pytest.mark.parametrize(
    "field", [field for field in parameters(Experiment) if field.type in ("number", "integer")], ids=lambda f: f.name
)
def test_every_refusal_is_well_written(field: Parameter) -> None:
    plain = {"data": {"kind": "digits"}, "layers": [{"kind": "dense", "units": 3}]}
    for value in beyond(field):
        with pytest.raises(ExperimentError) as refusal:
            Experiment.from_builtins({**plain, field.name: value})
        assert not ill_written(str(refusal.value)), str(refusal.value)


ONE_OF_EACH = list({planted.kind: planted for planted in PLANTED}.values())


@pytest.mark.parametrize("planted", ONE_OF_EACH, ids=lambda planted: planted.kind)
@pytest.mark.parametrize("steps", [0, 25])
def test_every_sentence_and_title_of_the_doctor_is_well_written(planted: Planted, steps: int) -> None:
    result = copy(planted.sick, steps)
    told = [text for each in result.findings for text in (each.sentence, *(mend.title for mend in each.remedies))]
    assert [text for text in told if ill_written(text)] == []


FORMATS = set("efgEFGn%,")


def formatted(path: Path) -> list[str]:
    """Numbers that a file writes by itself: f-strings with a number's format that are not read back at once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    read_back = {
        id(inner)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "float"
        for inner in ast.walk(call)
    }
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None and id(node) not in read_back
        if FORMATS & set(ast.unparse(node.format_spec)[-2:])
    ]


OWN_WAYS = {
    "simulator/schema/numbers.py": "the language itself",
    "ui/forms/typed.py": "what stands in a field to type in",
    "simulator/system/machine.py": "on the floor of the language",
}


def test_no_other_file_has_a_way_of_its_own_to_write_numbers() -> None:
    paths = [path for house in ("simulator", "ui") for path in sorted((ROOT / house).rglob("*.py"))]
    own = {str(path.relative_to(ROOT)): formatted(path) for path in paths}
    assert {name for name, ways in own.items() if ways} == set(OWN_WAYS)
