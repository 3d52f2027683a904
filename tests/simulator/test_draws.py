"""What a stream has given is given again to whoever draws the same, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.arrays import draws
from simulator.arrays.draws import KeptDraws, drawn
from simulator.arrays.numeric import Array, RandomGenerator, Stream, stream


class Drawing:
    """Draws normals, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
        self.times += 1
        return rng.standard_normal(shape)


def uniforms(rng: RandomGenerator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(size=shape)


def test_a_second_pass_draws_nothing_and_leaves_the_stream_where_it_was_left() -> None:
    normals, kept = Drawing(), KeptDraws()
    seen = []
    for _ in range(2):
        rng = stream(3, Stream.WEIGHTS, 1)
        with kept.passing():
            seen.append([*(drawn(normals, rng, (4, 2)) for _ in range(2)), rng.random(3)])
    assert normals.times == 2
    rng = stream(3, Stream.WEIGHTS, 1)
    alone = [rng.standard_normal((4, 2)), rng.standard_normal((4, 2)), rng.random(3)]
    for pieces in seen:
        assert all(map(np.array_equal, pieces, alone))


def test_another_seed_place_shape_or_law_is_drawn_anew() -> None:
    normals, kept = Drawing(), KeptDraws()
    asked = [(3, 1, (4,)), (4, 1, (4,)), (4, 2, (4,)), (4, 2, (2, 2))]
    for seed, place, shape in asked:
        with kept.passing():
            found = drawn(normals, stream(seed, Stream.WEIGHTS, place), shape)
        assert np.array_equal(found, stream(seed, Stream.WEIGHTS, place).standard_normal(shape))
    assert normals.times == len(asked)
    with kept.passing():
        found = drawn(uniforms, stream(4, Stream.WEIGHTS, 2), (2, 2))
    assert np.array_equal(found, stream(4, Stream.WEIGHTS, 2).uniform(size=(2, 2)))


def test_what_a_pass_does_not_draw_is_let_go() -> None:
    normals, kept = Drawing(), KeptDraws()
    for place in (1, 2, 1):
        with kept.passing():
            drawn(normals, stream(0, Stream.WEIGHTS, place), (5,))
        assert kept.nbytes == 5 * 8
    assert normals.times == 3
    kept.forget()
    assert kept.nbytes == 0


def test_no_more_is_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "MOST_BYTES", 100)
    normals, kept = Drawing(), KeptDraws()
    for _ in range(2):
        with kept.passing():
            found = [drawn(normals, stream(0, Stream.WEIGHTS, place), (6,)) for place in range(3)]
        assert kept.nbytes == 2 * 6 * 8
    assert normals.times == 3 + 1
    assert np.array_equal(found[2], stream(0, Stream.WEIGHTS, 2).standard_normal(6))


def test_outside_of_a_pass_everything_is_drawn_and_nobody_may_write_into_what_was() -> None:
    normals, kept = Drawing(), KeptDraws()
    for _ in range(2):
        found = drawn(normals, stream(0, Stream.WEIGHTS), (2,))
        assert not found.flags.writeable
    with kept.passing():
        assert not drawn(normals, stream(0, Stream.WEIGHTS), (2,)).flags.writeable
    assert normals.times == 3
