"""Reading a file that a person names: whatever is wrong with it is one sentence that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.experiment.experiment import ExperimentError
from simulator.system.regular_file import UnfitFileError, reason_of


@contextmanager
def naming_file(path: Path, what: str) -> Iterator[None]:
    """ExperimentError names the file, and ``what`` (``experiment``) it does not hold."""
    try:
        yield
    except UnfitFileError as error:
        raise ExperimentError(f"{path.name or path}: {error.strerror}, so no {what}") from None
    except OSError as error:
        raise ExperimentError(f"{path}: {reason_of(error)}") from None
    except ExperimentError as error:
        words = f"{path.name}: {error.in_words}"
        raise ExperimentError(f"{path.name}: {error.message}", error.path, words=words) from None
