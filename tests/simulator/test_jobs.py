"""Jobs that are made on several cores."""

from __future__ import annotations

import os
import threading

import pytest

from simulator.running import jobs
from simulator.running.jobs import Jobs, other_cores


@pytest.mark.parametrize("others", [0, 1, 3])
def test_all_jobs_are_made_when_they_are_finished(others: int) -> None:
    made = list[int]()
    Jobs([lambda number=number: made.append(number) for number in range(5)], others).finish()
    assert sorted(made) == [*range(5)]


@pytest.mark.parametrize("others", [0, 2])
def test_an_error_is_raised_when_all_others_are_made(others: int) -> None:
    made = list[int]()

    def fail() -> None:
        raise MemoryError("no room")

    jobs = Jobs([fail, lambda: made.append(1), lambda: made.append(2)], others)
    with pytest.raises(MemoryError, match="no room"):
        jobs.finish()
    assert sorted(made) == [1, 2]


def test_of_jobs_that_are_dropped_only_those_are_made_that_were_begun() -> None:
    begun, go_on, made = threading.Event(), threading.Event(), list[int]()

    def first() -> None:
        begun.set()
        go_on.wait(10)
        made.append(0)

    jobs = Jobs([first, *(lambda number=number: made.append(number) for number in (1, 2))], 1)
    assert begun.wait(10)
    threading.Timer(0.01, go_on.set).start()
    jobs.drop()
    jobs.finish()
    assert made == [0]


def test_without_another_core_nothing_is_begun_before_it_is_finished() -> None:
    made = list[int]()
    jobs = Jobs([lambda: made.append(1)], 0)
    assert made == []
    jobs.finish()
    assert made == [1]


@pytest.mark.parametrize(
    ("cores", "left", "threads", "others"),
    [(1, 1, 1, 0), (1, 0, 1, 0), (2, 1, 1, 0), (2, 0, 1, 1), (3, 1, 1, 1), (8, 1, 1, 6), (8, 1, 4, 0), (8, 0, 4, 1)],
)
def test_what_is_left_to_others_and_each_thread_of_a_product_have_a_core(
    cores: int, left: int, threads: int, others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {*range(cores)}, raising=False)
    monkeypatch.setattr(jobs, "limits_hold_in_all_threads", lambda: True)
    assert other_cores(threads, left) == others
    monkeypatch.setattr(jobs, "limits_hold_in_all_threads", lambda: False)
    assert other_cores(threads, left) == 0
