"""A form from any part's parameters: no part is named here, and a new one needs no change here.

A form shows builtins (what ``builtins_of`` gives). Nested parts appear as a choice of kind with that kind's own
fields below it. A kind that cannot stand without more (a file to choose) is kept as a draft until it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from simulator.schema.parameter import (
    Knob,
    Parameter,
    Part,
    Spec,
    builtins_of,
    concrete,
    kind_of,
    own_first,
    parameters,
)
from simulator.schema.plain import FieldPath, Plain
from simulator.system.text import capitalized
from ui.forms.row import FormRow, RowLabel
from ui.forms.rows import ChoiceRow, kind_row, row_for
from ui.style.boxes import in_column
from ui.style.help import part_page, set_page
from ui.style.text_size import with_text
from ui.style.widgets import NarrowableWidget

Suggestions = Callable[[FieldPath, Plain], tuple[str, ...]]
"""Names worth offering for the field at a path, given the fields beside it; ``ValueError`` says why there are none."""

INDENT = 10
_SILENT = ("parts",)


class Group(NarrowableWidget):
    """A column of rows and nested groups; ``edited`` carries (path, value, final)."""

    edited = Signal(tuple, object, bool)

    def __init__(self) -> None:
        super().__init__()
        self.column = in_column(on=self, spacing=0, margins=(0, 0, 0, 0))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def adopt(self, row: FormRow) -> FormRow:
        """Add a row and pass its edits on."""
        row.changed.connect(lambda value: self.edited.emit(row.path, value, False))
        row.committed.connect(lambda value: self.edited.emit(row.path, value, True))
        self.column.addWidget(row)
        return row

    def rows(self, depth: int = 0) -> Iterator[tuple[FormRow, int]]:
        """Every row below, with how deeply it is indented."""
        raise NotImplementedError

    def set_values(self, values: Sequence[Any]) -> None:
        raise NotImplementedError


class Fields(Group):
    """The fields of one :class:`Spec`."""

    def __init__(
        self,
        spec: type[Spec],
        path: FieldPath = (),
        hidden: frozenset[str] = frozenset(),
        suggestions: Suggestions | None = None,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.path = path
        if issubclass(spec, Part):
            set_page(self, part_page(spec))
        self._suggestions = suggestions
        self._asked: Any = None
        self._entries: dict[str, tuple[Parameter, FormRow | Group]] = {}
        for parameter in sorted(own_first(spec), key=lambda p: not needed(spec, p)):
            if parameter.name not in hidden and parameter.type not in _SILENT and not parameter.knob.hidden:
                self._entries[parameter.name] = (parameter, self._entry(parameter))

    def _entry(self, parameter: Parameter) -> FormRow | Group:
        path = (*self.path, parameter.name)
        if parameter.type not in ("part", "spec"):
            return self.adopt(row_for(parameter, path))
        group: Group
        if parameter.type == "part":
            group = Union(parameter, path, self._suggestions)
        else:
            group = Titled(parameter, path, self._suggestions)
        group.edited.connect(self.edited)
        self.column.addWidget(group)
        return group

    def rows(self, depth: int = 0) -> Iterator[tuple[FormRow, int]]:
        for _, entry in self._entries.values():
            if isinstance(entry, FormRow):
                yield entry, depth
            else:
                yield from entry.rows(depth)

    def set_values(self, values: Sequence[Any]) -> None:
        for name, (parameter, entry) in self._entries.items():
            entry.set_values([value_of(parameter, plain) for plain in values])
            entry.setObjectName(".".join(map(str, (*self.path, name))))
        self._suggest(values[0])

    def _suggest(self, plain: Plain) -> None:
        """Ask for names once, and again when a file beside them has changed."""
        files = tuple(value_of(p, plain) for p, _ in self._entries.values() if p.knob.file)
        if self._suggestions is None or self._asked == ("asked", files):
            return
        self._asked = ("asked", files)
        rows = [(p, e) for p, e in self._entries.values() if isinstance(e, FormRow)]
        for parameter, row in rows:
            if parameter.type in ("text", "texts") and not parameter.knob.file:
                try:
                    row.set_suggestions(self._suggestions(row.path, plain))
                except ValueError as refusal:
                    row.set_suggestions(())
                    next((r for p, r in rows if p.knob.file), row).refuse(str(refusal))


class Nested(Group):
    """A group whose head stands above indented fields."""

    def __init__(self) -> None:
        super().__init__()
        self.inner: Fields | None = None
        self.shelf = in_column(margins=(INDENT, 0, 0, 0))

    def place(self, inner: Fields | None) -> None:
        """Put ``inner`` where the old fields were."""
        if self.inner is not None:
            self.shelf.removeWidget(self.inner)
            self.inner.hide()
            self.inner.deleteLater()
        self.inner = inner
        if inner is not None:
            inner.edited.connect(self.inner_edited)
            self.shelf.addWidget(inner)
            inner.show()

    def inner_edited(self, path: FieldPath, value: Any, final: bool) -> None:
        self.edited.emit(path, value, final)


class Titled(Nested):
    """A struct inside a struct: its name as a heading, its fields below."""

    def __init__(self, parameter: Parameter, path: FieldPath, suggestions: Suggestions | None) -> None:
        super().__init__()
        assert parameter.part is not None
        heading = RowLabel(capitalized(parameter.knob.label))
        heading.setToolTip(parameter.knob.help)
        self.column.addWidget(heading)
        self.column.addLayout(self.shelf)
        self.place(Fields(parameter.part, path, frozenset(), suggestions))

    def rows(self, depth: int = 0) -> Iterator[tuple[FormRow, int]]:
        assert self.inner is not None
        yield from self.inner.rows(depth + 1)

    def set_values(self, values: Sequence[Any]) -> None:
        assert self.inner is not None
        self.inner.set_values(values)


class Union(Nested):
    """One of several kinds of part: a choice, and the chosen kind's own fields indented below it."""

    def __init__(
        self,
        parameter: Parameter,
        path: FieldPath,
        suggestions: Suggestions | None = None,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self.parameter = parameter
        self.path = path
        self._hidden = hidden
        self._suggestions = suggestions
        self._kinds = {kind_of(kind): kind for kind in parameter.kinds}
        self._draft: dict[str, Any] | None = None
        self._values: list[Any] = []
        self.head: ChoiceRow = kind_row(parameter, parameter.kinds, (*path, "kind"))
        self.head.name = parameter.knob.label
        self.head.named(self.head.combo)
        self.head.committed.connect(self._chosen)
        self.column.addWidget(self.head)
        self.column.addLayout(self.shelf)
        if not path:
            self.shelf.setContentsMargins(0, 0, 0, 0)
            self.head.setHidden(len(parameter.kinds) == 1)

    def rows(self, depth: int = 0) -> Iterator[tuple[FormRow, int]]:
        yield self.head, depth
        if self.inner is not None:
            yield from self.inner.rows(depth + bool(self.path))

    def set_values(self, values: Sequence[Any]) -> None:
        if self._draft is not None and list(values) == self._values:
            return  # what is being put together here is not over because something else was refreshed
        self._draft, self._values = None, list(values)
        kinds = [None if plain is None else plain.get("kind") for plain in values]
        self.head.set_values(kinds)
        self._show_kind(kinds[0] if len(set(kinds)) == 1 else None)
        if self.inner is not None:
            self.inner.set_values(values)

    def _show_kind(self, kind: str | None) -> None:
        part = self._kinds.get(kind or "")
        if (self.inner.spec if self.inner is not None else None) is part:
            return
        hidden = self._hidden
        self.place(Fields(part, self.path, hidden, self._suggestions) if part is not None else None)
        if self.inner is not None and not list(self.inner.rows()):
            self.inner.hide()
        self._realign()

    def _realign(self) -> None:
        above: QWidget | None = self
        while above is not None and not isinstance(above, PartForm):
            above = above.parentWidget()
        if above is not None:
            above.align()

    # -- hand ----------------------------------------------------------------------------------------------------

    def _chosen(self, kind: str | None) -> None:
        part = self._kinds.get(kind or "")
        if self._draft is not None and all(plain and plain.get("kind") == kind for plain in self._values):
            self._draft = None
            self.set_values(self._values)
        elif part is None:
            self._draft = None
            self.edited.emit(self.path, None, True)
        elif missing(part, {}):
            self._start_draft(part)
        elif any(plain is None for plain in self._values):
            self.edited.emit(self.path, {"kind": kind}, True)
        else:
            self._draft = None
            self.edited.emit((*self.path, "kind"), kind, True)

    def _start_draft(self, part: type[Part]) -> None:
        self._draft = {"kind": kind_of(part)}
        self._show_kind(kind_of(part))
        assert self.inner is not None
        self.inner.set_values([self._draft])
        self._say_missing(part)

    def _say_missing(self, part: type[Spec]) -> None:
        assert self._draft is not None
        names = " and ".join(p.knob.label for p in missing(part, self._draft))
        self.head.refuse(f"Choose {names} first." if names else "")

    def inner_edited(self, path: FieldPath, value: Any, final: bool) -> None:
        if self._draft is None or self.inner is None:
            self.edited.emit(path, value, final)
            return
        name = str(path[len(self.path)])
        if len(path) > len(self.path) + 1:
            self.edited.emit(path, value, final)
            return
        self._draft = {**self._draft, name: value}
        self.inner.set_values([self._draft])
        self._say_missing(self.inner.spec)
        if final and not missing(self.inner.spec, self._draft):
            self.edited.emit(self.path, dict(self._draft), True)


class PartForm(NarrowableWidget):
    """The form of a struct or of one of several kinds of part.

    ``edited`` carries ``(path, value, final)``, the path relative to the form's root; setting values emits nothing.
    """

    edited = Signal(tuple, object, bool)

    def __init__(
        self,
        spec: type[Spec],
        *,
        only: Sequence[str] | None = None,
        hidden: Sequence[str] = (),
        suggestions: Suggestions | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        names = [p.name for p in parameters(spec)]
        unseen = frozenset(hidden) | (frozenset(names) - frozenset(only) if only is not None else frozenset())
        self.root: Group
        if issubclass(spec, Part):
            self.root = Union(_root_parameter(spec), (), suggestions, unseen)
        else:
            self.root = Fields(spec, (), unseen, suggestions)
        self.root.edited.connect(self.edited)
        in_column((self.root, 0, Qt.AlignmentFlag.AlignTop), on=self, margins=(0, 0, 0, 0))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._peers: list[PartForm] = [self]
        with_text(self, PartForm.align)

    def set_value(self, value: Spec | Plain) -> None:
        """Show one description; emits nothing, keeps the focus where only values changed."""
        self.set_values([value])

    def set_values(self, values: Sequence[Spec | Plain]) -> None:
        """Show several at once: what they share, and "mixed" where they differ."""
        if values:
            self.root.set_values([builtins_of(v) if isinstance(v, Spec) else v for v in values])

    def row(self, path: FieldPath) -> FormRow | None:
        """The row at ``path``, if it is shown."""
        return next((row for row, _ in self.root.rows() if row.path == tuple(path)), None)

    def refuse(self, path: FieldPath, reason: str) -> None:
        """Show ``reason`` in amber beside the field at ``path`` (or the nearest field above it)."""
        path = tuple(path)
        for end in range(len(path), -1, -1):
            row = self.row(path[:end]) or self.row((*path[:end], "kind"))
            if row is not None:
                row.refuse(reason)
                return

    def take_back(self, reason: str) -> None:
        """No longer show ``reason``, where it still stands."""
        for row, _ in self.root.rows():
            if reason and row.warning.text() == reason:
                row.refuse("")

    def share_columns(self, peers: Sequence[PartForm]) -> None:
        """Align labels with other forms in the same panel."""
        self._peers = list(peers)
        self.align()

    def align(self) -> None:
        """Give all rows one label column."""
        rows = [(row, depth * INDENT) for form in self._peers for row, depth in form.root.rows()]
        label = max((row.label_width() + indent for row, indent in rows), default=0)
        for row, indent in rows:
            row.set_label_width(label - indent)


def _root_parameter(part: type[Part]) -> Parameter:
    kinds = concrete(part) or (part,)
    label = part.__name__.lower() if len(kinds) > 1 else "kind"
    return Parameter(
        name="kind",
        type="part",
        default=None,
        required=True,
        optional=False,
        knob=Knob(label, ""),
        part=part,
        kinds=kinds,
    )


def value_of(parameter: Parameter, plain: Plain) -> Any:
    """The field's value in ``plain``, or its default as builtins."""
    if parameter.name in plain:
        return plain[parameter.name]
    default = parameter.default
    return builtins_of(default) if isinstance(default, Spec) else default


def needed(spec: type[Spec], parameter: Parameter) -> bool:
    """Whether a ``spec`` cannot be used before this field is filled: it is required, or a text of a kind is empty."""
    tag = parameter.knob
    empty = parameter.type == "text" and parameter.default == "" and not (parameter.optional or tag.blank or tag.hidden)
    return parameter.required or (empty and issubclass(spec, Part))


def missing(spec: type[Spec], plain: Plain) -> list[Parameter]:
    """Needed fields that ``plain`` leaves open."""
    return [p for p in parameters(spec) if needed(spec, p) and plain.get(p.name) in (None, "")]
