"""Parts as builtins, which is what their JSON form is read to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Plain = Mapping[str, Any]
"""A part, or a whole experiment, by the names of its fields; nobody changes it."""
PlainDict = dict[str, Any]
"""The same, while it is made or changed."""
FieldPath = tuple[str | int, ...]
"""Names of fields and places in lists that lead from a part to something in it."""
