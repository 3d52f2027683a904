"""What every data set shares: how it is described, split, scaled and disturbed, and what training receives."""

import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from simulator.arrays.numeric import Array, Floats, RandomGenerator, Stream, frozen, stream
from simulator.arrays.statistics import norm
from simulator.data.own_file import OwnFile
from simulator.data.points import Points
from simulator.data.scaling import Scale, Scaling, mean_in_order
from simulator.schema.numbers import count, decimal
from simulator.schema.parameter import Part, knob
from simulator.system.abreast import abreast
from simulator.system.machine import GIB, shortage

Task = Literal["classification", "regression"]
Labels = NDArray[np.int64]

MAX_CELLS = 100_000_000
"""Numbers one array of a data set may hold (0.8 GB in float64); more is refused instead of filling memory."""
PEAK_BYTES = 28
"""Bytes that each number takes at most, until split, scaled and turned into columns."""
MAX_POINTS = 1000
BLOCK_NUMBERS = 500_000
"""Numbers of a table that are scaled at a time."""


class DataError(ValueError):
    """Why a data set cannot be used, in one clear sentence."""


def check_cells(cells: int, what: str) -> None:
    """DataError where an array of so many numbers, and what is made of it on its way to training, finds no room."""
    amount = cells * PEAK_BYTES
    lack = f"the limit is {decimal(MAX_CELLS * PEAK_BYTES / GIB, 1)} GiB" if cells > MAX_CELLS else shortage(amount)
    if lack:
        raise DataError(f"{what} do not fit in memory: they need {decimal(amount / GIB, 1)} GiB; {lack}")


@dataclass(frozen=True, eq=False)
class Raw:
    """A data set as it was drawn or read: rows are samples, nothing split, scaled or disturbed."""

    x: Floats
    """(samples, features)"""
    y: NDArray[Any]
    """(samples,): int64 class index or float64 target; (samples, answers) where the last steps are answered each, and
    (samples, targets) where a regression has several."""
    class_names: tuple[str, ...]
    """Empty for regression."""
    feature_names: tuple[str, ...]
    shape: tuple[int, ...] = ()
    """Of one sample, of which a row of ``x`` is the flat form: (channels, height, width) or (steps, features); empty
    for a table."""
    alike: bool = False
    """Whether all entries of a channel or feature are scaled by one mean and one deviation, not each by its own."""
    notes: tuple[str, ...] = ()
    """What was done to the data on the way that a person should know, a sentence each."""
    target_names: tuple[str, ...] = ()
    """Of a regression, where they have names."""


class Data(Part, frozen=True, kw_only=True):
    """Where the samples come from, how they are scaled and how many are held out."""

    shared_last: ClassVar[bool] = True
    """What all data sets share comes behind what makes one of them."""
    regression: ClassVar[bool] = False
    """Whether targets are quantities, not classes."""
    former: ClassVar[dict[str, str]] = {}
    """Names that fields had in earlier files, and have now."""

    validation: Annotated[
        float,
        knob("Validation", "Share of the samples held out from training.", slider=(0.0, 0.5), ge=0.0, lt=1.0),
    ] = 0.2
    scale: Annotated[
        Scale,
        knob(
            "Scale",
            "Standard: mean 0 and deviation 1; unit: 0 to 1; none: as they are; measured on the training split.",
        ),
    ] = "standard"
    label_noise: Annotated[
        float,
        knob(
            "Label noise",
            "Share of training labels replaced by another class, or noise on targets in target deviations.",
            slider=(0.0, 0.5),
            ge=0.0,
            le=1.0,
        ),
    ] = 0.0

    @property
    def task(self) -> Task | Literal["auto"]:
        return "regression" if self.regression else "classification"

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """Of one sample as the network sees it; None where only loading tells."""
        return None

    @property
    def answers(self) -> int:
        """At how many last steps of a sequence an answer is asked for; 0: one answer to the whole sample."""
        return 0

    def load(self, rng: RandomGenerator) -> Raw:
        """All samples; ``rng`` is used by drawn data only. Raises :class:`DataError`."""
        raise NotImplementedError(f"{type(self).__name__} does not load anything")

    def loaded(self, rng: RandomGenerator, fingerprint: tuple[int, ...]) -> Raw:
        """What :meth:`load` gives, where :meth:`fingerprint` has just been taken."""
        return self.load(rng)

    def settled(self) -> "Data":
        """The same description with nothing left open that reading the data decides. Raises :class:`DataError`."""
        return self

    @property
    def settles_soon(self) -> bool:
        """Whether :meth:`settled` takes no time to speak of."""
        return True

    def beside(self, folder: Path) -> "Data":
        """The description as it is meant in an experiment file in ``folder``: relative paths are looked for there."""
        return self

    def at(self, path: str) -> "Data":
        """The same description of what lies elsewhere now."""
        return self

    def own_file(self) -> OwnFile | None:
        """What would have to be sent along; None where the program has it all. Raises :class:`DataError`."""
        return None

    def fingerprint(self) -> tuple[int, ...]:
        """What else than the description decides what :meth:`load` gives. Raises :class:`DataError`."""
        return ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """What training receives: read-only, C-contiguous arrays of one dtype in which a column is a sample."""

    task: Task
    x_train: Array
    """(features, samples)"""
    y_train: Array
    """(outputs, samples): one-hot classes, or the scaled targets, each by itself; (answers · outputs, samples), step
    after step, where the last steps of a sequence are answered each."""
    labels_train: Labels | None
    """(samples,) or (samples, answers): class index, label noise included; None for regression."""
    x_val: Array
    y_val: Array
    labels_val: Labels | None
    input_shape: tuple[int, ...]
    outputs: int
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    """(outputs,) of a regression."""
    target_units: tuple[float, ...] = ()
    """(outputs,) of a regression: what 1 of a scaled target is in the data's own units."""

    @functools.cached_property
    def digest(self) -> str:
        """Which data these are, to the last bit: 16 hexadecimal digits."""
        hashed = hashlib.blake2b(digest_size=8)
        for array in (self.x_train, self.y_train, self.x_val, self.y_val):
            hashed.update(f"{array.dtype} {array.shape}".encode())
            hashed.update(array.reshape(-1).view(np.uint8).data)
        return hashed.hexdigest()

    @functools.cached_property
    def mean_square(self) -> float:
        """Of all inputs that are trained on."""
        return norm(self.x_train) ** 2 / max(self.x_train.size, 1)

    @property
    def train_samples(self) -> int:
        return int(self.x_train.shape[1])

    @property
    def validation_samples(self) -> int:
        return int(self.x_val.shape[1])

    def points(self) -> Points | None:
        """At most 1000 samples of two-input data in both splits' proportion, as the network sees them."""
        if self.input_shape != (2,):
            return None
        n_train, n_val = self.train_samples, self.validation_samples
        share = min(1.0, MAX_POINTS / (n_train + n_val))
        kept_val = int(n_val * share)
        kept_train = min(n_train, MAX_POINTS - kept_val)
        x = np.concatenate([self.x_train[:, :kept_train], self.x_val[:, :kept_val]], axis=1)
        target = np.concatenate([self._target(True)[:kept_train], self._target(False)[:kept_val]])
        held_out = np.arange(kept_train + kept_val) >= kept_train
        return Points(frozen(x.T.astype(np.float64)), frozen(target.astype(np.float64)), frozen(held_out))

    def _target(self, train: bool) -> NDArray[Any]:
        labels, y = (self.labels_train, self.y_train) if train else (self.labels_val, self.y_val)
        return y[0] if labels is None else labels


