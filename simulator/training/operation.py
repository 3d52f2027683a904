"""Operations on a network in the midst of a run: what they are not about keeps its weights and its state, bit for bit.

Weights that are drawn anew are those of the seed, the step and the layer's place: the same operation gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Stream, stream
from simulator.experiment.differences import aligned_layers
from simulator.experiment.experiment import Experiment
from simulator.experiment.labels import labels_of
from simulator.experiment.shapes import inner_layers, shapes
from simulator.layers.base import Block, Layer, Module, Shape
from simulator.layers.output import OutputModule
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import builtins_of, title_of
from simulator.training.checkpoint import misfit
from simulator.training.revival import with_children
from simulator.training.surgery import FIXED, Reinitialise, ScaleWeights, Surgery, Transplant
from simulator.training.training import Training

AnyModule = Module | OutputModule
ModulePair = tuple[AnyModule, AnyModule]
"""A layer before and after."""


def operated(training: Training, surgery: Surgery, experiment: Experiment) -> tuple[Training, str]:
    """The training after the operation, and in a sentence what could not be handed on.

    Only a transplant makes another training, of ``experiment``; ValueError where it cannot be.
    """
    with np.errstate(all="ignore"):
        match surgery:
            case Transplant(partners):
                return _transplanted(training, experiment, partners)
            case Reinitialise(labels):
                for module in [module_of(training, label) for label in labels]:
                    _draw(training, module)
            case ScaleWeights(labels, factor):
                for module in [module_of(training, label) for label in labels]:
                    module.scale_weights(factor)
        training.check_parameters()
    return training, ""


def module_of(training: Training, label: str) -> AnyModule:
    """The layer with this label; ValueError where there is none."""
    everything = {module.info.label: module for module in _everything(training)}
    if label not in everything:
        raise ValueError(f"there is no layer {label}")
    return everything[label]


def check_transplant(before: Experiment, after: Experiment, surgery: Transplant, input_shape: Shape) -> None:
    """ValueError where a network cannot be handed on to another one."""
    ours, theirs = labels_of(before), labels_of(after)
    for new, old in surgery.partners or ():
        for label, known in ((new, theirs), (old, ours)):
            if label not in known:
                raise ValueError(f"there is no layer {label}")
    shapes(after.layers, input_shape)


def _everything(training: Training) -> list[AnyModule]:
    return [*with_children(training.network.modules), training.network.output]


def _draw(training: Training, module: AnyModule) -> None:
    """As at first, from the streams of this step; what the optimiser keeps of it becomes 0."""
    _draw_weights(training, module)
    for block in module.blocks():
        for slot in training.updater.slots:
            training.network.parameters.part(slot, block).fill(0)


def _draw_weights(training: Training, module: AnyModule) -> None:
    if not (blocks := module.blocks()):
        return
    seed = int(stream(training.experiment.seed, Stream.SURGERY, training.step).integers(2**63))
    modules = training.network.modules
    memory = [each.state() for each in modules]
    training.network.forward(training=True)
    for block in (*blocks, *module.states()):
        block.value.fill(block.start)
    module.initialise(seed, module.x)
    # To look at the signal, masks were drawn; the step draws the same ones.
    for each, before in zip(modules, memory, strict=True):
        each.load_state(before)


# -- transplants ---------------------------------------------------------------------------------------------------


def _transplanted(
    before: Training, experiment: Experiment, partners: Sequence[tuple[str, str]] | None
) -> tuple[Training, str]:
    other = [name for name in FIXED if getattr(before.experiment, name) != getattr(experiment, name)]
    if other:
        raise ValueError(f"weights are handed on only where nothing of {', '.join(other)} is changed")
    after = Training(experiment, before.info.run, before.meter.measures)
    kept, roles = before.checkpoint(), carried_slots(before.experiment.optimizer, experiment.optimizer)
    updates = kept.updates if roles or not after.updater.slots else 0
    after.restore(replace(after.checkpoint(), step=kept.step, updates=updates, sampler=kept.sampler, known=kept.known))
    pairs = list(_aligned(before, after) if partners is None else _partnered(before, after, partners))
    carried = {id(block) for old, new in pairs for block in _hand_on(before, after, old, new, roles)}
    for module in _everything(after):
        if any(id(block) not in carried for block in _own_blocks(module)):
            _draw_rest(after, module, carried)
    after.check_parameters()
    experiment.optimizer.rescale_state(before.experiment.optimizer, after.updater.slots)
    known = {new.info.label for _, new in pairs}
    lost = [
        f"the {block.name} of {_title(module)}"
        for module in _everything(after)
        for block in _own_blocks(module)
        if module.info.label in known and id(block) not in carried
    ]
    return after, " ".join([*_told_blocks(lost), *_told_state(before.experiment.optimizer, experiment.optimizer)])


def _aligned(before: Training, after: Training) -> Iterator[ModulePair]:
    old, new = before.experiment, after.experiment
    yield from _pairs(old.layers, new.layers, before.network.modules, after.network.modules)
    yield before.network.output, after.network.output


def _pairs(
    old_stack: Sequence[Layer], new_stack: Sequence[Layer], old: Sequence[Module], new: Sequence[Module]
) -> Iterator[ModulePair]:
    plain = [[builtins_of(layer) for layer in stack] for stack in (old_stack, new_stack)]
    for ours, theirs in aligned_layers(*plain):
        if ours is not None and theirs is not None:
            a, b = old[ours], new[theirs]
            yield a, b
            yield from _pairs(inner_layers(a.spec), inner_layers(b.spec), a.children(), b.children())


def _partnered(before: Training, after: Training, partners: Sequence[tuple[str, str]]) -> Iterator[ModulePair]:
    for new, old in partners:
        yield module_of(before, old), module_of(after, new)
    yield before.network.output, after.network.output


def _hand_on(
    before: Training, after: Training, old: AnyModule, new: AnyModule, roles: Sequence[CarriedSlot]
) -> Iterator[Block]:
    """Weights, the optimiser's state of them, running averages and draws; the blocks that could be handed on."""
    if type(old.spec) is not type(new.spec):
        return
    for ours, theirs in _alike(_own_blocks(old), _own_blocks(new)):
        np.copyto(theirs.value, ours.value)
        for role in roles:
            source = before.network.parameters.part(before.updater.slots[role.before], ours)
            target = after.network.parameters.part(after.updater.slots[role.after], theirs)
            np.multiply(source, role.factor, out=target)
        yield theirs
    for ours, theirs in _alike(_own_states(old), _own_states(new)):
        np.copyto(theirs.value, ours.value)
    if not isinstance(old, OutputModule) and not isinstance(new, OutputModule) and not old.children():
        memory = old.state()
        if memory is not None and not misfit(memory, new.state()):
            new.load_state(memory)


