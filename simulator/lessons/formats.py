"""Formats of the files of lessons and courses, which begin with their kind and its number: ``nablascope-lesson/1``."""

from __future__ import annotations

import re
from typing import Any

from simulator.experiment.experiment import ExperimentError, check_plain
from simulator.system.file_format import FileFormat, FormatError


def brought_up(plain: Any, form: FileFormat, present: str, what: str, fields: str) -> dict[str, Any]:
    """The content of a ``what`` in its ``present`` format; one that is to come names the version that it needs."""
    if not isinstance(plain, dict):
        raise ExperimentError(f"expected an object with {fields}")
    check_plain(plain)
    kind, stated = present.partition("/")[0], plain.get("format")
    number = re.fullmatch(rf"{kind}/(\d{{1,9}})", stated) if isinstance(stated, str) else None
    if number is None:
        raise ExperimentError(f'a {what}\'s file begins with "format": "{present}"', "format")
    try:
        return {**form.brought_up(plain, int(number[1]), f"the form {kind}/"), "format": present}
    except FormatError as error:
        raise ExperimentError(f"{error}, which reads {present}", "format") from None