def split_sizes(samples: int, validation: float) -> tuple[int, int]:
    """``(training, held out)``: the rounded share is held out, but one training sample always remains."""
    held_out = min(round(validation * samples), samples - 1)
    return samples - held_out, held_out


def prepare(data: Data, seed: int, dtype: DTypeLike) -> Dataset:
    """Load, split, scale and disturb. Drawing, splitting and label noise each have a stream of their own.

    The last few results are remembered. Raises :class:`DataError`.
    """
    data = data.settled()
    return _prepare(data, seed, np.dtype(dtype).name, data.fingerprint())


def scalings(data: Data, seed: int) -> tuple[Raw, Scaling, Scaling | None]:
    """All samples as they are measured, and how :func:`prepare` scales inputs and, in a regression, targets.

    Of samples that are scaled ``alike`` a column is a channel or a feature. Raises :class:`DataError`.
    """
    data = data.settled()
    raw = data.load(stream(seed, Stream.DATA))
    train = stream(seed, Stream.SPLIT).permutation(len(raw.x))[: split_sizes(len(raw.x), data.validation)[0]]
    columns = _by_channel(raw)[train] if raw.alike else raw.x[train]
    with np.errstate(all="ignore"):
        inputs = Scaling.of(columns.reshape(-1, columns.shape[-1]), data.scale)
        if data.task == "classification":
            return raw, inputs, None
        return raw, inputs, Scaling.of(raw.y.reshape(len(raw.y), -1)[train], data.scale)


@functools.lru_cache(maxsize=4)
def _prepare(data: Data, seed: int, dtype: str, fingerprint: tuple[int, ...]) -> Dataset:
    raw = data.loaded(stream(seed, Stream.DATA), fingerprint)
    order = stream(seed, Stream.SPLIT).permutation(len(raw.x))
    n_train, _ = split_sizes(len(raw.x), data.validation)
    train, held_out = order[:n_train], order[n_train:]
    noise = stream(seed, Stream.LABEL_NOISE)
    if raw.alike:
        x_train, x_val = _scaled_by_channel(data, raw, train, held_out, dtype)
    else:
        x_train, x_val = _scaled_in_blocks(data, raw.x, train, held_out, dtype)
    labels: tuple[Labels | None, Labels | None]
    units: Floats = np.empty(0)
    if data.task == "classification":
        labels = frozen(_swapped(raw.y[train], data.label_noise, len(raw.class_names), noise)), frozen(raw.y[held_out])
        y_train, y_val = (_one_hot(data, part, len(raw.class_names)) for part in labels if part is not None)
    else:
        labels = None, None
        targets = raw.y.reshape(len(raw.y), -1)
        y_train, y_val = _scaled(data, targets, train, held_out)
        with np.errstate(all="ignore"):
            units = Scaling.of(targets[train], data.scale).units
            deviations = np.array([column.std() for column in y_train.T])
            y_train = y_train + data.label_noise * deviations * noise.standard_normal(y_train.shape)
    return Dataset(
        "classification" if labels[0] is not None else "regression",
        *(x_train, _columns(data, y_train, dtype), labels[0]),
        *(x_val, _columns(data, y_val, dtype), labels[1]),
        input_shape=raw.shape or (raw.x.shape[1],),
        outputs=y_train.shape[1] // max(data.answers, 1),
        feature_names=raw.feature_names,
        class_names=raw.class_names,
        notes=raw.notes,
        target_names=raw.target_names,
        target_units=tuple(units.tolist()),
    )


