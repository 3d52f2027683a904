"""Arrangements and how they are packed: any number of cards, any window, nothing overlaps and nothing is too small."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.board.arrangement import Arrangement, CardPlace
from ui.board.packing import GAP, Packed, Wanted, pack

TARGET = 316
WIDE = Wanted(280, 150, 0.52)
ABC = Arrangement.of("a", "b", "c")

cards = st.builds(
    Wanted, st.integers(200, 500), st.integers(120, 400), st.sampled_from([0.52, 0.85, 1.25]), st.integers(1, 4)
)


def assert_apart(packed: Packed) -> None:
    for one, other in itertools.combinations(packed.boxes, 2):
        beside = one.x + one.width + GAP <= other.x or other.x + other.width + GAP <= one.x
        above = one.y + one.height + GAP <= other.y or other.y + other.height + GAP <= one.y
        assert beside or above


@given(
    st.lists(cards, min_size=1, max_size=30),
    st.integers(200, 4000),
    st.integers(100, 2200),
    st.sampled_from([0.5, 1, 2.5]),
)
def test_no_card_is_below_its_least_size_and_no_two_overlap(
    wanted: list[Wanted], width: int, height: int, size: float
) -> None:
    packed = pack(wanted, width, height, TARGET, size)
    assert_apart(packed)
    for card, box in zip(wanted, packed.boxes, strict=True):
        assert box.width >= card.width
        assert box.height >= card.height
        assert box.x >= GAP
        assert box.x + box.width + GAP <= packed.width
        assert box.y >= GAP
        assert box.y + box.height + GAP <= packed.height
    assert [(box.y, box.x) for box in packed.boxes] == sorted((box.y, box.x) for box in packed.boxes)


def test_six_fill_a_window_without_scrolling_and_thirty_scroll() -> None:
    six = pack([WIDE] * 6, 690, 672, TARGET)
    assert (six.columns, six.height) == (2, 672)
    thirty = pack([WIDE] * 30, 690, 672, TARGET)
    assert thirty.columns == 2
    assert thirty.height > 672


@pytest.mark.parametrize(("width", "columns"), [(320, 1), (690, 2), (1700, 5), (3320, 10)])
def test_where_it_scrolls_there_are_as_many_columns_as_fit(width: int, columns: int) -> None:
    assert pack([WIDE] * 200, width, 600, TARGET).columns == columns


def test_larger_cards_are_fewer_in_a_row() -> None:
    columns = [pack([WIDE] * 30, 1700, 600, TARGET, size).columns for size in (0.5, 1.0, 1.5, 2.5)]
    assert columns == sorted(columns, reverse=True)
    assert len(set(columns)) == 4


def test_rows_are_filled_evenly() -> None:
    packed = pack([WIDE] * 7, 1000, 600, TARGET)
    rows = [len([box for box in packed.boxes if box.y == y]) for y in sorted({box.y for box in packed.boxes})]
    assert packed.columns == 3
    assert rows == [3, 2, 2]
    assert all(
        max(box.x + box.width for box in packed.boxes if box.y == y) == 1000 - GAP for y in {b.y for b in packed.boxes}
    )


def test_a_card_spans_the_columns_it_asks_for_where_there_are_so_many() -> None:
    wide = Wanted(280, 150, 0.52, columns=2)
    packed = pack([wide, WIDE, WIDE, WIDE], 1000, 400, TARGET)
    assert packed.boxes[0].width > 1.8 * packed.boxes[1].width
    assert pack([wide, WIDE], 320, 400, TARGET).columns == 1


# -- arrangements ------------------------------------------------------------------------------------------------


def test_a_place_moves_before_another_or_to_the_end() -> None:
    assert ABC.moved("c", 0).keys == ("c", "a", "b")
    assert ABC.moved("a", 2).keys == ("b", "a", "c")
    assert ABC.moved("a", 3).keys == ("b", "c", "a")
    assert ABC.moved("b", 1) == ABC.moved("b", 2) == ABC


def test_plots_that_share_a_place_are_its_tabs_until_they_are_taken_apart() -> None:
    joined = ABC.joined("c", "a")
    assert joined.places == (CardPlace(("a", "c"), current=1), CardPlace(("b",)))
    assert joined.raised("a").places[0].key == "a"
    assert joined.apart("c").keys == ("a", "c", "b")
    assert [place.keys for place in joined.apart("c").places] == [("a",), ("c",), ("b",)]
    assert joined.closed("c") == Arrangement.of("a", "b")
    assert ABC.apart("a") == ABC


def test_a_plot_that_is_shown_again_comes_to_the_front_of_its_place() -> None:
    joined = ABC.joined("c", "a")
    assert joined.shown("a").places[0].key == "a"
    assert joined.shown("d").keys[-1] == "d"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 4)), max_size=12))
def test_whatever_is_done_each_plot_has_one_place_and_it_can_be_stored(steps: list[tuple[int, int, int]]) -> None:
    arrangement = Arrangement.of(*"abcdef")
    for one, other, how in steps:
        key, beside = "abcdef"[one], "abcdef"[other]
        acts = (
            arrangement.moved(key, other),
            arrangement.joined(key, beside),
            arrangement.apart(key),
            arrangement.spanned(key, other),
            arrangement.raised(key),
        )
        arrangement = acts[how]
        assert sorted(arrangement.keys) == list("abcdef")
        assert Arrangement.from_builtins(arrangement.to_builtins()) == arrangement


@pytest.mark.parametrize(
    "plain",
    [
        None, 3, "a", {}, [3], [{}], [{"plots": []}], [{"plots": [1]}], [{"plots": ["a"], "front": 1}],
        [{"plots": ["a"], "columns": 0}], [{"plots": ["a"], "front": True}], [{"plots": ["a", "a"]}],
    ],
)  # fmt: skip
def test_what_is_no_arrangement_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Arrangement.from_builtins(plain)
