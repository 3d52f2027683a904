"""Operations on a running network: what they are not about stays to the bit, and undo brings back what was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.layers.base import Block
from simulator.layers.normalization import Normalization
from simulator.parts.activations import Activation
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import kind_of, kinds, parameters
from simulator.training.checkpoint_files import written
from simulator.training.operation import carried_slots, module_of, operated
from simulator.training.surgery import Reinitialise, ScaleWeights, Transplant
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, Plain, fitting

OPTIMIZERS = tuple(kinds(Optimizer))
NORMS = tuple(kinds(Normalization))
NORMALIZED = [
    (kind, norm)
    for kind, layer in LAYERS.items()
    for norm in next((list(map(kind_of, p.kinds)) for p in parameters(layer) if p.name == "normalization"), [""])
]
"""Every kind of layer with every normalisation that it may have."""
DEEP: Plain = {
    "data": {"kind": "wine"},
    "layers": [
        {"kind": "dense", "units": 6, "dropout": {"kind": "inverted", "rate": 0.3}},
        {"kind": "residual", "layers": [{"kind": "dense", "units": 6, "repeat": 2}]},
        {"kind": "dense", "units": 6, "repeat": 2, "normalization": {"kind": "batch"}},
    ],
    "optimizer": {"kind": "adam", "learning_rate": 0.01},
    "batch_size": 8,
}
MORE = {"kind": "dense", "units": 6}


def steps(training: Training, count: int) -> Training:
    for _ in range(count):
        training.propose()
        training.apply()
    return training


def trained(experiment: Experiment, count: int = 4) -> Training:
    return steps(Training(experiment), count)


def with_layers(experiment: Experiment, layers: Sequence[Any]) -> Experiment:
    return Experiment.from_builtins({**experiment.to_builtins(), "layers": list(layers)})


def state_of(training: Training, label: str) -> list[bytes]:
    """Of one layer: what it has learnt, the optimiser's state of it, running averages and draws."""
    module = module_of(training, label)
    vectors = training.network.parameters
    slots = [vectors.part(slot, block).tobytes() for block in module.blocks() for slot in training.updater.slots]
    memory = repr(getattr(module, "state", lambda: None)()).encode()
    return [*values(module.blocks()), *values(module.states()), *slots, memory]


def values(blocks: Sequence[Block]) -> list[bytes]:
    return [block.value.tobytes() for block in blocks]


def files(training: Training) -> dict[str, bytes]:
    return written(training.checkpoint())


# -- insertion and removal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", LAYERS)
def test_the_others_keep_all_that_is_theirs_when_a_layer_is_put_in_and_taken_out(kind: str, optimizer: str) -> None:
    experiment = fitting({"kind": kind}, optimizer={"kind": optimizer, "learning_rate": 1e-3})
    assert experiment is not None
    before = trained(experiment, 3)
    same = before.experiment.to_builtins()["layers"][0]
    wider = with_layers(before.experiment, [same, {"kind": "dense", "units": 7}])
    after, notice = operated(before, Transplant(), wider)
    assert (after.step, after.updater.updates) == (3, before.updater.updates)
    assert state_of(after, "1") == state_of(before, "1")
    assert after.batch.tobytes() == before.batch.tobytes()
    assert notice == "Drawn anew, as it has another shape or was not there: the kernel of the output."
    again, _ = operated(after, Transplant(), before.experiment)
    assert state_of(again, "1") == state_of(before, "1")
    steps(again, 1)


@pytest.mark.parametrize("norm", NORMS)
def test_running_averages_and_draws_move_with_their_layer(norm: str) -> None:
    layer = {"kind": "dense", "units": 6, "normalization": {"kind": norm}, "dropout": {"kind": "inverted"}}
    experiment = Experiment.from_builtins({**DEEP, "layers": [MORE, layer, layer]})
    before = trained(experiment)
    wider = with_layers(experiment, [MORE, {"kind": "dense", "units": 6, "activation": {"kind": "relu"}}, layer, layer])
    after, notice = operated(before, Transplant(), wider)
    assert not notice
    for new, old in (("1", "1"), ("3", "2"), ("4", "3"), ("5", "4")):
        assert state_of(after, new) == state_of(before, old)
    back, _ = operated(after, Transplant(), experiment)
    assert files(back) == files(before)


def test_a_removed_layer_takes_only_what_is_its_own() -> None:
    before = trained(Experiment.from_builtins(DEEP))
    layers = before.experiment.to_builtins()["layers"]
    after, notice = operated(before, Transplant(), with_layers(before.experiment, [layers[0], layers[2]]))
    assert not notice
    for new, old in (("1", "1"), ("2", "3"), ("3", "4"), ("4", "5")):
        assert state_of(after, new) == state_of(before, old)


