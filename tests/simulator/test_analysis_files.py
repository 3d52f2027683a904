"""What a run writes beside its measures: bounds, theory and the analyses, against numbers worked out here."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.commands.command_line import carry_out, parsed
from simulator.measures import RECORDED_NAMES
from simulator.observations.input_gradient import InputGradientObservation
from simulator.observations.registry import analyses, files
from simulator.training.training import Training

COLUMNS = {
    "prediction.csv": "step,layer,preactivation_variance,activation_mean,activation_std,delta_rms,weight_gradient_norm,"
    "chi,activation_std_low,activation_std_high,delta_rms_low,delta_rms_high,weight_gradient_norm_low,"
    "weight_gradient_norm_high",
    "order_chaos.csv": "step,layer,activation,weight_variance,bias_variance,settled_q,chi,unreliable_because",
    "edge_of_chaos.csv": "step,weight_variance,bias_variance",
    "bounds.csv": "step,sample,layer,bias_gradient_norm,input_norm,weight_gradient_norm,bound,log10_slack,"
    "spectral_norm",
    "graph.csv": "step,layer,box,title,norm,rows,columns",
    "jacobian.csv": "step,sample,index,singular_value",
    "weight_singular_values.csv": "step,layer,index,singular_value",
    "sharpness.csv": "step,lambda_max,residual,products,learning_rate,eta_lambda_max,limit,no_limit_because",
    "noise.csv": "step,gradient_norm,noise,signal_to_noise,cosine",
    "sample_gradients.csv": "step,sample,gradient_norm",
    "effective_rank.csv": "step,layer,effective_rank,largest_possible",
    "preactivations.csv": "step,layer,activation,z_from,z_to,count",
    "correlation.csv": "step,sample,other_sample,layer,q,q_other,q_both,correlation,predicted_q_both,"
    "predicted_correlation",
    "output_errors.csv": "step,output,half_squared_error,validation_half_squared_error,rms_error,validation_rms_error",
    "input_gradients.csv": "step,sample,input,gradient",
    "input_gradient_norms.csv": "step,sample,gradient_norm",
    "correlation_depth.csv": "step,settled_correlation,chi_c,depth_scale,measured_depth_scale,unreliable_because",
}


def experiment(*changes: tuple[str, Any]) -> Experiment:
    layer = {"kind": "dense", "units": 20, "repeat": 3, "activation": {"kind": "tanh"}}
    plain = {
        "data": {"kind": "gaussian", "samples": 60, "features": 8, "classes": 3},
        "layers": [layer],
        "optimizer": {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.5},
        "batch_size": 12,
        "precision": "float64",
    }
    return Experiment.from_builtins(plain).with_values(changes)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(rows: list[dict[str, str]], column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(row[column]) for row in rows])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("run")
    run(experiment(), steps=5, every=2, out=found, analyses=tuple(analyses()))
    return found


@pytest.fixture(scope="module")
def start() -> Training:
    training = Training(experiment())
    training.look()
    return training


def test_every_file_has_the_columns_that_the_readme_names(folder: Path) -> None:
    assert set(files()) == set(COLUMNS)
    for file, columns in COLUMNS.items():
        assert (folder / file).read_text(encoding="utf-8").splitlines()[0] == columns


def test_theory_is_about_step_0_and_the_rest_about_every_measured_step(folder: Path) -> None:
    told = json.loads((folder / "analyses.json").read_text(encoding="utf-8"))
    assert set(told) == set(analyses())
    for name, each in told.items():
        assert each["refusals"] == []
        assert each["steps"] == ([0] if name in ("prediction", "order-chaos") else [0, 2, 4, 5])
        for file in each["files"]:
            assert sorted({int(row["step"]) for row in table(folder / file)}) == each["steps"]


def test_bounds_hold_and_their_slack_is_in_decades(folder: Path, start: Training) -> None:
    rows = table(folder / "bounds.csv")
    b, w, a = (numbers(rows, name) for name in ("bias_gradient_norm", "weight_gradient_norm", "input_norm"))
    np.testing.assert_allclose(w, b * a, rtol=1e-12)
    slack, bound = numbers(rows, "log10_slack"), numbers(rows, "bound")
    assert (slack > -1e-12).all()
    np.testing.assert_allclose(10**slack, bound / b, rtol=1e-12)
    for row, tap in zip(rows, start.network.taps, strict=False):
        assert tap.weights is not None
        assert float(row["spectral_norm"]) == pytest.approx(np.linalg.norm(tap.weights, 2), rel=1e-12)


def test_the_edge_breaks_at_a_row_with_empty_cells_and_a_place_that_theory_misses_says_so(tmp_path: Path) -> None:
    layer = {"kind": "dense", "repeat": 3, "activation": {"kind": "gelu"}, "initializer": {"kind": "he_normal"}}
    run(experiment(("layers", [layer])), steps=0, out=tmp_path, analyses=["order-chaos", "prediction"])
    edge = table(tmp_path / "edge_of_chaos.csv")
    assert ("", "") in {(row["weight_variance"], row["bias_variance"]) for row in edge}
    (place,) = table(tmp_path / "order_chaos.csv")
    told = json.loads((tmp_path / "analyses.json").read_text(encoding="utf-8"))
    assert place["unreliable_because"] == "with GELU and σ_w² = 2 in layer 2 the theory is unreliable"
    assert "the theory is unreliable" in told["prediction"]["refusals"][0]["reason"]


def test_chi_is_the_growth_of_the_predicted_error_and_the_band_lies_around_it(folder: Path) -> None:
    rows = table(folder / "prediction.csv")
    rms = numbers(rows, "delta_rms")
    units = np.array([20, 20, 20, 3])
    expected = (units[:-1] * rms[:-1] ** 2) / (units[1:] * rms[1:] ** 2)
    np.testing.assert_allclose(numbers(rows[:-1], "chi"), expected, rtol=1e-12)
    assert rows[-1]["chi"] == ""
    # One draw of the weights scatters by exp(±½·2√(5L/n)): three layers of 20 before the last hidden one's spread.
    last = rows[2]
    assert float(last["activation_std_high"]) / float(last["activation_std"]) == pytest.approx(
        math.exp(math.sqrt(15 / 20))
    )
    assert float(last["activation_std_low"]) * float(last["activation_std_high"]) == pytest.approx(
        float(last["activation_std"]) ** 2
    )


def test_singular_values_and_ranks_are_those_of_numpy(folder: Path, start: Training) -> None:
    rows = [row for row in table(folder / "weight_singular_values.csv") if row["step"] == "0"]
    ranks = table(folder / "effective_rank.csv")
    for layer, tap in enumerate(start.network.taps):
        assert tap.weights is not None
        mine = numbers([row for row in rows if row["layer"] == str(layer + 1)], "singular_value")
        np.testing.assert_allclose(mine, np.linalg.svd(tap.weights, compute_uv=False), rtol=1e-10)
        share = np.linalg.svd(tap.a, compute_uv=False)
        share /= share.sum()
        entropy = -(share * np.log(share)).sum()
        assert float(ranks[layer]["effective_rank"]) == pytest.approx(math.exp(entropy), rel=1e-9)
        assert float(ranks[layer]["largest_possible"]) == min(tap.a.shape)


def test_the_jacobian_is_the_product_of_weights_and_slopes(folder: Path, start: Training) -> None:
    rows = [row for row in table(folder / "jacobian.csv") if row["step"] == "0"]
    assert [int(row["sample"]) for row in rows[::3]] == start.batch[:4].tolist()
    for place in range(4):
        product = np.eye(8)
        for tap in start.network.taps:
            assert tap.weights is not None
            slope = 1.0 if tap.slope is None else tap.slope[:, place, np.newaxis]
            product = slope * (tap.weights.T @ product)
        mine = numbers(rows[3 * place : 3 * place + 3], "singular_value")
        np.testing.assert_allclose(mine, np.linalg.svd(product, compute_uv=False), rtol=1e-9)


def test_sharpness_stands_beside_its_limit_and_its_reason_where_there_is_none(folder: Path, tmp_path: Path) -> None:
    for row in table(folder / "sharpness.csv"):
        assert float(row["eta_lambda_max"]) == pytest.approx(0.1 * float(row["lambda_max"]), rel=1e-12)
        assert (float(row["limit"]), row["no_limit_because"]) == (3.0, "")
    run(experiment(("optimizer", {"kind": "adam"})), steps=0, out=tmp_path, analyses=["sharpness"])
    (row,) = table(tmp_path / "sharpness.csv")
    assert row["limit"] == ""
    assert "Adam" in row["no_limit_because"]


def test_noise_is_that_of_the_samples_gradients(folder: Path, start: Training) -> None:
    first = table(folder / "noise.csv")[0]
    sizes = numbers([row for row in table(folder / "sample_gradients.csv") if row["step"] == "0"], "gradient_norm")
    assert len(sizes) == 12
    size = float(first["gradient_norm"])
    assert size == pytest.approx(float(np.linalg.norm(start.network.parameters.gradient)), rel=1e-9)
    # Σ‖g_i − ḡ‖² = Σ‖g_i‖² − N‖ḡ‖²
    trace = (np.square(sizes).sum() - 12 * size**2) / 11
    assert float(first["noise"]) == pytest.approx(math.sqrt(trace / 12), rel=1e-6)
    assert float(first["signal_to_noise"]) == pytest.approx(size / math.sqrt(trace / 12), rel=1e-6)


def test_boxes_hold_the_measured_norms(folder: Path) -> None:
    boxes = [row for row in table(folder / "graph.csv") if row["box"] == "weight_gradient"]
    layers = table(folder / "layers.csv")
    np.testing.assert_allclose(numbers(boxes, "norm"), numbers(layers, "weight_gradient_norm"), rtol=1e-9)
    assert [row["layer"] for row in boxes] == [row["layer"] for row in layers]


def test_every_pre_activation_is_counted_where_it_lies(folder: Path, start: Training) -> None:
    rows = [row for row in table(folder / "preactivations.csv") if row["step"] == "0"]
    assert {row["layer"] for row in rows} == {"1", "2", "3"}
    for layer in range(3):
        mine = [row for row in rows if row["layer"] == str(layer + 1)]
        z = start.network.taps[layer].z
        assert z is not None
        assert {row["activation"] for row in mine} == {"tanh"}
        assert sum(int(row["count"]) for row in mine) == z.size
        middle = len(mine) // 2
        below = sum(int(row["count"]) for row in mine[:middle])
        # To the 1/256 of a bin that bins are resolved to.
        limit, slack = float(mine[middle]["z_from"]), float(mine[0]["z_to"]) - float(mine[0]["z_from"])
        assert (z < limit - slack / 128).sum() <= below <= (z < limit + slack / 128).sum()


def test_flow_is_written_at_every_measured_step(folder: Path, start: Training) -> None:
    rows = table(folder / "flow.csv")
    assert [int(row["step"]) for row in rows[::4]] == [0, 2, 4, 5]
    for layer, row in enumerate(rows[:4]):
        for name in ("unit_spread", "activation_rate", "mean_weight_rate", "variance_rate"):
            index = RECORDED_NAMES.index(name)
            if start.defined[index, layer]:
                assert float(row[name]) == start.values[index, layer]
            else:
                assert row[name] == ""


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_analyses_change_no_number_of_the_run(tmp_path: Path, kind: str) -> None:
    described = experiment(
        ("optimizer", {"kind": kind}),
        ("layers.0.dropout", {"kind": "inverted"}),
        ("layers.0.normalization", {"kind": "batch"}),
    )
    run(described, steps=6, out=tmp_path / "with", analyses=tuple(analyses()))
    run(described, steps=6, out=tmp_path / "without", analyses=())
    for file in ("steps.csv", "layers.csv", "factors.csv", "flow.csv", "histograms.npz", "findings.json"):
        assert (tmp_path / "with" / file).read_bytes() == (tmp_path / "without" / file).read_bytes()


def test_the_same_seed_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    run(experiment(), steps=5, every=2, out=tmp_path, analyses=tuple(analyses()))
    for file in files():
        assert (tmp_path / file).read_bytes() == (folder / file).read_bytes()


def test_where_there_is_nothing_to_tell_it_says_why_and_an_older_runs_files_go(tmp_path: Path) -> None:
    run(experiment(), steps=0, out=tmp_path, analyses=tuple(analyses()))
    narrow = experiment(("layers.0.units", 5), ("layers.0.normalization", {"kind": "batch"}), ("batch_size", 1))
    with np.errstate(all="ignore"):
        run(narrow, steps=2, out=tmp_path, analyses=["bounds", "prediction", "order-chaos", "noise"])
    told = json.loads((tmp_path / "analyses.json").read_text(encoding="utf-8"))
    for name, word in [("bounds", "normalisation"), ("prediction", "5 units"), ("order-chaos", "out of play")]:
        (refusal,) = told[name]["refusals"]
        assert word in refusal["reason"]
        assert told[name]["steps"] == []
    assert "batch size" in told["noise"]["refusals"][0]["reason"]
    assert not {path.name for path in tmp_path.iterdir()} & set(files())
    run(narrow, steps=0, out=tmp_path, analyses=())
    assert not (tmp_path / "analyses.json").exists()


def test_the_command_line_chooses_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["run", "spiral", "--steps", "1", "--no-plots", "--out", str(tmp_path)]

    def written(*more: str) -> set[str]:
        assert carry_out([*given, *more]) == 0
        return {path.name for path in tmp_path.iterdir()} & set(files())

    theory = {"prediction.csv", "order_chaos.csv", "edge_of_chaos.csv"}
    assert written() == theory
    assert written("--analyses", "none") == set()
    assert written("--analyses", "bounds,rank") == {"bounds.csv", "effective_rank.csv"}
    assert written("--analyses", "all") == set(files())
    with pytest.raises(SystemExit):
        parsed([*given, "--analyses", "nonsense"])
    assert "nonsense" in capsys.readouterr().err


def test_the_last_frame_brings_what_plots_show_of_the_analyses(tmp_path: Path) -> None:
    last = run(experiment(), steps=2, out=tmp_path, analyses=tuple(analyses())).last
    picture = InputGradientObservation(picture=True)
    drawn = {each for analysis in analyses().values() for each in analysis.drawn()}
    assert picture in drawn
    assert drawn <= set(last.observations)
    for observation in drawn:
        observed = last.observed(observation)
        assert observed is not None
        assert observed.step == 2
        assert bool(observed.refusal) is (observation == picture), "a table has no picture"
    none = run(experiment(), steps=2, out=tmp_path, analyses=()).last
    assert not {each for each in drawn if not each.standard} & set(none.observations)


def test_an_unknown_analysis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        run(experiment(), steps=0, out=tmp_path / "x", analyses=["nonsense"])
    assert not (tmp_path / "x").exists()
