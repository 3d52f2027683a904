"""How a field says what it is: the one source of sliders, checks, paths and the reference table.

Every part of an experiment is a frozen :class:`Spec`. A field is annotated with :func:`knob`, which carries its
label, one-sentence help, slider range, scale, unit, valid range and whether it acts *live* (on the next step,
without rebuilding the network). :func:`parameters` reads all that back.
"""

import builtins
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar, Union

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from simulator.schema.numbers import exact
from simulator.schema.plain import FieldPath


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen description with typed, annotated fields."""


class Part(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A :class:`Spec` that is one of several kinds; its tag is the JSON field ``kind``."""

    label: ClassVar[str] = ""
    """What the interface calls this kind; the tag with spaces where it is empty."""
    group: ClassVar[str] = ""
    """The heading under which lists of kinds have it; empty where one list is short enough."""
    formula: ClassVar[str] = ""
    """What it computes, as Markdown with TeX between dollars."""

    @property
    def kind(self) -> str:
        return kind_of(type(self))

    @property
    def title(self) -> str:
        return title_of(type(self))


PartType = TypeVar("PartType", bound=Part)


def kind_of(part: type[Part]) -> str:
    return str(part.__struct_config__.tag)


def title_of(part: type[Part]) -> str:
    return part.label or kind_of(part).replace("_", " ")


def summary_of(part: type[Spec]) -> str:
    """The first sentence of the part's docstring: its tooltip and its line in the reference."""
    return " ".join((part.__doc__ or "").strip().split("\n\n")[0].split())


def details_of(part: type[Spec]) -> list[str]:
    """The further paragraphs of the part's docstring: order, formulas, shapes, sources."""
    return [" ".join(paragraph.split()) for paragraph in (part.__doc__ or "").strip().split("\n\n")[1:]]


def concrete(base: Callable[..., PartType]) -> tuple[type[PartType], ...]:
    """All registered kinds below the class ``base``, in the order they were defined."""
    # As a callable it may be abstract: mypy takes ``type[…]`` for a class that can be instantiated.
    assert isinstance(base, type)
    children: Sequence[type[PartType]] = base.__subclasses__()
    classes: list[type[PartType]] = []
    for child in children:
        classes.extend(concrete(child) or (child,))
    return tuple(classes)


def kinds(base: Callable[..., PartType]) -> dict[str, type[PartType]]:
    return {kind_of(part): part for part in concrete(base)}


def grouped(parts: Sequence[type[PartType]]) -> dict[str, list[type[PartType]]]:
    """Kinds under the headings of their groups, both in the order in which they come."""
    groups: dict[str, list[type[PartType]]] = {}
    for part in parts:
        groups.setdefault(part.group, []).append(part)
    return groups


def any_of(base: Callable[..., PartType]) -> Any:
    """The union of all kinds of ``base`` that are defined so far: what msgspec decodes by ``kind``."""
    return Union[concrete(base)]  # noqa: UP007


class Knob(Struct, frozen=True):
    """What a field tells a person about itself."""

    label: str
    help: str
    slider: tuple[float, float] | None = None
    log: bool = False
    unit: str = ""
    live: bool = False
    file: bool = False
    folder: bool = False
    blank: bool = False
    """Whether an empty text is an answer."""
    hidden: bool = False
    """Whether the program keeps it itself: no form shows it."""
    endings: tuple[str, ...] = ()
    """Of the files that are offered first."""


def knob(
    label: str,
    help: str,
    *,
    slider: tuple[float, float] | None = None,
    log: bool = False,
    unit: str = "",
    live: bool = False,
    file: bool = False,
    folder: bool = False,
    blank: bool = False,
    hidden: bool = False,
    endings: tuple[str, ...] = (),
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    min_length: int | None = None,
) -> msgspec.Meta:
    """Annotate a field: ``slider`` is the range a hand sweeps, ``ge`` … ``lt`` the range that is valid at all."""
    bounds = {"ge": ge, "gt": gt, "le": le, "lt": lt, "min_length": min_length}
    given: dict[str, Any] = {name: value for name, value in bounds.items() if value is not None}
    tag = Knob(label, help, slider, log, unit, live, file, folder, blank, hidden, endings)
    return msgspec.Meta(description=help, extra={"knob": tag}, **given)


