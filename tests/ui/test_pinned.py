"""What is pinned in a plot can be packed and comes back as it was; whatever else is in such a file is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from simulator.running.nabla.run_file import taken_up
from simulator.running.nabla.shared_file import read
from tests.thinned import thinned
from tests.ui.plot_data import run_info, view
from ui.plots import Plot, all_plots, plot_class
from ui.plots.pinned import PinnedError, packed_pins, pins_in, state_of

FORMATS = Path(__file__).parents[1] / "data" / "formats"
KEYS = [plot.key for plot in all_plots()]
keys = pytest.mark.parametrize("key", KEYS)
STATES = {
    "activation_ridges": "HistogramState", "gradient_depth": "DepthState", "activation_profile": "DepthState",
    "gradient_time": "LayersPast", "loss": "LossState", "gradient_image": "LayersPast",
    "activation_function": "FunctionState", "activation_image": "HistogramState", "boundary": "BoundaryState",
    "bounds": "BoundsState", "branch_share": "DepthState", "computation_graph": "GraphState",
    "correlation": "CorrelationState", "effective_rank": "RankState", "factor_image": "FactorsPast",
    "feature_maps": "SampleState", "gates": "GateState", "gradient_histograms": "HistogramState",
    "gradient_noise": "NoiseState", "input_gradient": "InputState", "input_gradient_picture": "PictureState",
    "jacobian": "JacobianState", "kernels": "MapState", "order_chaos": "OrderChaosState", "output_errors": "ErrorState",
    "saturation": "DepthState", "sharpness": "SharpnessState", "through_time": "ThroughTimeState",
    "through_time_image": "ImageState", "unit_microscope": "UnitState", "update_ratio": "RatioState",
    "waterfall": "WaterfallState", "weights": "DepthState",
}  # fmt: skip
"""What the files that people have call the class of what is pinned in each plot."""


def pinned(key: str, qtbot: QtBot, kind: str = "random") -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.refresh(view(5, kind=kind))
    plot.pin()
    return plot


def read_back(content: bytes, arrays: NDArray[np.uint8], key: str) -> Any:
    return state_of(plot_class(key), pins_in(content)[key], arrays, run_info(5, 1))


@pytest.mark.parametrize(("key", "kind"), thinned(KEYS, ["random", "nan", "inf"]))
def test_what_is_pinned_comes_back_as_it_was(key: str, kind: str, qtbot: QtBot) -> None:
    plot = pinned(key, qtbot, kind)
    packed = packed_pins([plot])
    state = read_back(*packed, key)
    assert type(state) is type(plot.ghost)
    assert (state.step, state.depth) == (plot.ghost.step, plot.ghost.depth)
    other = plot_class(key)()
    qtbot.addWidget(other)
    other.refresh(view(5, kind=kind))
    other.set_ghost(state)
    again = packed_pins([other])
    assert again[0] == packed[0]
    np.testing.assert_array_equal(again[1], packed[1])
    assert other.table().columns.keys() == plot.table().columns.keys()


def test_the_class_of_what_is_pinned_is_called_as_files_have_it(qtbot: QtBot) -> None:
    content, _ = packed_pins([pinned(key, qtbot) for key in KEYS])
    assert {key: pin["state"] for key, pin in json.loads(content).items()} == STATES


@pytest.mark.parametrize("path", sorted((FORMATS / "shared").glob("*.nabla")), ids=lambda path: path.stem)
def test_what_was_pinned_in_a_kept_file_can_still_be_shown(
    path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shared = read(path)
    assert shared.run is not None
    info = taken_up(shared.run).info
    for key, pin in pins_in(shared.shown.ghosts).items():
        assert state_of(plot_class(key), pin, shared.shown.arrays, info).step == 12


def test_where_nothing_is_pinned_nothing_is_packed(qtbot: QtBot) -> None:
    plot = pinned("loss", qtbot)
    plot.unpin()
    content, arrays = packed_pins([plot])
    assert content == b""
    assert not arrays.size
    assert pins_in(content) == {}


@keys
def test_a_state_of_another_plot_is_refused(key: str, qtbot: QtBot) -> None:
    other = "loss" if key != "loss" else "waterfall"
    content, arrays = packed_pins([pinned(other, qtbot)])
    with pytest.raises(PinnedError):
        state_of(plot_class(key), pins_in(content)[other], arrays, run_info(5, 1))


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"loss": 3}', b'{"loss": {"state": 3}}', b"[" * 10**5, b"\xff"])
def test_what_is_no_such_json_is_refused(content: bytes) -> None:
    with pytest.raises(PinnedError):
        pins_in(content)


def bent(plain: Any, draws: random.Random) -> Any:
    """The same with one value of it made another."""
    if isinstance(plain, dict) and plain:
        name = draws.choice(sorted(plain))
        return {**plain, name: bent(plain[name], draws)}
    if isinstance(plain, list) and plain and draws.random() < 0.7:
        place = draws.randrange(len(plain))
        return [*plain[:place], bent(plain[place], draws), *plain[place + 1 :]]
    return draws.choice([None, 0, -1, 1, 7, 10**6, 2.5, "NaN", "", "x", [], {}, [3], True, plain, [2, 2]])


def check_mutants(key: str, qtbot: QtBot, count: int) -> None:
    content, arrays = packed_pins([pinned(key, qtbot)])
    draws = random.Random(key)
    for _ in range(count):
        changed = json.dumps(bent(json.loads(content), draws)).encode()
        try:
            pins = pins_in(changed)
            state = state_of(plot_class(key), pins[key], arrays, run_info(5, 1)) if key in pins else None
        except PinnedError:
            continue
        # What is taken can be drawn beside what is live.
        plot = plot_class(key)()
        qtbot.addWidget(plot)
        plot.refresh(view(5))
        plot.set_ghost(state)
        plot.grab()


@keys
def test_mutants_are_refused_or_can_be_drawn(key: str, qtbot: QtBot) -> None:
    check_mutants(key, qtbot, 4)


@pytest.mark.slow
@keys
def test_three_hundred_mutants_of_each_are_refused_or_can_be_drawn(key: str, qtbot: QtBot) -> None:
    check_mutants(key, qtbot, 300)
