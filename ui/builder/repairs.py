"""What is wrong with the shapes of a stack, and the changes that would make it fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from simulator.experiment.shapes import shape_before, shapes
from simulator.layers import AnyLayer, Layer
from simulator.layers.base import Shape, ShapeError
from simulator.schema.parameter import kinds, parameters
from simulator.schema.plain import PlainDict
from simulator.system.text import capitalized
from ui.builder.edits import TAG, TOP, LayerPath, at, inner_name, inner_of, moved, untagged

MOST_OFFERS = 2
ROUNDS = 100
"""A repair may have to be made at this many layers before the stack fits."""


class RepairOffer(Struct, frozen=True):
    """A repair that makes the whole stack fit: words for its button, and the experiment with it."""

    title: str
    plain: PlainDict


class Misfit(Struct, frozen=True):
    """Why a stack cannot fit together, where, and what would help."""

    reason: str
    place: LayerPath
    offers: tuple[RepairOffer, ...] = ()


class Case(Struct, frozen=True):
    """A layer that does not fit: what it gets, and what the layer that gives it is."""

    plain: PlainDict
    input_shape: Shape
    place: LayerPath
    shape: Shape
    error: ShapeError

    @property
    def layer(self) -> PlainDict:
        layer: PlainDict = at(self.plain, self.place)
        return layer

    @property
    def above(self) -> tuple[LayerPath, PlainDict] | None:
        """The layer before it, or where it is the first inside another the one before that."""
        place = self.place
        while len(place) > 1 and place[-1] == 0:
            place = place[:-2]
        if len(place) < 2:
            return None
        before = (*place[:-1], int(place[-1]) - 1)
        return before, at(self.plain, before)

    def with_layer(self, place: LayerPath, layer: PlainDict) -> PlainDict:
        changed: PlainDict = _spliced(self.plain, place, 1, [layer])
        return changed


def has_field(layer: Mapping[str, Any], name: str) -> bool:
    """Whether layers of this kind have the field."""
    part = kinds(Layer)[str(layer["kind"])]
    return any(p.name == name for p in parameters(part))


Fix = Callable[[Case], tuple[str, PlainDict] | None]
"""What to say on the button and the changed experiment; None where it is of no use."""


def misfit(
    plain: PlainDict, input_shape: Shape, offers: bool = True, present: Sequence[Layer] | None = None
) -> Misfit | None:
    """None where the layers fit together for samples of ``input_shape``.

    ``offers`` take their time to be found; the ``present`` stack is none.
    """
    case = _case(plain, input_shape)
    if case is None:
        return None
    return Misfit(_said(case), case.place, tuple(_offers(case, present)) if offers else ())


def impossible(plain: PlainDict, input_shape: Shape) -> str:
    """Why no repair lets the first layer that does not fit stay what it is; empty where one does, or all fit."""
    case = _case(plain, input_shape)
    if case is None or any(_settled(case, fixes) is not None for fixes in (*WAYS, *TOGETHER)):
        return ""
    return _said(case)


def _said(case: Case) -> str:
    return f"{capitalized(str(case.error))}."


def fitted(plain: PlainDict, input_shape: Shape, place: LayerPath) -> PlainDict:
    """``plain`` with the layer at ``place`` as wide as what comes in, where it fits only so."""
    case = _case(plain, input_shape)
    if case is None or case.place != place:
        return plain
    offer = _settled(case, (same_width,))
    return plain if offer is None else offer.plain


def place_of(path: str) -> LayerPath | None:
    """``layers[2].layers[0].units`` → ``("layers", 2, "layers", 0)``; None where no layer is meant."""
    place: LayerPath = ()
    for name, index in re.findall(r"(?:^|\.)(\w+)\[(\d+)\]", path):
        place = (*place, name, int(index))
    return place or None


def layers_of(plain: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The stack as descriptions; msgspec.ValidationError where one is no layer."""
    layers: tuple[Layer, ...] = msgspec.convert(untagged(plain["layers"]), tuple[AnyLayer, ...])
    return layers