FieldType = Literal[
    "number",
    "integer",
    "flag",
    "choice",
    "text",
    "texts",
    "integers",
    "numbers",
    "part",
    "spec",
    "specs",
    "parts",
    "plain",
]


class Parameter(Struct, frozen=True):
    """One field of a :class:`Spec`, as forms, checks and documents see it."""

    name: str
    type: FieldType
    default: Any
    required: bool
    optional: bool
    knob: Knob
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()
    part: builtins.type[Spec] | None = None
    """For ``part``, ``parts``: the common base of the kinds; for ``spec``: the struct itself."""
    kinds: tuple[builtins.type[Part], ...] = ()

    @property
    def live(self) -> bool:
        return self.knob.live

    def of(self, spec: Spec) -> Any:
        """What a description says in this field; a flag that it leaves out is off."""
        value = getattr(spec, self.name)
        return self.default if value is msgspec.UNSET else value

    @property
    def range_text(self) -> str:
        """The valid range in words: ``> 0``, ``0 … 0.95``, ``a | b``."""
        if self.choices:
            return " | ".join(self.choices)
        if self.type not in ("number", "integer"):
            return ""
        low, high = (_bound(value) for value in (self.low, self.high))
        if not low and not high:
            text = "any"
        elif not high:
            text = f"{'>' if self.low_open else '≥'} {low}"
        elif not low:
            text = f"{'<' if self.high_open else '≤'} {high}"
        else:
            text = f"{'above ' if self.low_open else ''}{low} … {'below ' if self.high_open else ''}{high}"
        return text + (" or null" if self.optional else "")


def _bound(value: float | None) -> str:
    if value is None:
        return ""
    return exact(value)


