"""Of hundreds of layers dots stand where single ones do, in their colours, and only rough lines are thinner."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from pytestqt.qtbot import QtBot

from tests.ui.pixels import is_of, pixels
from ui.chart.dense_dots import DENSE
from ui.chart.marks import LIVE, LOST, MANY, ROUND, Curves, Dots, Mark, Palette, Surface
from ui.chart.pane import Pane
from ui.chart.polygons import pieces
from ui.style.theme import LIGHT, depth_colours

WIDTH, HEIGHT = 600, 60


def painted(dots: Mark) -> QImage:
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    with painter:
        dots.draw(Surface(painter, QTransform(), Pane(), Palette(LIGHT), LIVE))
    return image


def places(count: int) -> tuple[np.ndarray, np.ndarray]:
    scatter = np.random.default_rng(0).integers(5, HEIGHT - 5, count)
    return np.linspace(5, WIDTH - 5, count).round() + 0.5, scatter + 0.5


@pytest.mark.parametrize("colours", ["one", "layers"])
def test_a_dense_dot_stands_at_its_place_in_its_colour(colours: str, qtbot: QtBot) -> None:
    count = DENSE
    x, y = places(count)
    tones = ("#c02020",) if colours == "one" else depth_colours(count, LIGHT)
    image = painted(Dots("dots", x, y, np.full(count, ROUND, np.int8), colours=tones, radius=3.0))
    for place in range(count):
        shown = QColor(image.pixel(int(x[place]), int(y[place])))
        meant = QColor(tones[place % len(tones)])
        apart = [abs(a - b) for a, b in zip(shown.getRgb(), meant.getRgb(), strict=True)]
        assert max(apart) <= 40, (place, shown.name(), meant.name())


def test_dense_dots_paint_as_much_as_single_ones(qtbot: QtBot) -> None:
    """Beside each other nothing of a dot is missing, and nothing stands where none is."""
    x, y = places(DENSE)
    kinds = np.full(DENSE, ROUND, np.int8)
    dense, single = (painted(Dots("dots", x[:n], y[:n], kinds[:n], radius=9.0)) for n in (DENSE, DENSE - 1))
    inked = [np.count_nonzero(pixels(image)[:HEIGHT, : WIDTH - 12] != 0xFFFFFFFF) for image in (dense, single)]
    assert inked[0] == pytest.approx(inked[1], rel=0.6)


def test_what_is_not_finite_is_marked_among_dense_dots_too(qtbot: QtBot) -> None:
    x, y = places(DENSE)
    kinds = np.full(DENSE, ROUND, np.int8)
    kinds[100], y[100] = LOST, np.nan
    image = painted(Dots("dots", x, y, kinds, colours=("#2020c0",)))
    assert is_of(image, LIGHT.warning).any()


@pytest.mark.parametrize(("rough", "count", "thick"), [(True, MANY, 2), (False, MANY, 6), (True, MANY - 1, 6)])
def test_only_a_rough_line_through_hundreds_of_points_is_a_pixel_wide(
    rough: bool, count: int, thick: int, qtbot: QtBot
) -> None:
    line = pieces(np.linspace(5, WIDTH - 5, count), np.full(count, HEIGHT / 2))
    image = painted(Curves("line", [line], colours=["#000000"], width=6.0, smooth=True, rough=rough))
    assert sum(image.pixel(WIDTH // 2, j) != 0xFFFFFFFF for j in range(HEIGHT)) == pytest.approx(thick, abs=1)
