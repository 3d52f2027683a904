"""What a start reads, and what waits until it is needed."""

from __future__ import annotations

import subprocess
import sys

from ui import chart


def ran(code: str) -> str:
    """What a fresh process prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_chart_layer_reads_no_part_of_pyqtgraph_that_nobody_needs() -> None:
    code = "import sys, ui.chart; print(*(name for name in sys.modules if name.startswith('pyqtgraph')))"
    read = ran(code).split()
    assert {"pyqtgraph.graphicsItems.ViewBox", "pyqtgraph.widgets.GraphicsView"} <= set(read)
    assert not {name for name in read if name.startswith(("pyqtgraph.parametertree", "pyqtgraph.imageview"))}
    assert not {"pyqtgraph.multiprocess", "pyqtgraph.graphicsItems.ROI"} & set(read)


def test_libraries_of_qt_that_pyqtgraph_does_without_are_not_loaded_and_can_be_had() -> None:
    code = "import sys, ui.chart; print([name for name in sys.modules if name.startswith('PySide6.Qt')])"
    assert not {"PySide6.QtTest", "PySide6.QtOpenGLWidgets", "PySide6.QtOpenGL"} & set(ran(code).split("'"))
    assert ran("import ui.chart; from PySide6.QtTest import QTest; print(QTest.__name__)").strip() == "QTest"


def test_what_was_left_out_of_pyqtgraph_can_be_had_from_its_own_module() -> None:
    assert ran("import ui.chart; from pyqtgraph.graphicsItems.ROI import ROI; print(ROI.__name__)").strip() == "ROI"


def test_a_pyqtgraph_that_cannot_do_without_a_part_is_imported_whole() -> None:
    code = f"""
import importlib, importlib.util, sys
source = open({chart.__file__!r}).read()
assert '"GraphicsView"' in source
package = type(sys)("ui.chart")
exec(source.replace('"GraphicsView"', '"Another"'), vars(package))
import pyqtgraph
print(pyqtgraph.GraphicsView.__name__, pyqtgraph.ImageView.__name__)
"""
    assert ran("import ui" + code).split() == ["GraphicsView", "ImageView"]


def test_the_rules_of_the_doctor_are_not_read_before_the_window_stands() -> None:
    code = "import sys, ui.app; print(*(name for name in sys.modules if name.startswith('simulator.doctor.')))"
    read = ran(code).split()
    assert "simulator.doctor.evidence" in read
    assert not {"simulator.doctor.rules", "simulator.doctor.units"} & set(read)