def _members(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _plain(annotation: Any) -> tuple[Any, list[msgspec.Meta]]:
    """Strip ``Annotated`` layers: the bare type and the metadata met on the way."""
    metas: list[msgspec.Meta] = []
    while typing.get_origin(annotation) is typing.Annotated:
        metas.extend(m for m in typing.get_args(annotation)[1:] if isinstance(m, msgspec.Meta))
        annotation = typing.get_args(annotation)[0]
    return annotation, metas


def _common_base(parts: tuple[type[Part], ...]) -> type[Part]:
    for base in parts[0].__mro__:
        if base is not parts[0] or len(parts) == 1:
            if base is Part:
                break
            if issubclass(base, Part) and all(issubclass(p, base) for p in parts):
                return base if len(parts) > 1 else (base.__mro__[1] if base.__mro__[1] is not Part else base)
    return Part


def _scalar_type(bare: Any) -> FieldType:
    if bare is float:
        return "number"
    if bare is int:
        return "integer"
    if bare is bool:
        return "flag"
    if bare is str:
        return "text"
    raise TypeError(f"no form for a field of type {bare!r}")


def _describe(name: str, annotation: Any, default: Any, required: bool) -> Parameter:
    types, metas, optional = _parts(annotation)
    meta = next((m for m in metas if m.extra and "knob" in m.extra), None)
    tag = meta.extra["knob"] if meta is not None and meta.extra else Knob(name.replace("_", " "), "")
    common: dict[str, Any] = {
        "name": name, "default": default, "required": required, "optional": optional, "knob": tag,
    }  # fmt: skip
    return _of_several(types, common) or _of_one(types[0], meta, common)


def _parts(annotation: Any) -> tuple[list[Any], list[msgspec.Meta], bool]:
    """The types that a field may have but None, what is said of them, and whether it may be None."""
    annotation, metas = _plain(annotation)
    members = _members(annotation)
    types: list[Any] = []
    for member in members:
        if member not in (type(None), msgspec.UnsetType):
            inner, more = _plain(member)
            types.append(inner)
            metas.extend(more)
    return types, metas, type(None) in members


def _of_several(types: Sequence[Any], common: dict[str, Any]) -> Parameter | None:
    """A field whose value is a choice, several values or a part; None for any other."""
    first = types[0]
    if typing.get_origin(first) is Literal:
        return Parameter(type="choice", choices=tuple(str(c) for c in typing.get_args(first)), **common)
    if typing.get_origin(first) is tuple:
        inner, _ = _plain(typing.get_args(first)[0])
        options = tuple(_plain(m)[0] for m in _members(inner))
        if isinstance(options[0], type) and issubclass(options[0], Spec) and not issubclass(options[0], Part):
            return Parameter(type="specs", part=options[0], **common)
        if isinstance(options[0], type) and issubclass(options[0], Part):
            return Parameter(type="parts", part=_common_base(options), kinds=options, **common)
        several: dict[Any, FieldType] = {int: "integers", float: "numbers"}
        return Parameter(type=several.get(options[0], "texts"), **common)
    if isinstance(first, type) and issubclass(first, Part):
        options = tuple(types)
        return Parameter(type="part", part=_common_base(options), kinds=options, **common)
    return None


def _of_one(bare: Any, meta: msgspec.Meta | None, common: dict[str, Any]) -> Parameter:
    """A field of fields, or a number, flag or text with its range."""
    if isinstance(bare, type) and issubclass(bare, Spec):
        return Parameter(type="spec", part=bare, **common)
    if typing.get_origin(bare) is dict:
        return Parameter(type="plain", **common)
    low = meta.ge if meta and meta.ge is not None else (meta.gt if meta else None)
    high = meta.le if meta and meta.le is not None else (meta.lt if meta else None)
    return Parameter(
        type=_scalar_type(bare),
        low=low,
        high=high,
        low_open=bool(meta and meta.gt is not None),
        high_open=bool(meta and meta.lt is not None),
        **common,
    )


@functools.cache
def parameters(spec: type[Spec]) -> tuple[Parameter, ...]:
    """All fields of ``spec`` in the order they are declared."""
    hints = typing.get_type_hints(spec, include_extras=True)
    fields = []
    for field in msgspec.structs.fields(spec):
        given, made = field.default is not msgspec.NODEFAULT, field.default_factory is not msgspec.NODEFAULT
        default = field.default if given else field.default_factory() if made else None
        described = _describe(field.name, hints[field.name], default, not given and not made)
        # A flag that a file leaves out is off.
        off = described.type == "flag" and default is msgspec.UNSET
        fields.append(replace(described, default=False) if off else described)
    return tuple(fields)


def own_first(spec: type[Spec]) -> tuple[Parameter, ...]:
    """All fields; where ``spec`` asks for it (``shared_last``) a kind's own stand before those of its bases."""
    if not getattr(spec, "shared_last", False):
        return parameters(spec)
    owners = [owner.__struct_fields__ for owner in spec.__mro__ if issubclass(owner, Spec)]
    return tuple(sorted(parameters(spec), key=lambda p: max(i for i, names in enumerate(owners) if p.name in names)))


def parameter(spec: type[Spec], name: str) -> Parameter:
    for field in parameters(spec):
        if field.name == name:
            return field
    raise KeyError(name)


def differences(old: Any, new: Any, path: FieldPath = (), live: bool = False) -> Iterator[tuple[FieldPath, bool]]:
    """Every path at which two descriptions differ, and whether that change acts live.

    A change of kind, of length or of a field that is not live is structural; all below a live field is live.
    """
    if isinstance(old, Spec) and type(old) is type(new):
        for field in parameters(type(old)):
            a, b = getattr(old, field.name), getattr(new, field.name)
            yield from differences(a, b, (*path, field.name), live or field.live)
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from differences(a, b, (*path, index), live)
    elif old != new or type(old) is not type(new):
        yield path, live


def is_live_change(old: Spec, new: Spec) -> bool:
    """Whether a running network can take over ``new`` without being rebuilt."""
    return all(live for _, live in differences(old, new))


def builtins_of(spec: Spec) -> dict[str, Any]:
    """The description as plain dictionaries, lists and numbers (what JSON holds)."""
    plain: dict[str, Any] = msgspec.to_builtins(spec, builtin_types=())
    return plain


def replaced(plain: Any, path: FieldPath, value: Any) -> Any:
    """A copy of ``plain`` (builtins) with ``value`` at ``path``; a changed ``kind`` drops its old siblings."""
    if not path:
        return value
    head, *rest = path
    if isinstance(plain, Mapping):
        if head == "kind" and not rest:
            return plain if plain.get("kind") == value else {"kind": value}
        return {**plain, head: replaced(plain.get(str(head)), tuple(rest), value)}
    if isinstance(plain, (list, tuple)) and isinstance(head, int) and 0 <= head < len(plain):
        return [*plain[:head], replaced(plain[head], tuple(rest), value), *plain[head + 1 :]]
    raise KeyError(head)
