"""What differs between two experiments, as few paths as say it: stacks are aligned as texts are.

Layers are compared after ``repeat`` is expanded, so that one that was put between, or was taken out, is one difference
and those behind it are none. What is only called differently, the name, is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.labels import told_layers
from simulator.schema.numbers import exact

UNTRAINED = ("format", "name", "lanes", "locks")
"""Fields that no number of a run hangs on."""
ALONE = 1_000_000
"""What a layer costs that has no partner; whole numbers, since ways that cost the same must add up to the same."""
OTHER_KIND = 1_500_000
"""What it costs to take two layers of different kinds for one another."""
SAME_KIND = 900_000
"""The most that two layers of one kind cost, whatever differs between them."""


Label = tuple[int, ...]
"""Number of a layer, from 1; of an inner one behind that of its block."""


class Difference(Struct, frozen=True):
    """One field that two experiments have apart; a whole layer where only one of them has it."""

    path: str
    """As ``--set`` takes it, in the base; that of a layer which only the other has, in the other."""
    base: Any
    """What the base has there; None for a layer that it has not."""
    value: Any
    where: str = ""
    """Where in its layer the other kind acts, if it says so: ``before``."""
    layers: tuple[Label, ...] = ()
    """The base's layers that have it apart; none where all do that its entry stands for."""


def differences_between(base: Experiment, other: Experiment) -> tuple[Difference, ...]:
    """Everything that ``other`` trains otherwise than ``base``, in the order of the experiment's fields."""
    ours, theirs = base.to_builtins(), other.to_builtins()
    return tuple(each for name in ours if name not in UNTRAINED for each in _between(name, ours[name], theirs[name]))


def _between(path: str, base: Any, other: Any) -> Iterator[Difference]:
    if base == other and type(base) is type(other):
        return
    if isinstance(base, dict) and isinstance(other, dict):
        yield from _between_fields(path, base, other)
    elif _are_layers(base) and _are_layers(other) and (base or other):
        yield from _between_stacks(path, base, other)
    elif base != other:
        yield Difference(path, base, other)


def _between_fields(path: str, base: dict[str, Any], other: dict[str, Any]) -> Iterator[Difference]:
    """A changed kind is one difference: it brings its own fields with it."""
    if base.get("kind") != other.get("kind"):
        yield Difference(f"{path}.kind", base.get("kind"), other.get("kind"), str(other.get("position", "")))
        return
    for name in dict.fromkeys((*base, *other)):
        ours, theirs = base.get(name), other.get(name)
        yield from _between(f"{path}.{name}", _off_for(ours, theirs), _off_for(theirs, ours))


def _off_for(value: Any, other: Any) -> Any:
    """A flag that is left out on one side is off there."""
    return False if value is None and isinstance(other, bool) else value


def _are_layers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, dict) and "kind" in entry for entry in value)


# -- stacks --------------------------------------------------------------------------------------------------------

Pair = tuple[int | None, int | None]
"""Two layers, one of each stack, by their entries or places; None: the other layer has no partner."""


def _between_stacks(path: str, base: Sequence[Any], other: Sequence[Any]) -> Iterator[Difference]:
    """Entry by entry what differs, each thing once."""
    pairs = _aligned(base, other)
    partners = {theirs: ours for ours, theirs in reversed(pairs) if ours is not None and theirs is not None}
    numbers = _numbers(pairs)
    differences: list[Difference] = []
    for ours, theirs in dict.fromkeys(pairs):
        entry = ours if ours is not None or theirs is None else partners.get(theirs)
        if ours is not None and theirs is not None:
            apart = _between_fields(f"{path}.{ours}", _alone(base[ours]), _alone(other[theirs]))
            _merge(differences, apart, numbers[ours, theirs], base[ours].get("repeat", 1))
        elif entry is None:
            assert theirs is not None
            differences.append(Difference(f"{path}.{theirs}", None, other[theirs]))
        elif entry not in partners.values():
            differences.append(Difference(f"{path}.{entry}", base[entry], None))
        else:
            differences.append(
                Difference(f"{path}.{entry}.repeat", base[entry].get("repeat", 1), _left(entry, pairs, partners))
            )
    kinds = {each.path for each in differences if each.path.endswith(".kind")}
    for place, each in enumerate(differences):
        if each not in differences[:place] and each.path.removesuffix("repeat") + "kind" not in kinds:
            yield each


def _numbers(pairs: Sequence[Pair]) -> dict[Pair, tuple[int, ...]]:
    """The layers of the base that each pair of entries is about."""
    numbers: dict[Pair, tuple[int, ...]] = {}
    number = 0
    for pair in pairs:
        number += pair[0] is not None
        numbers[pair] = (*numbers.get(pair, ()), number)
    return numbers


def _merge(
    differences: list[Difference], more: Iterable[Difference], numbers: Sequence[int], repeat: int
) -> None:  # fmt: skip
    """Add what some layers of an entry of so many have apart; what is apart in the same way is one difference."""
    for each in more:
        alike = next((known for known in differences if replace(known, layers=()) == replace(each, layers=())), None)
        known = () if alike is None else alike.layers
        layers = sorted({*known, *((number, *inner) for number in numbers for inner in each.layers or ((),))})
        merged = replace(each, layers=() if not each.layers and len(layers) == repeat else tuple(layers))
        if alike is None:
            differences.append(merged)
        else:
            differences[differences.index(alike)] = merged


