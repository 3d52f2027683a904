"""Words on plots stand out from what lies behind them: 4.5 : 1 as WCAG counts it, over heat maps and tints too."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.thinned import thinned
from tests.ui.painted import ground_of, painted
from tests.ui.pixels import pixels
from tests.ui.real_runs import real
from tests.ui.test_style import contrast
from ui.app import create_app
from ui.plots import Plot, all_plots
from ui.style.restyle import ThemeChoice, set_theme

LEAST = 4.5
SHARE = 0.15
"""Of the pixels behind a text from which a colour counts: thin lines that pass behind letters do not."""


def behind(ground: NDArray[np.uint32], box: QRectF) -> list[str]:
    """The colours of the ground of a text."""
    place = box.toAlignedRect() & QRect(0, 0, ground.shape[1], ground.shape[0])
    seen = Counter(ground[place.top() : place.bottom() + 1 : 2, place.left() : place.right() + 1 : 2].ravel().tolist())
    return [QColor(colour).name() for colour, count in seen.items() if count > SHARE * seen.total()]


@pytest.mark.parametrize(
    ("kind", "theme"),
    thinned(all_plots(), ["light", "dark"], share=2, name=lambda each: getattr(each, "key", str(each))),
)
def test_every_word_of_a_plot_stands_out(kind: type[Plot[Any]], theme: ThemeChoice, qtbot: QtBot) -> None:
    set_theme(create_app(), theme)
    faint = []
    for net in ("residual", "pooling", "recurrent"):
        plot = kind()
        qtbot.addWidget(plot)
        plot.resize(560, 420)
        plot.refresh(real(net))
        plot.show()
        plot.grab()
        ground = pixels(ground_of(plot.canvas))
        for text in painted(plot.canvas) if plot.state is not None else []:
            grounds = behind(ground, text.letters) if text.colour else []
            worst = min((contrast(text.colour, ground) for ground in grounds), default=21.0)
            faint += [f"{net}: {text.text!r} {text.colour} on {grounds}: {worst:.2f}"] if worst < LEAST else []
        plot.hide()
    set_theme(create_app(), "light")
    assert faint == []
