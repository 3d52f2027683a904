"""Reviving a unit draws its incoming weights anew and touches nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.record.frame import frame_of
from simulator.running.messages import Failed, Started, Update
from simulator.running.session import Session
from simulator.training.revival import revive
from simulator.training.training import Training
from tests.simulator.replies import until

DENSE: dict[str, Any] = {"kind": "dense", "units": 6, "activation": {"kind": "relu"}}
EXPERIMENT = Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [DENSE]})
STACKS: dict[str, list[dict[str, Any]]] = {
    "dense": [DENSE, {**DENSE, "dropout": {"kind": "inverted", "rate": 0.3}}],
    "lsuv": [DENSE, {**DENSE, "initializer": {"kind": "lsuv"}}],
    "batch norm": [DENSE, {**DENSE, "normalization": {"kind": "batch"}}],
    "weight norm": [DENSE, {**DENSE, "normalization": {"kind": "weight"}}],
    "maxout": [DENSE, {"kind": "maxout", "units": 6, "pieces": 3, "normalization": {"kind": "batch"}}],
    "highway": [DENSE, {"kind": "highway", "units": 6}],
}


def trained(layers: list[dict[str, Any]], steps: int = 5, data: str = "wine", **more: Any) -> Training:
    optimizer = {"kind": "adam", "learning_rate": 0.01}
    plain = {"data": {"kind": data}, "layers": layers, "optimizer": optimizer, **more}
    made = Training(Experiment.from_builtins(plain))
    for _ in range(steps):
        made.propose()
        made.apply()
    return made


@pytest.mark.parametrize("kind", STACKS)
def test_only_what_comes_into_the_unit_changes(kind: str) -> None:
    training = trained(STACKS[kind])
    before = training.network.parameters.value.copy()
    states = training.network.states.value.copy()
    slots = [slot.copy() for slot in training.updater.slots]
    module = training.network.modules[1]
    entries = [*module.unit_entries([2]), *module.unit_norms([2])]
    touched = np.zeros(before.size, np.bool_)
    for block, index in entries:
        training.network.parameters.part(touched, block)[index] = True
    training.revive("2", [2])
    changed = training.network.parameters.value != before
    assert changed.any()
    assert not (changed & ~touched).any()
    np.testing.assert_array_equal(training.network.states.value, states)
    for slot, kept in zip(training.updater.slots, slots, strict=True):
        assert not slot[touched].any()
        np.testing.assert_array_equal(slot[~touched], kept[~touched])
    tap = training.network.taps[1]
    assert tap.weights is not None
    columns = tap.weights.shape[1] // 6
    parts = [block.value[index] for block, index in module.unit_entries([2])]
    assert parts[0].shape[1] == columns


def test_training_goes_on_with_the_same_numbers_elsewhere() -> None:
    plain, revived = (trained(STACKS["dense"]) for _ in range(2))
    revived.revive("2", [2])
    for training in (plain, revived):
        training.propose()
    below, same = (training.network.taps[0] for training in (plain, revived))
    np.testing.assert_array_equal(below.a, same.a)
    others = np.arange(6) != 2
    np.testing.assert_array_equal(
        *(t.network.taps[1].z[others] for t in (plain, revived) if t.network.taps[1].z is not None)
    )
    assert (plain.network.taps[1].a[2] != revived.network.taps[1].a[2]).any()
    np.testing.assert_array_equal(plain.batch, revived.batch)


def test_one_seed_and_step_give_one_draw_and_another_step_another() -> None:
    weights = []
    for steps in (5, 5, 6):
        training = trained(STACKS["dense"], steps)
        training.revive("2", [2])
        found = training.network.taps[1].weights
        assert found is not None
        weights.append(found[:, 2].copy())
    np.testing.assert_array_equal(weights[0], weights[1])
    assert (weights[0] != weights[2]).all()


def test_a_unit_redrawn_for_unit_variance_has_it() -> None:
    training = trained(STACKS["lsuv"])
    training.revive("2", [1, 4])
    training.look()
    z = training.network.taps[1].z
    assert z is not None
    assert 0.3 < z[[1, 4]].std() < 3


@pytest.mark.parametrize("kind", ["recurrent", "gru", "lstm"])
def test_a_unit_with_a_state_is_drawn_in_all_its_gates(kind: str) -> None:
    data = {"kind": "adding", "samples": 60, "steps": 8}
    layer = {"kind": kind, "units": 5}
    training = Training(Experiment.from_builtins({"data": data, "layers": [layer]}))
    training.look()
    before = training.network.parameters.value.copy()
    ((block, (_, columns)),) = revive(training.network, "1", [3], 7)
    changed = (training.network.parameters.part(before, block) != block.value).any(axis=0)
    assert np.flatnonzero(changed).tolist() == columns
    assert len(columns) == block.shape[1] // 5


def test_a_layer_inside_a_block_is_found_by_its_label() -> None:
    residual = {"kind": "residual", "layers": [{**DENSE, "units": 13}, {**DENSE, "units": 13}]}
    training = trained([residual])
    before = training.network.parameters.value.copy()
    training.revive("1.2", [0])
    assert (training.network.parameters.value != before).any()


@pytest.mark.parametrize(
    ("label", "unit", "words"), [("9", 0, "no hidden layer 9"), ("3", 0, "no hidden"), ("1", 6, "0 … 5, not 6")]
)
def test_what_cannot_be_revived_is_said(label: str, unit: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        trained(STACKS["dense"]).revive(label, [unit])


def test_the_worker_revives_the_run_it_was_told_to_and_no_other() -> None:
    session = Session("thread")
    session.start()
    try:
        session.change(EXPERIMENT)
        run = until(session, Started).info.run
        norms = []
        for told in (run + 1, run):
            session.revive(told, "1", (0, 1))
            session.look()
            reply = until(session, Update)
            assert reply.frame is not None
            norms.append(reply.frame.measures["weight_norm"][0])
        session.revive(run, "7", (0,))
        assert "no hidden layer 7" in until(session, Failed).message
    finally:
        session.close()
    untouched = Training(EXPERIMENT)
    untouched.look()
    assert norms[0] == frame_of(untouched, {}).measures["weight_norm"][0]
    assert norms[0] != norms[1]
