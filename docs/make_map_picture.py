#!/usr/bin/env python
"""The README's picture of a map: order and chaos, trained and drawn as the program does.

python docs/make_map_picture.py [FOLDER of a map that is made already]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["OPENBLAS_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.maps.engines import LocalEngine  # noqa: E402  (after the number of threads is set)
from simulator.maps.map_folder import MapFolder  # noqa: E402
from simulator.maps.presets import find_map  # noqa: E402
from simulator.maps.theory import lines  # noqa: E402
from ui.app import create_app  # noqa: E402
from ui.export import PictureSettings, export_plot  # noqa: E402
from ui.maps.map_plot import MapPlot  # noqa: E402
from ui.maps.state import MadeMap  # noqa: E402

NAME = "order-chaos"


def main(folder: Path) -> None:
    preset = find_map(NAME)
    sweep = preset.sweep()
    with MapFolder(folder, sweep) as home:
        for _ in home.make(lambda cells: LocalEngine(cells)):
            pass
        made = tuple(home.made)
    app = create_app()
    plot = MapPlot(bare=True)
    plot.experiment = sweep.experiment
    plot.show_state(MadeMap(sweep, made, preset.shown, lines=lines(sweep, preset.theory)))
    path = ROOT / "docs" / "pictures" / "map.png"
    export_plot(plot, path, PictureSettings(640, 400, 1.5), kind="png")
    app.processEvents()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
