"""Where the network answers NaN or Inf, the plane has no class."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QLineF

from simulator.observations.boundary import Boundary
from ui.plots.boundary import BoundaryState, border_lines


def lines(image: list[list[list[float]]], classes: int) -> list[QLineF]:
    answer = Boundary(np.array(image), (0.0, 2.0), (0.0, 1.0))
    return border_lines(BoundaryState(0, answer, None, classes))


@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("classes", [0, 2])
def test_a_border_runs_between_an_answer_and_none(lost: float, classes: int) -> None:
    for known in (0.1, 0.9):
        found = lines([[[known, lost]]], classes)
        assert [(line.x1(), line.x2()) for line in found] == [(1.0, 1.0)]


@pytest.mark.parametrize("classes", [0, 2])
def test_no_border_runs_where_nothing_is_answered(classes: int) -> None:
    assert not lines([[[math.nan, math.inf]]], classes)


def test_answers_as_large_as_can_be_have_a_middle() -> None:
    assert len(lines([[[1e308, 1.7e308]]], 0)) == 1
