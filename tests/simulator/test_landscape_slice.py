"""Slices of a network's loss: directions, values against the network's own, gradients, the run's path, the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from main import main
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.landscape.directions import kernels, random_directions
from simulator.landscape.landscape import Landscape
from simulator.landscape.network_slice import NetworkSlice
from simulator.landscape.race import race, run
from simulator.landscape.slice import Slice
from simulator.running.beside import slicing
from simulator.running.beside.slicing import SlicingWorker
from simulator.running.beside.slicing_messages import AskSlice, Contoured, Curvatures, CutRun, Raced, Sliced
from simulator.running.messages import Stop
from simulator.training.replay import Replay
from simulator.training.training import Training

TINY: dict[str, Any] = {
    "data": {"kind": "moons"},
    "layers": [
        {"kind": "dense", "units": 5, "dropout": {"kind": "inverted", "rate": 0.2}}, {"kind": "dense", "units": 4},
    ],
    "batch_size": 32, "precision": "float64", "regularization": {"l2": 0.1},
    "optimizer": {"kind": "sgd", "learning_rate": 0.2, "momentum": 0.5},
}  # fmt: skip
TRAINED = 30
WAYS = ("random", "path", "weights")


def trained(steps: int) -> Training:
    training = Training(Experiment.from_builtins(TINY))
    while training.step < steps:
        training.propose()
        training.apply()
    return training


@pytest.fixture(scope="module", params=WAYS)
def cut(request: pytest.FixtureRequest) -> NetworkSlice:
    return Slice(experiment=TINY, trained=TRAINED, directions=request.param).objective()


def test_at_the_origin_the_slice_is_the_networks_own_loss(cut: NetworkSlice) -> None:
    training = trained(TRAINED)
    training.propose()
    assert cut.value(0.0, 0.0) == pytest.approx(training.loss, rel=1e-12)
    gradient = training.network.parameters.gradient
    slope = gradient @ cut.directions.x, gradient @ cut.directions.y
    assert cut.slope(0.0, 0.0)[1:] == pytest.approx(slope, rel=1e-9, abs=1e-12)


def test_elsewhere_it_is_the_loss_of_a_network_that_stands_there(cut: NetworkSlice) -> None:
    training = trained(TRAINED)
    training.network.parameters.value[:] += 0.3 * cut.directions.x - 0.2 * cut.directions.y
    training.propose()
    assert cut.value(0.3, -0.2) == pytest.approx(training.loss, rel=1e-9)
    assert cut.value(np.array([0.3, 0.0]), np.array([-0.2, 0.0]))[0] == pytest.approx(training.loss, rel=1e-9)


def test_slope_and_hessian_are_those_of_central_differences(cut: NetworkSlice) -> None:
    x, y, h = 0.11, -0.07, 1e-5
    value, gx, gy = cut.slope(x, y)
    assert value == cut.value(x, y)
    assert gx == pytest.approx((cut.value(x + h, y) - cut.value(x - h, y)) / (2 * h), rel=1e-4, abs=1e-6)
    assert gy == pytest.approx((cut.value(x, y + h) - cut.value(x, y - h)) / (2 * h), rel=1e-4, abs=1e-6)
    along = (np.array(cut.slope(x + h, y)) - np.array(cut.slope(x - h, y)))[1:] / (2 * h)
    across = (np.array(cut.slope(x, y + h)) - np.array(cut.slope(x, y - h)))[1:] / (2 * h)
    assert cut.hessian(x, y) == pytest.approx((along[0], along[1], across[1]), rel=1e-3, abs=1e-5)


def test_the_runs_path_ends_at_the_origin_and_lies_where_the_run_was(cut: NetworkSlice) -> None:
    assert cut.trail.steps[0] == 0
    assert cut.trail.steps[-1] == TRAINED
    np.testing.assert_allclose(cut.trail.places[-1], 0, atol=1e-12)
    here = cut.trail.steps.index(10)
    away = trained(10).network.parameters.value - trained(TRAINED).network.parameters.value
    x, y = cut.trail.places[here]
    rest = away - x * cut.directions.x - y * cut.directions.y
    # What is left out is at right angles to the plane.
    assert abs(rest @ cut.directions.x) + abs(rest @ cut.directions.y) < 1e-9
    (x0, x1), (y0, y1) = cut.window
    assert all(x0 <= a <= x1 and y0 <= b <= y1 for a, b in cut.trail.places)


def test_a_random_direction_gives_each_unit_the_length_of_its_own_weights() -> None:
    network = trained(3).network
    directions = random_directions(network, seed=4)
    for block in kernels(network):
        start, stop = network.parameters.range_of(block)
        inputs = block.weights // block.shape[-1]
        own, drawn = (vector[start:stop].reshape(block.shape) for vector in (network.parameters.value, directions.x))
        np.testing.assert_allclose(np.linalg.norm(drawn[:inputs], axis=0), np.linalg.norm(own[:inputs], axis=0))
        assert not drawn[inputs:].any()
    assert not np.array_equal(directions.x, directions.y)
    np.testing.assert_array_equal(random_directions(network, seed=4).x, directions.x)


def test_the_two_directions_of_the_path_are_of_length_1_at_right_angles_and_hold_the_most() -> None:
    directions = Slice(experiment=TINY, trained=TRAINED, directions="path").objective().directions
    both = np.stack([directions.x, directions.y])
    np.testing.assert_allclose(both @ both.T, np.eye(2), atol=1e-9)
    training, path = trained(0), []
    for _ in range(TRAINED + 1):
        path.append(training.network.parameters.value.copy())
        training.propose()
        training.apply()
    away = np.array(path) - path[-1]
    leading = np.linalg.svd(away, full_matrices=False)[2][:2]
    np.testing.assert_allclose(np.abs((both * leading).sum(axis=1)), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"directions": "path", "trained": 0}, "train it"),
        ({"directions": "weights", "first": [9, 1, 1]}, "kernels 1 to 3"),
        ({"directions": "weights", "first": [1, 7, 1]}, "inputs 1 to 2"),
        ({"directions": "weights", "second": [1, 1, 1]}, "two different weights"),
    ],
)
def test_what_cannot_be_cut_is_told(fields: dict[str, Any], told: str) -> None:
    plain = {"function": "slice", "set": {"experiment": TINY, "trained": 5, **fields}, "steps": 1}
    with pytest.raises(ValueError, match=told):
        race(plain)


@pytest.mark.parametrize("experiment", ["no-such-preset", {"layers": []}, 5])
def test_a_network_that_is_none_is_refused(experiment: object) -> None:
    with pytest.raises(ExperimentError):
        Landscape.from_builtins({"function": "slice", "set": {"experiment": experiment}})


def test_fields_that_have_no_say_change_nothing() -> None:
    others: dict[str, Any] = {"seed": 7, "first": (1, 2, 2), "second": (2, 1, 1), "reach": 3.0}
    for directions in ("random", "path", "weights"):
        cut = Slice(experiment=TINY, trained=2, directions=directions)
        for name in cut.unused:
            objective, other = cut.objective(), replace(cut, **{name: others[name]}).objective()
            place = np.float64(0.1), np.float64(0.2)
            assert (objective.window, objective.value(*place)) == (other.window, other.value(*place))


def test_the_command_cuts_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"
    file.write_bytes(Experiment.from_builtins(TINY).to_json())
    out = tmp_path / "out"
    settings = [f"--set=experiment={file}", "--set=trained=5", "--set=directions=path"]
    assert main(["landscape", "slice", *settings, "--steps", "3", "--out", str(out), "--no-plots"]) == 0
    rows = (out / "paths.csv").read_text(encoding="utf-8").splitlines()
    training = trained(5)
    training.propose()
    assert float(rows[1].split(",")[4]) == pytest.approx(training.loss)


class Requests:
    """An inbox that holds what it was given; then the order to stop."""

    def __init__(self, *commands: AskSlice) -> None:
        self.commands = list(commands)

    def get(self, timeout: float | None) -> AskSlice | Stop | None:
        if timeout == 0:
            return None
        return self.commands.pop(0) if self.commands else Stop()


def test_the_worker_answers_with_plane_paths_curvatures_and_finer_and_finer_contours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slicing, "STAGES", (4, 8, 16))
    landscape = Landscape.from_builtins({"function": "slice", "set": {"directions": "path"}, "steps": 4})
    replay = CutRun(1, Replay(Experiment.from_builtins(TINY), threads=1), TRAINED)
    replies: list[Any] = []
    SlicingWorker(Requests(*(AskSlice(i, landscape, replay, None, 2) for i in (1, 2))), replies.append).loop()
    first, second = ([reply for reply in replies if reply.id == i] for i in (1, 2))
    assert [type(reply) for reply in first] == [Sliced, Raced, Curvatures, *[Contoured] * 3]
    assert [len(reply.values) for reply in first[3:]] == [4, 8, 16]
    assert [type(reply) for reply in second] == [Sliced, Raced, Curvatures]
    objective = Slice(experiment=TINY, trained=TRAINED, directions="path").objective()
    np.testing.assert_array_equal(first[1].paths[0].places, run(landscape, objective)[0].places)
    np.testing.assert_allclose(first[0].places, objective.trail.places)