def _case(plain: PlainDict, input_shape: Shape) -> Case | None:
    layers = layers_of(plain)
    try:
        shapes(layers, input_shape)
    except ShapeError as error:
        place = place_of(error.path)
        assert place is not None
        return Case(plain, input_shape, place, shape_before(layers, input_shape, place), error)
    return None


def _offers(case: Case, present: Sequence[Layer] | None) -> list[RepairOffer]:
    """At most two ways out, those first that change least."""
    tried = (list(_ways_out(case, present, ways)) for ways in (WAYS, TOGETHER, GIVING_UP))
    return next(filter(None, tried), [])


def _ways_out(case: Case, present: Sequence[Layer] | None, ways: Sequence[Sequence[Fix]]) -> Iterator[RepairOffer]:
    said: list[PlainDict] = []
    for fixes in ways:
        offer = _settled(case, fixes)
        if offer is not None and offer.plain not in said and layers_of(offer.plain) != present:
            said.append(offer.plain)
            yield offer
        if len(said) == MOST_OFFERS:
            return


def _settled(case: Case, fixes: Sequence[Fix]) -> RepairOffer | None:
    """The fixes applied wherever something does not fit, until all does; None if they do not bring that about."""
    titles: list[str] = []
    unfit: Case | None = case
    for _ in range(ROUNDS):
        if unfit is None:
            return RepairOffer(" and ".join(titles), case.plain)
        step = next((made for fix in fixes if (made := fix(unfit)) is not None), None)
        if step is None:
            return None
        if step[0] not in titles:
            titles.append(step[0] if not titles else step[0][:1].lower() + step[0][1:])
        case = unfit
        try:
            unfit = _case(step[1], case.input_shape)
        except (msgspec.ValidationError, KeyError):
            return None
        case = unfit or replace(case, plain=step[1])
    return None


# -- the fixes -----------------------------------------------------------------------------------------------------


def own(case: Case) -> tuple[str, PlainDict] | None:
    """What the layer itself knows to help."""
    repair = case.error.repair
    if repair is None:
        return None
    title = capitalized(repair.title)
    made = [{**case.layer, **repair.settings}]
    if repair.insert is not None:
        made.insert(0, dict(repair.insert))
    changed = _spliced(case.plain, case.place, 1, made)
    return None if changed == case.plain else (title, changed)


def every_step(case: Case) -> tuple[str, PlainDict] | None:
    """Have the recurrent layer before give its state at every step."""
    above = case.above
    if above is None or len(case.shape) != 1 or above[1].get("output") != "last":
        return None
    return "Use every step of the layer before", case.with_layer(above[0], {**above[1], "output": "all"})


def flat(case: Case) -> tuple[str, PlainDict] | None:
    """Put a flatten before the layer."""
    if len(case.shape) == 1 or "flatten" not in kinds(Layer):
        return None
    return "Insert flatten", _spliced(case.plain, case.place, 0, [{"kind": "flatten"}])


def unflattened(case: Case) -> tuple[str, PlainDict] | None:
    """Take out the flatten before the layer."""
    above = case.above
    if above is None or above[1]["kind"] != "flatten" or above[0][:-1] != case.place[:-1]:
        return None
    return "Remove flatten", _spliced(case.plain, above[0], 1, [])


def projected(case: Case) -> tuple[str, PlainDict] | None:
    """Let a residual layer's input be mapped to the width of its branch."""
    if not has_field(case.layer, "projection") or case.layer.get("projection", {}).get("kind") == "linear":
        return None
    return "Add projection", case.with_layer(case.place, {**case.layer, "projection": {"kind": "linear"}})


def same_width(case: Case) -> tuple[str, PlainDict] | None:
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
    return f"Give it {width} {field if width != 1 else field[:-1]}", case.with_layer(place, {**layer, field: width})