def _scaled(data: Data, values: Floats, train: Labels, held_out: Labels) -> tuple[Floats, Floats]:
    with np.errstate(all="ignore"):
        trained_on = values[train]
        scaling = Scaling.of(trained_on, data.scale)
        return scaling(trained_on), scaling(values[held_out])


def _scaled_in_blocks(data: Data, values: Floats, train: Labels, held_out: Labels, dtype: str) -> tuple[Array, Array]:
    """Scaled columns, some features at a time: a large table is not copied whole on the way."""
    scaled = tuple(np.empty((values.shape[1], len(part)), dtype) for part in (train, held_out))
    width = max(2, BLOCK_NUMBERS // len(values))

    def scale(start: int) -> None:
        block = slice(start, start + width)
        # Samples are columns from here on: what is done to a feature is done to numbers that lie together.
        trained_on, others = (np.take(values.T[block], part, axis=1).T for part in (train, held_out))
        with np.errstate(all="ignore"):
            scaling = Scaling.of(trained_on, data.scale, mean=mean_in_order)
            for whole, part in zip(scaled, (trained_on, others), strict=True):
                whole[block] = _columns(data, scaling(part), dtype)

    abreast(scale, range(0, values.shape[1], width))
    return frozen(scaled[0]), frozen(scaled[1])


def _scaled_by_channel(data: Data, raw: Raw, train: Labels, held_out: Labels, dtype: str) -> tuple[Array, Array]:
    """All entries of a channel alike, or all steps of a feature; some samples at a time, as columns."""
    first, by_channel = len(raw.shape) != 2, _by_channel(raw)
    scaled = tuple(np.empty((raw.x.shape[1], len(part)), dtype) for part in (train, held_out))
    count = max(1, BLOCK_NUMBERS // raw.x.shape[1])
    with np.errstate(all="ignore"):
        scaling = Scaling.of(by_channel[train].reshape(-1, by_channel.shape[2]), data.scale, spare=True)

    def scale(piece: tuple[Array, Labels]) -> None:
        whole, samples = piece
        with np.errstate(all="ignore"):
            x = scaling(by_channel[samples])
        whole[...] = _columns(data, (x.swapaxes(1, 2) if first else x).reshape(len(x), -1), dtype)

    pieces = [
        (whole[:, start : start + count], part[start : start + count])
        for whole, part in zip(scaled, (train, held_out), strict=True)
        for start in range(0, len(part), count)
    ]
    abreast(scale, pieces)
    return frozen(scaled[0]), frozen(scaled[1])


def _by_channel(raw: Raw) -> Floats:
    """(samples, positions, channels), or (samples, steps, features)."""
    by_channel: Floats = raw.x.reshape(len(raw.x), raw.shape[0], -1)
    return by_channel.swapaxes(1, 2) if len(raw.shape) != 2 else by_channel


def _swapped(labels: Labels, share: float, classes: int, rng: RandomGenerator) -> Labels:
    """``labels`` with ``round(share · n)`` of them another class; a larger share swaps the same ones and more."""
    order = rng.permutation(labels.size)
    shift = rng.integers(1, classes, size=labels.size)
    chosen = order[: round(share * labels.size)]
    swapped = labels.ravel().copy()
    swapped[chosen] = (swapped[chosen] + shift[chosen]) % classes
    return swapped.reshape(labels.shape)


def _one_hot(data: Data, labels: Labels, classes: int) -> Floats:
    check_cells(
        classes * labels.size, f"{data.title}: {count(classes, 'class', 'classes')} of {count(len(labels), 'sample')}"
    )
    hot = np.zeros((labels.size, classes))
    hot[np.arange(labels.size), labels.ravel()] = 1.0
    return hot.reshape(len(labels), math.prod(labels.shape[1:]) * classes)


def _columns(data: Data, rows: Floats, dtype: str) -> Array:
    """Samples as read-only columns of ``dtype``."""
    with np.errstate(over="ignore"):
        columns = np.array(rows.T, dtype=dtype, order="C")
    if not np.isfinite(columns).all():
        raise DataError(f"{data.title}: values are too large for {dtype}; choose another scale or float64")
    return frozen(columns)
