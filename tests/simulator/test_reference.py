"""The reference table in docs/ is what the code says now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.commands.reference import reference
from simulator.data import Data
from simulator.experiment.experiment import Experiment
from simulator.layers import Dropout, Layer, Normalization
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.parts.losses import Loss
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import Part, details_of, kinds, parameters
from simulator.training.training import Training

NOBODYS = {"none", "zeros", "constant", "normal", "uniform", "dense", "flatten"}
"""Kinds that no paper is to be thanked for."""
BASES = (Activation, Data, Dropout, Initializer, Layer, Loss, Normalization, Optimizer, Schedule)


def test_the_committed_reference_is_up_to_date() -> None:
    committed = Path(__file__).parents[2] / "docs" / "REFERENCE.md"
    assert committed.read_text(encoding="utf-8") == reference(), "run: main.py reference > docs/REFERENCE.md"


def test_every_registered_kind_and_field_is_in_the_reference() -> None:
    text = reference()
    for base in BASES:
        for kind, part in kinds(base).items():
            assert f"### `{kind}`" in text
            sections = [rest.split("\n#", 1)[0] for rest in text.split(f"### `{kind}`")[1:]]
            rows = [f"| `{field.name}` |" for field in parameters(part)]
            assert any(all(row in section for row in rows) for section in sections), (base, kind)


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.__name__)
def test_all_that_a_part_says_of_itself_is_in_the_reference(base: type[Part]) -> None:
    text = reference()
    for part in kinds(base).values():
        for paragraph in (part.__doc__ or "").split("\n\n"):
            assert " ".join(paragraph.split()) in text


@pytest.mark.parametrize(
    "base", [Dropout, Initializer, Layer, Normalization, Optimizer], ids=lambda base: base.__name__
)
def test_what_a_paper_proposed_names_it(base: type[Part]) -> None:
    for kind, part in kinds(base).items():
        cited = any(re.search(r"[A-Z]\w+ (et al\. |and [A-Z]\w+ )?(19|20)\d\d", text) for text in details_of(part))
        assert cited is (kind not in NOBODYS), kind


# -- and what is said there is so ----------------------------------------------------------------------------------


def looked(layer: dict[str, Any], **fields: Any) -> Training:
    plain = {"data": {"kind": "digits"}, "layers": [layer], "batch_size": 8, "precision": "float64"} | fields
    training = Training(Experiment.from_builtins(plain))
    training.look()
    return training


@pytest.mark.parametrize("kind", ["dense", "convolution"])
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_the_activation_is_taken_before_a_norm_behind_it_and_before_dropout(kind: str, norm: str) -> None:
    after = {"normalization": {"kind": norm, "position": "after"}, "dropout": {"kind": "inverted"}}
    tap = looked({"kind": kind, "activation": {"kind": "tanh"}, **after}).network.taps[0]
    assert tap.z is not None
    np.testing.assert_array_equal(tap.a, np.tanh(tap.z))


def test_layer_norm_in_a_convolution_is_of_each_pixel_over_its_channels() -> None:
    tap = looked({"kind": "convolution", "channels": 5, "normalization": {"kind": "layer", "epsilon": 0}}).network.taps[
        0
    ]
    assert tap.z is not None
    assert tap.z.mean(axis=0) == pytest.approx(np.zeros(tap.z.shape[1]), abs=1e-12)
    assert tap.z.std(axis=0) == pytest.approx(np.ones(tap.z.shape[1]))


def test_the_running_variance_is_the_unbiased_one() -> None:
    training = looked({"kind": "dense", "units": 3, "normalization": {"kind": "batch", "momentum": 1.0}})
    u = training.network.modules[0].u.copy()  # type: ignore[attr-defined]
    training.propose()
    training.apply()
    running = {block.name: block.value.ravel() for block in training.network.modules[0].states()}
    assert running["running variance"] == pytest.approx(u.var(axis=1, ddof=1))


def test_under_weight_norm_l2_shrinks_v_and_leaves_w_as_it_is() -> None:
    layer = {"kind": "dense", "units": 4, "normalization": {"kind": "weight"}}
    kernels = []
    for l2 in (0.0, 3.0):
        training = looked(layer, regularization={"l2": l2}, optimizer={"kind": "sgd", "learning_rate": 0.01})
        training.network.output.affine.block.value[...] = 0  # No error comes back: the penalty acts alone.
        training.propose()
        training.apply()
        training.network.forward()
        affine = training.network.modules[0].affine  # type: ignore[attr-defined]
        kernels.append((affine.kernel[:-1].copy(), float(np.linalg.norm(affine.block.value[:-1]))))
    assert kernels[1][0] == pytest.approx(kernels[0][0], rel=1e-12)
    assert kernels[1][1] == pytest.approx(0.97 * kernels[0][1])


def test_penalties_come_first_then_the_value_then_the_norm() -> None:
    rules = {"l2": 0.5, "clip_value": 0.01, "clip_norm": 0.02}
    training = looked({"kind": "dense", "units": 4}, regularization=rules)
    parameters = training.network.parameters
    weights = np.zeros(parameters.size)
    for start, stop in parameters.weight_ranges:
        weights[start:stop] = parameters.value[start:stop]
    wanted = np.clip(parameters.gradient + 0.5 * weights, -0.01, 0.01)
    wanted *= min(1.0, 0.02 / float(np.linalg.norm(wanted)))
    training.propose()
    assert parameters.update == pytest.approx(-training.learning_rate * wanted, rel=1e-9)
