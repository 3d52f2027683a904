"""Real data sets that come with the program, as compressed tables in ``resources/data``."""

import functools
import gzip
from typing import ClassVar

import numpy as np

import resources
from simulator.arrays.numeric import Floats, RandomGenerator, frozen
from simulator.data.base import Data, DataError, Raw
from simulator.schema.parameter import kind_of

FOLDER = resources.FOLDER / "data"


@functools.cache
def _columns(kind: str) -> int | None:
    """How many columns the table has by its first line; None where it cannot be read."""
    try:
        with gzip.open(FOLDER / f"{kind}.csv.gz", "rt", encoding="utf-8") as file:
            return file.readline().count(",") + 1
    except (OSError, EOFError, ValueError):
        return None


@functools.cache
def _table(kind: str) -> tuple[tuple[str, ...], Floats]:
    """Column names and values (samples, columns), the target being the last column."""
    path = FOLDER / f"{kind}.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            names = tuple(file.readline().rstrip("\n").split(","))
            return names, frozen(np.loadtxt(file, delimiter=",", ndmin=2))
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{kind}: the bundled file {path} cannot be read ({error})") from error


class Bundled(Data, frozen=True, kw_only=True):
    """A table that comes with the program."""

    group: ClassVar[str] = "Bundled"

    class_names: ClassVar[tuple[str, ...]] = ()
    image_shape: ClassVar[tuple[int, ...]] = ()
    """(channels, height, width) where a row of the table is an image."""

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        columns = _columns(kind_of(type(self)))
        return self.image_shape or (None if columns is None else (columns - 1,))

    def load(self, rng: RandomGenerator) -> Raw:
        names, table = _table(kind_of(type(self)))
        y = table[:, -1].astype(np.int64 if self.task == "classification" else np.float64)
        return Raw(table[:, :-1], y, self.class_names, names[:-1], self.image_shape)


class Digits(Bundled, frozen=True, kw_only=True, tag="digits"):
    """Handwritten digits of 8 × 8 pixels: 1797 samples, 64 inputs, 10 classes."""

    class_names: ClassVar[tuple[str, ...]] = tuple("0123456789")
    image_shape: ClassVar[tuple[int, ...]] = (1, 8, 8)


class BreastCancer(Bundled, frozen=True, kw_only=True, tag="breast_cancer"):
    """Cell nuclei of breast tumours, malignant or benign: 569 samples, 30 inputs, 2 classes."""

    class_names: ClassVar[tuple[str, ...]] = ("malignant", "benign")


class Wine(Bundled, frozen=True, kw_only=True, tag="wine"):
    """Chemical analysis of wines from three growers: 178 samples, 13 inputs, 3 classes."""

    class_names: ClassVar[tuple[str, ...]] = ("grower 1", "grower 2", "grower 3")


class Diabetes(Bundled, frozen=True, kw_only=True, tag="diabetes"):
    """Progress of diabetes after one year, 25 to 346, from 10 measurements of 442 patients: regression."""

    regression: ClassVar[bool] = True