def earlier(case: Case) -> tuple[str, PlainDict] | None:
    """Put the layer before the nearest one of its stack that gets what it needs."""
    stack, index = case.place[:-1], int(case.place[-1])
    layers = layers_of({"layers": at(case.plain, stack)})
    shape = shape_before(layers_of(case.plain), case.input_shape, (*stack, 0))
    fitting = []
    for place, before in enumerate(layers[:index]):
        if shape != case.shape and _fits(layers[index], shape):
            fitting.append(place)
        shape = shapes([before], shape)["layers", 0]
    if not fitting:
        return None
    plain, _ = moved(case.plain, [case.place], (*stack, fitting[-1]))
    number = sum(layer.repeat for layer in layers[: fitting[-1]]) + 1
    return f"Put it before layer {number}", plain


def dense(case: Case) -> tuple[str, PlainDict] | None:
    """Let a dense layer of as many units do what needs an image or a sequence, of which nothing is left."""
    if len(case.shape) != 1 or not kinds(Layer)[str(case.layer["kind"])].structured:
        return None
    width = _width(case.layer)
    if width is None:
        return None
    kept = {name: case.layer[name] for name in ("repeat", TAG) if name in case.layer}
    title = f"Make it a dense layer of {width} unit{'s' * (width != 1)}"
    return title, case.with_layer(case.place, {**kept, "kind": "dense", "units": width})


def _width(layer: PlainDict) -> int | None:
    """Units or channels of a layer; None where it has none."""
    (described,) = layers_of({"layers": [layer]})
    width = getattr(described, "units", getattr(described, "channels", None))
    return width if isinstance(width, int) else None


def replaced(case: Case) -> tuple[str, PlainDict] | None:
    """Put a dense layer in the place of the only one of its stack."""
    if len(at(case.plain, case.place[:-1])) > 1 or len(case.shape) != 1:
        return None
    kept = {name: case.layer[name] for name in ("repeat", TAG) if name in case.layer}
    return "Put a dense layer in its place", case.with_layer(case.place, {**kept, "kind": "dense"})


def removed(case: Case) -> tuple[str, PlainDict] | None:
    """Take the layer out, unless it is the only one of its stack."""
    if len(at(case.plain, case.place[:-1])) == 1:
        return None
    return "Remove it", _spliced(case.plain, case.place, 1, [])


def _fits(layer: Layer, shape: Shape) -> bool:
    try:
        shapes([layer], shape)
    except ShapeError:
        return False
    return True


def _spliced(plain: Any, place: LayerPath, out: int, layers: Sequence[PlainDict]) -> Any:
    """A copy in which ``layers`` stand at ``place`` instead of the ``out`` layers from there on."""
    head, *rest = place
    if not rest:
        index = int(head)
        return [*plain[:index], *layers, *plain[index + out :]]
    changed = _spliced(plain[head], tuple(rest), out, layers)
    return (
        {**plain, head: changed} if isinstance(plain, dict) else [*plain[: int(head)], changed, *plain[int(head) + 1 :]]
    )


WAYS: tuple[tuple[Fix, ...], ...] = (
    (own,),
    (every_step,),
    (flat,),
    (unflattened,),
    (projected,),
    (same_width,),
    (flat, projected),
    (flat, same_width),
    (earlier,),
)
"""What is tried, those first that change least; of several fixes, at each layer the first of use."""
TOGETHER: tuple[tuple[Fix, ...], ...] = ((own, every_step, flat, projected, same_width),)
"""What is tried where none of these helps alone."""
GIVING_UP: tuple[tuple[Fix, ...], ...] = (
    (dense,),
    (dense, projected),
    (removed,),
    (removed, projected),
    (own, every_step, flat, projected, same_width, dense, removed, replaced),
)
"""What is tried where that does not help either: some layer does not stay what it is."""

__all__ = ["TOP", "Misfit", "RepairOffer", "fitted", "impossible", "layers_of", "misfit", "place_of"]
