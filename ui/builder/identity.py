"""Which layer is which: what a layer is known by while it is moved, changed and undone.

A layer of an experiment is its description, and two may be alike. The builder therefore keeps a tag in the builtins of
each, which changes of the stack carry along and nobody else sees.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from msgspec import Struct

from simulator.experiment.experiment import Experiment
from simulator.schema.plain import PlainDict
from ui.builder.edits import TAG, inner_name, placed, untagged

MOST_KNOWN = 512
"""So many experiments can be come back to with every layer known again."""


class Tree(Struct, frozen=True):
    """The tags of a stack: one of each layer, with those of the layers inside it."""

    tag: int
    inner: tuple[Tree, ...] = ()


@dataclass
class ShownExperiment:
    """An experiment as it was shown."""

    experiment: Experiment
    stack: tuple[Tree, ...]
    chosen: Sequence[Any] = ()


class Identities:
    """Gives the layers of an experiment the tags that they had in the one before, or when it was shown before."""

    def __init__(self) -> None:
        self._tags = itertools.count(1)
        self._known: dict[int, ShownExperiment] = {}

    def completed(self, plain: PlainDict) -> PlainDict:
        """``plain`` with a tag of its own for every layer: of two that share one, the first has it."""
        return {**plain, "layers": self._completed(plain["layers"], set())}

    def _completed(self, layers: Sequence[PlainDict], taken: set[int]) -> list[PlainDict]:
        tagged = []
        for layer in layers:
            tag = layer.get(TAG)
            tag = next(self._tags) if tag is None or tag in taken else tag
            taken.add(tag)
            name = inner_name(layer)
            inner = {} if name is None or name not in layer else {name: self._completed(layer[name], taken)}
            tagged.append({**layer, TAG: tag, **inner})
        return tagged

    def tagged(self, experiment: Experiment, candidates: Sequence[PlainDict]) -> PlainDict:
        """The builtins of ``experiment`` with tags: as known, else as the first candidate of the same form has them,
        else as those layers of the last candidate have them that are the same or stand in the place of one."""
        plain = experiment.to_builtins()
        known = self._known.get(id(experiment))
        forms = [known.stack] if known is not None else [trees(candidate["layers"]) for candidate in candidates]
        stack = next((form for form in forms if fits(form, plain["layers"])), None)
        if stack is not None:
            layers = [with_tree(layer, tree) for layer, tree in zip(plain["layers"], stack, strict=True)]
        else:
            layers = aligned(candidates[-1]["layers"], plain["layers"]) if candidates else plain["layers"]
        completed = self.completed({**plain, "layers": layers})
        self.remember(experiment, completed)
        return completed

    def remember(self, experiment: Experiment, plain: PlainDict) -> None:
        """Know the layers again when the experiment is shown again."""
        before = self._known.pop(id(experiment), None)
        chosen = () if before is None else before.chosen
        self._known[id(experiment)] = ShownExperiment(experiment, trees(plain["layers"]), chosen)
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def choose(self, experiment: Experiment, chosen: Sequence[Any]) -> None:
        """Remember what is chosen in an experiment that is shown no longer."""
        if id(experiment) in self._known:
            self._known[id(experiment)].chosen = chosen

    def chosen(self, experiment: Experiment) -> Sequence[Any]:
        """What was chosen when the experiment was shown last."""
        known = self._known.get(id(experiment))
        return () if known is None else known.chosen


def tags(plain: PlainDict) -> set[int]:
    """Those of all layers."""
    return {layer[TAG] for _, layer in placed(plain) if TAG in layer}


def trees(layers: Sequence[PlainDict]) -> tuple[Tree, ...]:
    """The tags of tagged layers."""
    return tuple(Tree(layer[TAG], trees(layer.get(inner_name(layer) or "", []))) for layer in layers)


def fits(stack: Sequence[Tree], layers: Sequence[PlainDict]) -> bool:
    """Whether there is one tag for every layer."""
    if len(stack) != len(layers):
        return False
    return all(
        fits(tree.inner, layer.get(inner_name(layer) or "", [])) for tree, layer in zip(stack, layers, strict=True)
    )


def with_tree(layer: PlainDict, tree: Tree) -> PlainDict:
    """The layer with its tags."""
    name = inner_name(layer)
    tagged = {**layer, TAG: tree.tag}
    if name is not None:
        tagged[name] = [with_tree(inner, its) for inner, its in zip(layer[name], tree.inner, strict=True)]
    return tagged


def aligned(old: Sequence[PlainDict], new: Sequence[PlainDict]) -> list[PlainDict]:
    """``new`` layers with the tags of those ``old`` ones that they are: the same, moved, or changed in their place."""
    layers = list(new)
    before, after = [repr(untagged(layer)) for layer in old], [repr(layer) for layer in new]
    left = set(range(len(old)))
    for kind, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and i_end - i == j_end - j):
            for offset in range(i_end - i):
                layers[j + offset] = _taken_over(old[i + offset], new[j + offset])
                left.discard(i + offset)
    for j, layer in enumerate(layers):
        moved = next((i for i in sorted(left) if TAG not in layer and before[i] == after[j]), None)
        if moved is not None:
            layers[j] = _taken_over(old[moved], layer)
            left.discard(moved)
    return layers


def _taken_over(old: PlainDict, new: PlainDict) -> PlainDict:
    name, its = inner_name(new), inner_name(old)
    inner = {} if name is None or its is None else {name: aligned(old.get(its, []), new[name])}
    return {**new, TAG: old[TAG], **inner} if TAG in old else new
