"""Pieces of work in which the interpreter's lock is let go, on two cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")
AT_ONCE = 2
"""Threads; each has memory of its own for its piece."""
AHEAD = 2
"""Items that are taken before the result of the one before them is asked for."""


def abreast(work: Callable[[Item], Any], items: Sequence[Item]) -> None:
    """Do ``work`` to each item, two at a time; raises what the first of them that fails raises."""
    if len(items) < AT_ONCE:
        for item in items:
            work(item)
        return
    with _threads(AT_ONCE) as pool:
        for _ in pool.map(work, items):
            pass


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item and what ``work`` makes of it in another thread, while the next are taken in this one."""
    each = iter(items)
    for item in each:
        yield item, work(item)
        break
    for item in each:
        with _threads(1) as pool:
            pending = deque([(item, pool.submit(work, item))])
            for further in each:
                pending.append((further, pool.submit(work, further)))
                if len(pending) > AHEAD:
                    done, result = pending.popleft()
                    yield done, result.result()
            for done, result in pending:
                yield done, result.result()


def _threads(count: int) -> ThreadPoolExecutor:
    # Imported with the first large set of data, which most starts never see.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(count, "nablascope-abreast")
