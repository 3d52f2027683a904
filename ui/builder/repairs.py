"""What is wrong with the shapes of a stack, and the changes that would make it fit."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from simulator.layers import AnyLayer, Layer
from simulator.layers.base import Shape, ShapeError
from simulator.parameter import kinds, parameters
from simulator.shapes import shape_before, shapes
from ui.builder.edits import TOP, Place, Plain, at, inner_name, inner_of, moved

MOST_OFFERS = 2
ROUNDS = 100
"""A repair may have to be made at this many layers before the stack fits."""


@dataclass(frozen=True)
class Offer:
    """A repair that makes the whole stack fit: words for its button, and the experiment with it."""

    title: str
    plain: Plain


@dataclass(frozen=True)
class Misfit:
    """Why a stack cannot fit together, where, and what would help."""

    reason: str
    place: Place
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class Case:
    """A layer that does not fit: what it gets, and what the layer that gives it is."""

    plain: Plain
    place: Place
    shape: Shape
    error: ShapeError

    @property
    def layer(self) -> Plain:
        found: Plain = at(self.plain, self.place)
        return found

    @property
    def above(self) -> tuple[Place, Plain] | None:
        """The layer before it, or where it is the first inside another the one before that."""
        place = self.place
        while len(place) > 1 and place[-1] == 0:
            place = place[:-2]
        if len(place) < 2:
            return None
        before = (*place[:-1], int(place[-1]) - 1)
        return before, at(self.plain, before)

    def with_layer(self, place: Place, layer: Plain) -> Plain:
        changed: Plain = _spliced(self.plain, place, 1, [layer])
        return changed


def has_field(layer: Mapping[str, Any], name: str) -> bool:
    """Whether layers of this kind have the field."""
    part = kinds(Layer)[str(layer["kind"])]  # type: ignore[type-abstract]
    return any(p.name == name for p in parameters(part))


Fix = Callable[[Case], tuple[str, Plain] | None]
"""What to say on the button and the changed experiment; None where it is of no use."""


def misfit(plain: Plain, input_shape: Shape) -> Misfit | None:
    """None where the layers fit together for samples of ``input_shape``."""
    case = _case(plain, input_shape)
    if case is None:
        return None
    reason = str(case.error)
    return Misfit(reason[:1].upper() + reason[1:] + ".", case.place, tuple(_offers(case, input_shape)))


def fitted(plain: Plain, input_shape: Shape, place: Place) -> Plain:
    """``plain`` with the layer at ``place`` as wide as what comes in, where it fits only so."""
    case = _case(plain, input_shape)
    if case is None or case.place != place:
        return plain
    offer = _settled(case, input_shape, (same_width,))
    return plain if offer is None else offer.plain


def place_of(path: str) -> Place | None:
    """``layers[2].layers[0].units`` → ``("layers", 2, "layers", 0)``; None where no layer is meant."""
    found: Place = ()
    for name, index in re.findall(r"(?:^|\.)(\w+)\[(\d+)\]", path):
        found = (*found, name, int(index))
    return found or None


def layers_of(plain: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The stack as descriptions; msgspec.ValidationError where one is no layer."""
    found: tuple[Layer, ...] = msgspec.convert(plain["layers"], tuple[AnyLayer, ...])
    return found


def _case(plain: Plain, input_shape: Shape) -> Case | None:
    layers = layers_of(plain)
    try:
        shapes(layers, input_shape)
    except ShapeError as error:
        place = place_of(error.path)
        assert place is not None
        return Case(plain, place, shape_before(layers, input_shape, place), error)
    return None


def _offers(case: Case, input_shape: Shape) -> Iterator[Offer]:
    """At most two ways out, those first that change least."""
    said: list[Plain] = []
    for fixes in _ways(case):
        offer = _settled(case, input_shape, fixes)
        if offer is not None and offer.plain not in said:
            said.append(offer.plain)
            yield offer
        if len(said) == MOST_OFFERS:
            return


def _ways(case: Case) -> Iterator[tuple[Fix, ...]]:
    yield from (
        (own,),
        (every_step,),
        (flat,),
        (unflattened,),
        (projected,),
        (same_width,),
        (flat, projected),
        (flat, same_width),
    )
    for index in range(int(case.place[-1]) - 1, -1, -1):
        yield (functools.partial(earlier, index=index),)


