"""Data sets: drawn on the spot, bundled with the program, or a table of the person's own."""

from typing import TYPE_CHECKING

from simulator.data.base import Data, DataError, Dataset, Raw, Task, prepare, split_sizes
from simulator.data.bundled import BreastCancer, Diabetes, Digits, Wine
from simulator.data.images import Images
from simulator.data.sequence import Adding, Copying, DigitRows, Sine, TemporalOrder
from simulator.data.table import Csv
from simulator.data.toy import Circles, Clusters, Gaussian, Moons, Plane, Spirals, Xor
from simulator.schema.parameter import any_of

if TYPE_CHECKING:
    AnyData = Data
else:
    AnyData = any_of(Data)

__all__ = [
    "Adding",
    "AnyData",
    "BreastCancer",
    "Circles",
    "Clusters",
    "Copying",
    "Csv",
    "Data",
    "DataError",
    "Dataset",
    "Diabetes",
    "DigitRows",
    "Digits",
    "Gaussian",
    "Images",
    "Moons",
    "Plane",
    "Raw",
    "Sine",
    "Spirals",
    "Task",
    "TemporalOrder",
    "Wine",
    "Xor",
    "prepare",
    "split_sizes",
]
