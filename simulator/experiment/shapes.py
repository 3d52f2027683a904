"""What every layer of a stack gives, without training it; or which layer does not fit, and why."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.layers.base import Layer, Module, Shape, ShapeError
from simulator.schema.numbers import integer
from simulator.schema.parameter import Part, parameters, title_of
from simulator.schema.plain import FieldPath

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment


class Outline(Struct, frozen=True):
    """A layer's output shape and those of the layers inside it, in depth order, ``repeat`` expanded."""

    shape: Shape
    inner: tuple[Outline, ...] = ()


def inner_field(kind: type[Part]) -> str | None:
    """The field in which a composite layer keeps its inner stack; None for any other kind."""
    return next((p.name for p in parameters(kind) if p.type == "parts"), None)


def inner_layers(layer: Layer) -> tuple[Layer, ...]:
    """The inner stack of a composite layer, empty for any other."""
    name = inner_field(type(layer))
    inner: tuple[Layer, ...] = () if name is None else getattr(layer, name)
    return inner


def frozen_rows(experiment: Experiment) -> list[bool]:
    """Whether what is trained in each layer is left as it is: inner layers before the one they are in, output last."""
    rows = [frozen for _, layer in experiment.expanded() for frozen in _frozen(layer, around=False)]
    return [*rows, bool(experiment.output.frozen)]


def _frozen(layer: Layer, around: bool) -> Iterator[bool]:
    frozen = around or bool(layer.frozen)
    for inner in inner_layers(layer):
        for _ in range(inner.repeat):
            yield from _frozen(inner, frozen)
    yield frozen


def shapes(layers: Sequence[Layer], input_shape: Shape) -> dict[FieldPath, Shape]:
    """Output shape of every entry by its path, ``("layers", 2, "layers", 0)``; of a repeated one that of the last.

    ShapeError names the layer by its number, and leads with ``path`` to the entry: ``layers[2].layers[0]``.
    """
    outlines: dict[FieldPath, Shape] = {}
    shape, number = input_shape, 0
    for entry, layer in enumerate(layers):
        outline = Outline(shape)
        for turn in range(layer.repeat):
            try:
                outline = _outline(layer, shape)
            except ShapeError as error:
                raise error.within(number + turn + 1, title_of(type(layer)), f"layers[{entry}]") from None
            if outline.shape == shape:
                break  # and so it goes on
            shape = outline.shape
        outlines.update(_entries(layer, outline, ("layers", entry)))
        number += layer.repeat
    return outlines


def text_of(shape: Shape) -> str:
    """``64``, ``16×8×8``, ``50 steps × 32``"""
    return f"{integer(shape[0])} steps × {integer(shape[1])}" if len(shape) == 2 else "×".join(map(integer, shape))


@functools.lru_cache(maxsize=1024)
def _outline(layer: Layer, shape: Shape) -> Outline:
    return _outline_of(layer.build((0,), shape))


def _outline_of(module: Module) -> Outline:
    return Outline(module.output_shape, tuple(_outline_of(child) for child in module.children()))


def _entries(layer: Layer, outline: Outline, path: FieldPath) -> Iterator[tuple[FieldPath, Shape]]:
    yield path, outline.shape
    name, at = inner_field(type(layer)), 0
    for entry, inner in enumerate(inner_layers(layer)):
        at += inner.repeat
        yield from _entries(inner, outline.inner[at - 1], (*path, str(name), entry))


def shape_before(layers: Sequence[Layer], input_shape: Shape, path: FieldPath) -> Shape:
    """What comes into the entry at ``path``, for its first repetition; ShapeError if a layer before it does not fit."""
    _, index, *rest = path
    before = layers[: int(index)]
    before_it: Mapping[FieldPath, Shape] = shapes(before, input_shape)
    shape = before_it["layers", len(before) - 1] if before else input_shape
    return shape_before(inner_layers(layers[int(index)]), shape, ("layers", *rest[1:])) if rest else shape