def _settled(case: Case, input_shape: Shape, fixes: Sequence[Fix]) -> Offer | None:
    """The fixes applied wherever something does not fit, until all does; None if they do not bring that about."""
    titles: list[str] = []
    found: Case | None = case
    for _ in range(ROUNDS):
        if found is None:
            return Offer(" and ".join(titles), case.plain)
        step = next((made for fix in fixes if (made := fix(found)) is not None), None)
        if step is None:
            return None
        if step[0] not in titles:
            titles.append(step[0] if not titles else step[0][:1].lower() + step[0][1:])
        case = found
        try:
            found = _case(step[1], input_shape)
        except (msgspec.ValidationError, KeyError):
            return None
        case = found or Case(step[1], case.place, case.shape, case.error)
    return None


# -- the fixes -----------------------------------------------------------------------------------------------------


def own(case: Case) -> tuple[str, Plain] | None:
    """What the layer itself knows to help."""
    repair = case.error.repair
    if repair is None:
        return None
    title = repair.title[:1].upper() + repair.title[1:]
    made = [{**case.layer, **repair.settings}]
    if repair.insert is not None:
        made.insert(0, dict(repair.insert))
    changed = _spliced(case.plain, case.place, 1, made)
    return None if changed == case.plain else (title, changed)


def every_step(case: Case) -> tuple[str, Plain] | None:
    """Have the recurrent layer before give its state at every step."""
    above = case.above
    if above is None or len(case.shape) != 1 or above[1].get("output") != "last":
        return None
    return "Use every step of the layer before", case.with_layer(above[0], {**above[1], "output": "all"})


def flat(case: Case) -> tuple[str, Plain] | None:
    """Put a flatten before the layer."""
    if len(case.shape) == 1 or "flatten" not in kinds(Layer):  # type: ignore[type-abstract]
        return None
    return "Insert flatten", _spliced(case.plain, case.place, 0, [{"kind": "flatten"}])


def unflattened(case: Case) -> tuple[str, Plain] | None:
    """Take out the flatten before the layer."""
    above = case.above
    if above is None or above[1]["kind"] != "flatten" or above[0][:-1] != case.place[:-1]:
        return None
    return "Remove flatten", _spliced(case.plain, above[0], 1, [])


def projected(case: Case) -> tuple[str, Plain] | None:
    """Let a residual layer's input be mapped to the width of its branch."""
    if not has_field(case.layer, "projection") or case.layer.get("projection", {}).get("kind") == "linear":
        return None
    return "Add projection", case.with_layer(case.place, {**case.layer, "projection": {"kind": "linear"}})


def same_width(case: Case) -> tuple[str, Plain] | None:
    """Make the layer, or the last one inside it, as wide as what comes in."""
    place, name = case.place, inner_name(case.layer)
    while name is not None:
        place = (*place, name, len(inner_of(at(case.plain, place))) - 1)
        try:
            name = inner_name(at(case.plain, place))
        except KeyError:
            return None
    layer, field = at(case.plain, place), "channels" if len(case.shape) == 3 else "units"
    width = case.shape[-1] if len(case.shape) == 2 else case.shape[0]
    if not has_field(layer, field) or layer.get(field) == width:
        return None
    return f"Give it {width} {field}", case.with_layer(place, {**layer, field: width})


def earlier(case: Case, index: int) -> tuple[str, Plain] | None:
    """Put the layer before the one at ``index`` of its stack."""
    if index >= int(case.place[-1]):
        return None
    stack = case.place[:-1]
    plain, _ = moved(case.plain, [case.place], (*stack, index))
    number = sum(int(layer.get("repeat", 1)) for layer in at(plain, stack)[:index]) + 1
    return f"Put it before layer {number}", plain


def _spliced(plain: Any, place: Place, out: int, layers: Sequence[Plain]) -> Any:
    """A copy in which ``layers`` stand at ``place`` instead of the ``out`` layers from there on."""
    head, *rest = place
    if not rest:
        index = int(head)
        return [*plain[:index], *layers, *plain[index + out :]]
    changed = _spliced(plain[head], tuple(rest), out, layers)
    return (
        {**plain, head: changed} if isinstance(plain, dict) else [*plain[: int(head)], changed, *plain[int(head) + 1 :]]
    )


__all__ = ["TOP", "Misfit", "Offer", "fitted", "layers_of", "misfit", "place_of"]