def _alike(old: Sequence[Block], new: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    by_form = {(block.name, block.shape): block for block in old}
    for block in new:
        if (block.name, block.shape) in by_form:
            yield by_form[block.name, block.shape], block


def _own_blocks(module: AnyModule) -> list[Block]:
    """Those of no layer inside."""
    inner = {id(block) for child in module.children() for block in child.blocks()}
    return [block for block in module.blocks() if id(block) not in inner]


def _own_states(module: AnyModule) -> list[Block]:
    inner = {id(block) for child in module.children() for block in child.states()}
    return [block for block in module.states() if id(block) not in inner]


def _draw_rest(training: Training, module: AnyModule, carried: set[int]) -> None:
    """Draw what nothing was handed on to, and leave all else in the layer as it is."""
    own = {id(block) for block in _own_blocks(module)} - carried
    states = [block for child in module.children() for block in child.states()]
    left = [*(block for block in module.blocks() if id(block) not in own), *states]
    values = [block.value.copy() for block in left]
    _draw_weights(training, module)
    for block, value in zip(left, values, strict=True):
        np.copyto(block.value, value)


def _title(module: AnyModule) -> str:
    return "the output" if isinstance(module, OutputModule) else f"layer {module.info.label}"


def _told_blocks(lost: Sequence[str]) -> list[str]:
    return [f"Drawn anew, as it has another shape or was not there: {', '.join(lost)}."] if lost else []


# -- the optimiser's state -----------------------------------------------------------------------------------------


class CarriedSlot(Struct, frozen=True):
    """One vector of an optimiser's state that another kind goes on with, times a factor."""

    before: int
    after: int
    factor: float = 1.0


def carried_slots(before: Optimizer, after: Optimizer) -> list[CarriedSlot]:
    """What of an optimiser's state another goes on with: vectors that mean the same.

    A mean of gradients is kept as Σ βᵏ g, so with another β it is another multiple of the mean. Without a mean of
    squares that the new one divides by nothing is handed on: it would divide by next to nothing.
    """
    if type(before) is type(after):
        return [CarriedSlot(place, place) for place in range(after.slots)]
    ours, theirs = before.roles, after.roles
    if "" in theirs or ("square" in theirs and "square" not in ours):
        return []
    return [
        CarriedSlot(ours.index(role), place, _mean_factor(before, after, role))
        for place, role in enumerate(theirs)
        if role in ours
    ]


def _mean_factor(before: Optimizer, after: Optimizer, role: str) -> float:
    if role != "mean":
        return 1.0
    kept, keeps = (float(getattr(each, each.mean_field)) for each in (before, after))
    return (1 - kept) / (1 - keeps)


def _told_state(before: Optimizer, after: Optimizer) -> list[str]:
    if not after.slots or type(before) is type(after):
        return []
    ours, theirs = title_of(type(before)), title_of(type(after))
    carried = {slot.after for slot in carried_slots(before, after)}
    if not carried:
        return [f"{theirs} begins with empty state: {ours} keeps nothing that it could go on with."]
    return [f"{theirs}’s mean of gradients begins at 0."] if len(carried) < after.slots else []