def aligned_layers(base: Sequence[Any], other: Sequence[Any]) -> Iterator[Pair]:
    """Which layers of two stacks of builtins are the same one, by their numbers from 0 with ``repeat`` expanded."""
    ours = theirs = 0
    for entry, partner in _aligned(base, other):
        yield None if entry is None else ours, None if partner is None else theirs
        ours, theirs = ours + (entry is not None), theirs + (partner is not None)


def _left(entry: int, pairs: Sequence[Pair], partners: dict[int, int]) -> int:
    """Layers that stand in the other stack for an entry of the base."""
    return sum(theirs is not None and partners.get(theirs) == entry for _, theirs in pairs)


def _expanded(stack: Sequence[Any]) -> list[int]:
    """The entry of each layer."""
    return [entry for entry, layer in enumerate(stack) for _ in range(layer.get("repeat", 1))]


def _alone(entry: dict[str, Any]) -> dict[str, Any]:
    """One of the layers that an entry stands for."""
    return {name: value for name, value in entry.items() if name != "repeat"}


def _aligned(base: Sequence[Any], other: Sequence[Any]) -> list[Pair]:
    """How two stacks are paired layer by layer, as the entries of the layers."""
    ours, theirs = _expanded(base), _expanded(other)
    return [(None if a is None else ours[a], None if b is None else theirs[b]) for a, b in _paired(base, other)]


def common_layers(base: Experiment, other: Experiment) -> list[tuple[int, int]]:
    """The layers that are each other's partners, in their order, by their places in the stacks, ``repeat`` expanded."""
    stacks = base.to_builtins()["layers"], other.to_builtins()["layers"]
    return [(ours, theirs) for ours, theirs in _paired(*stacks) if ours is not None and theirs is not None]


def _paired(base: Sequence[Any], other: Sequence[Any]) -> list[Pair]:
    """The cheapest way to pair two stacks layer by layer in their order, as places of the layers."""
    ours, theirs = _expanded(base), _expanded(other)
    costs = [[_cost(_alone(a), _alone(b)) for b in other] for a in base]
    total = [[ALONE * j for j in range(len(theirs) + 1)]]
    for i, a in enumerate(ours):
        before, row = total[-1], [ALONE * (i + 1)]
        for j, b in enumerate(theirs):
            row.append(min(before[j] + costs[a][b], before[j + 1] + ALONE, row[j] + ALONE))
        total.append(row)
    return _way_back(total, ours, theirs, costs)


def _way_back(
    total: Sequence[Sequence[int]], ours: Sequence[int], theirs: Sequence[int], costs: Sequence[Sequence[int]]
) -> list[Pair]:
    """The pairs that the least cost is made of; where ways cost the same, what lies further back is new or gone."""
    pairs: list[Pair] = []
    i, j = len(ours), len(theirs)
    while i or j:
        if j and total[i][j] == total[i][j - 1] + ALONE:
            j -= 1
            pairs.append((None, j))
        elif i and total[i][j] == total[i - 1][j] + ALONE:
            i -= 1
            pairs.append((i, None))
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _cost(base: dict[str, Any], other: dict[str, Any]) -> int:
    if base["kind"] != other["kind"]:
        return OTHER_KIND
    apart = sum(1 for _ in _between_fields("", base, other))
    return SAME_KIND * apart // (apart + 1)


# -- in words ------------------------------------------------------------------------------------------------------

IDENTICAL = "identical"


def in_words(base: Experiment, other: Experiment) -> str:
    """``normalization: none → batch before (layers 1–10); learning rate: 0.1 → 1``, or that they are identical."""
    sentences = [_words(each, base, other) for each in differences_between(base, other)]
    return "; ".join(sentences) or IDENTICAL


def _words(difference: Difference, base: Experiment, other: Experiment) -> str:
    path, last = difference.path, difference.path.rpartition(".")[2]
    if difference.base is None and last.isdigit():
        return f"{_layer(difference.value)} put in as {other.place(path)}"
    if difference.value is None and last.isdigit():
        return f"{_layer(difference.base)} taken out ({base.place(path)})"
    place = base.place(path).split(", ")
    layers = [part for part in place if part.startswith("layer")]
    name = ", ".join(part for part in place if part not in layers) or "kind"
    ours, theirs = _shown(difference.base), f"{_shown(difference.value)} {difference.where}".rstrip()
    labels = [".".join(map(str, label)) for label in difference.layers]
    where = told_layers(labels) if labels else ", ".join(layers)
    return f"{name}: {ours} → {theirs}" + (f" ({where})" if where else "")


def _layer(entry: dict[str, Any]) -> str:
    """``10 × dense 64``"""
    repeat, units = entry.get("repeat", 1), entry.get("units")
    kind = str(entry["kind"]).replace("_", " ")
    return (f"{repeat} × " if repeat > 1 else "") + kind + (f" {units}" if units is not None else "")


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "none" if value is None else "on" if value else "off"
    if isinstance(value, int | float):
        return exact(value)
    if isinstance(value, dict) and "kind" in value:
        return str(value["kind"]).replace("_", " ")
    return str(value).replace("_", " ")
