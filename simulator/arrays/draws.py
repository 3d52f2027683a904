"""Random numbers that a stream has given, kept for whoever draws the same again.

While a slider says how large weights are drawn, each of its moves draws the same numbers and scales them otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from simulator.arrays.numeric import Array, RandomGenerator, frozen

MOST_BYTES = 2**26
"""What is kept of one pass over all streams; beyond that numbers are drawn anew."""

Draw: TypeAlias = Callable[[RandomGenerator, tuple[int, ...]], Array]
"""Draws an array of a shape: all it does depends on the stream, which it moves on."""


class KeptDraws:
    """What was drawn in the last pass, by the state that the stream was in."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[Array, dict[str, Any]]] = {}
        """What was drawn, and the state of the stream after it."""
        self._last: dict[Any, tuple[Array, dict[str, Any]]] = {}
        """The same of the pass before."""
        self.nbytes = 0
        """What is kept."""

    @contextmanager
    def passing(self) -> Iterator[None]:
        """What is drawn in here, in this thread, is taken from the pass before where it is the same, and kept."""
        self._last = self._kept
        self.forget()
        token = _keeper.set(self)
        try:
            yield
        finally:
            _keeper.reset(token)
            self._last = {}

    def forget(self) -> None:
        """Let go of everything."""
        self._kept, self.nbytes = {}, 0

    def draw(self, draw: Draw, rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
        """What ``draw`` makes of the stream, which stands after it as if it had been drawn."""
        before: Any = rng.bit_generator.state
        key = draw, shape, *before["state"].values(), before["has_uint32"], before["uinteger"]
        if key in self._last:
            array, after = self._last[key]
            rng.bit_generator.state = after
        else:
            array = frozen(draw(rng, shape))
            after = dict(rng.bit_generator.state)
        if self.nbytes + array.nbytes <= MOST_BYTES:
            self._kept[key] = array, after
            self.nbytes += array.nbytes
        return array


_keeper: ContextVar[KeptDraws | None] = ContextVar("kept draws", default=None)


def drawn(draw: Draw, rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
    """What ``draw`` makes of a stream, read-only: drawn now, or in the pass before if that is kept."""
    keeper = _keeper.get()
    return frozen(draw(rng, shape)) if keeper is None else keeper.draw(draw, rng, shape)
