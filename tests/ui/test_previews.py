"""Every plot can be looked at alone, on a short run made for it."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.thinned import thinned
from tests.ui.pixels import colours
from ui.plots import Plot, all_plots, plot_class
from ui.plots.preview import preview

ROOT = Path(__file__).parents[2]
plots = pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)


@pytest.mark.parametrize("kind", thinned(all_plots(), first=1, name=lambda kind: kind.key))
def test_a_preview_of_its_own_preset_is_saved_as_a_picture(kind: type[Plot[Any]], qapp: object, tmp_path: Path) -> None:
    preview(kind, ["--steps", "2", "--save", str(tmp_path / "plot.png")])
    picture = QImage(str(tmp_path / "plot.png"))
    assert colours(picture, below=40, every=3) > 4


@plots
def test_the_module_of_a_plot_previews_it(kind: type[Plot[Any]]) -> None:
    last = ast.parse(inspect.getsource(sys.modules[kind.__module__])).body[-1]
    assert ast.unparse(last).splitlines() == [
        "if __name__ == '__main__':", "    from ui.plots.preview import preview", f"    preview({kind.__name__})",
    ]  # fmt: skip


def test_a_preview_of_a_run_without_such_layers_says_so(qapp: object, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Gates has nothing to show of this run"):
        preview(plot_class("gates"), ["--experiment", "plane", "--steps", "0", "--save", str(tmp_path / "plot.png")])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--experiment", "nothing"], "there is no file or preset 'nothing'"),
        (["--steps", "-1"], "argument --steps: expected 0 or more, not −1"),
        (["--save", "plot.svg"], "argument --save: expected a name that ends in .png, not 'plot.svg'"),
    ],
)
def test_what_a_preview_cannot_be_made_of_is_told_in_one_line(
    arguments: list[str], told: str, qapp: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        preview(plot_class("loss"), arguments)
    said = capsys.readouterr().err
    assert said.startswith(f"error: {told}")
    assert said.count("\n") == 1


def test_a_module_is_run_by_its_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ui.plots.saturation", "--steps", "2", "--save", str(tmp_path / "plot.png")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    assert not QImage(str(tmp_path / "plot.png")).isNull()
