"""Work in further threads is done in the order of its items, and fails as it does in one."""

import threading

import pytest

from simulator.system.abreast import abreast, ahead


@pytest.mark.parametrize("items", [range(0), range(1), range(7)])
def test_each_item_is_worked_on_once(items):
    done = []
    abreast(done.append, items)
    assert sorted(done) == list(items)


def test_what_the_first_that_fails_raises_is_raised():
    def work(item):
        if item in (2, 4):
            raise ValueError(str(item))

    with pytest.raises(ValueError, match="2"):
        abreast(work, range(6))


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_results_come_with_their_items_in_order(count):
    assert list(ahead(lambda item: item**2, iter(range(count)))) == [(item, item**2) for item in range(count)]


def test_the_next_items_are_taken_before_a_result_is_there():
    """Else this one would wait for the other for ever."""
    taken, waited = threading.Event(), []

    def items():
        yield from (0, 1, 2)
        taken.set()
        yield 3

    for item, result in ahead(lambda item: item == 0 or taken.wait(60), items()):
        waited.append((item, result))
    assert waited == [(0, True), (1, True), (2, True), (3, True)]


def test_no_thread_is_left_where_nobody_asks_for_the_rest():
    before = set(threading.enumerate())
    results = ahead(str, range(9))
    assert [next(results)[1] for _ in range(3)] == ["0", "1", "2"]
    results.close()
    assert set(threading.enumerate()) <= before