def test_layers_that_are_alike_keep_to_their_partners() -> None:
    experiment = Experiment.from_builtins({**DEEP, "layers": [MORE, MORE, MORE]})
    before = trained(experiment)
    wider = with_layers(experiment, [MORE, MORE, MORE, MORE])
    partners = (("1", "1"), ("3", "2"), ("4", "3"))
    after, _ = operated(before, Transplant(partners), wider)
    for new, old in (*partners, ("5", "4")):
        assert state_of(after, new) == state_of(before, old)
    assert state_of(after, "2") not in [state_of(before, label) for label in "123"]
    nested = with_layers(experiment, [MORE, {"kind": "residual", "layers": [MORE]}, MORE])
    inside, _ = operated(before, Transplant((("1", "1"), ("2.1", "2"), ("3", "3"))), nested)
    assert state_of(inside, "2.1") == state_of(before, "2")


def test_other_batches_are_not_taken_for_the_same() -> None:
    before = trained(Experiment.from_builtins(DEEP), 1)
    with pytest.raises(ValueError, match="nothing of batch_size is changed"):
        operated(before, Transplant(), before.experiment.with_values([("batch_size", 4)]))


@pytest.mark.parametrize("activation", kinds(Activation))
def test_another_activation_leaves_the_network_its_weights_and_state(activation: str) -> None:
    before = trained(Experiment.from_builtins(DEEP))
    changed = before.experiment.with_values([(f"layers.{entry}.activation.kind", activation) for entry in (0, 2)])
    after, notice = operated(before, Transplant(), changed)
    assert not notice
    assert files(after) == files(before)
    assert after.network.taps[0].info.activation == activation


# -- weights -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_is_drawn_anew_by_seed_and_step_and_no_other_is(kind: str, optimizer: str) -> None:
    experiment = fitting({"kind": kind}, optimizer={"kind": optimizer, "learning_rate": 1e-3})
    assert experiment is not None
    before, once, again, later = (trained(experiment, count) for count in (3, 3, 3, 4))
    for training in (once, again, later):
        operated(training, Reinitialise(("1",)), experiment)
    assert files(once) == files(again)
    assert values([module_of(once, "2").blocks()[0]]) == values([module_of(before, "2").blocks()[0]])
    blocks = module_of(once, "1").blocks()
    for place, block in enumerate(blocks):
        others = [module_of(each, "1").blocks()[place].value.tobytes() for each in (before, later)]
        assert not block.weights or block.value.tobytes() not in others
    vectors = once.network.parameters
    assert not any(vectors.part(slot, block).any() for slot in once.updater.slots for block in blocks)


@pytest.mark.parametrize(("kind", "norm"), NORMALIZED)
def test_scaled_weights_act_as_scaled(kind: str, norm: str) -> None:
    experiment = fitting({"kind": kind, "normalization": {"kind": norm}} if norm else {"kind": kind})
    assert experiment is not None
    training = trained(experiment, 2)
    rest = state_of(training, "2")
    training.network.forward()
    row = next((tap for tap in training.network.taps[:-1] if tap.weights is not None), None)
    before = None if row is None or row.weights is None else row.weights.copy()
    operated(training, ScaleWeights(("1",), 2.0), experiment)
    training.network.forward()
    assert state_of(training, "2") == rest
    if row is not None and row.weights is not None and before is not None:
        np.testing.assert_allclose(row.weights, 2 * before, rtol=1e-6)


def test_a_layer_that_is_not_there_is_refused() -> None:
    training = trained(Experiment.from_builtins(DEEP), 1)
    with pytest.raises(ValueError, match="no layer 9"):
        operated(training, Reinitialise(("9",)), training.experiment)


# -- the optimiser -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", OPTIMIZERS)
@pytest.mark.parametrize("old", OPTIMIZERS)
def test_another_optimiser_goes_on_with_what_means_the_same(old: str, new: str) -> None:
    experiment = Experiment.from_builtins({**DEEP, "optimizer": {"kind": old}})
    before = trained(experiment)
    changed = Experiment.from_builtins({**DEEP, "optimizer": {"kind": new}})
    after, notice = operated(before, Transplant(), changed)
    carried = {slot.after: slot for slot in carried_slots(experiment.optimizer, changed.optimizer)}
    for place, slot in enumerate(after.updater.slots):
        own = carried.get(place)
        wanted = np.zeros_like(slot) if own is None else before.updater.slots[own.before] * slot.dtype.type(own.factor)
        assert slot.tobytes() == wanted.tobytes()
    assert after.updater.updates == (before.updater.updates if carried or not after.updater.slots else 0)
    assert bool(notice) == (len(carried) < len(after.updater.slots))
    assert after.network.parameters.value.tobytes() == before.network.parameters.value.tobytes()


def test_adam_becomes_adamw_as_if_it_had_always_been() -> None:
    adam, adamw = ({"kind": kind, "learning_rate": 0.01} for kind in ("adam", "adamw"))
    alike = Experiment.from_builtins({**DEEP, "optimizer": {**adamw, "weight_decay": 0.0}})
    before = trained(Experiment.from_builtins({**DEEP, "optimizer": adam}))
    after, _ = operated(before, Transplant(), alike)
    assert files(steps(after, 3)) == files(trained(alike, 7))
