"""Sequences: problems whose answer depends on what was seen many steps ago, and digits read row by row.

A sample is (steps, features), time first. Inputs are used as drawn (``scale`` none): a marker is 0 or 1 and stays so;
where another scale is chosen, all steps of a feature are scaled alike.
"""

from typing import Annotated, ClassVar

import numpy as np

from simulator.arrays.numeric import Floats, RandomGenerator
from simulator.data.base import Data, Labels, Raw, check_cells
from simulator.data.bundled import Digits
from simulator.data.scaling import Scale
from simulator.schema.numbers import count, integer
from simulator.schema.parameter import knob

Samples = Annotated[
    int, knob("Samples", "How many sequences are drawn.", slider=(100, 20000), log=True, ge=2, le=1_000_000)
]
SCALE = knob(
    "Scale",
    "None: as drawn; standard: mean 0 and deviation 1; unit: 0 to 1; one for all steps of a feature.",
)


class DrawnSequences(Data, frozen=True, kw_only=True):
    """Sequences that are drawn on the spot."""

    group: ClassVar[str] = "Sequences"

    scale: Annotated[Scale, SCALE] = "none"
    samples: Samples = 5000

    @property
    def input_shape(self) -> tuple[int, int]:
        raise NotImplementedError(f"{type(self).__name__} has no shape")

    def _empty(self) -> Floats:
        """Zeros (samples, steps, features), or DataError where they would not fit."""
        steps, features = self.input_shape
        cells = self.samples * steps * features
        check_cells(cells, f"{self.title}: {count(self.samples, 'sequence')} of {integer(steps)} × {features}")
        return np.zeros((self.samples, steps, features))

    def _raw(self, x: Floats, y: Floats | Labels, class_names: tuple[str, ...], features: tuple[str, ...]) -> Raw:
        return Raw(x.reshape(len(x), -1), y, class_names, features, shape=x.shape[1:], alike=True)


class Adding(DrawnSequences, frozen=True, kw_only=True, tag="adding"):
    """Add the two marked numbers: values drawn from 0 to 1, a marker in each half, the sum as target.

    Answering 1 whatever comes scores ½ · 1/6 = 0.083: the line that a network that remembers nothing stays at.
    """

    steps: Annotated[int, knob("Steps", "Length of a sequence.", slider=(4, 500), log=True, ge=2, le=100_000)] = 50

    regression: ClassVar[bool] = True

    @property
    def input_shape(self) -> tuple[int, int]:
        return self.steps, 2

    def load(self, rng: RandomGenerator) -> Raw:
        x, rows, half = self._empty(), np.arange(self.samples), self.steps // 2
        x[:, :, 0] = rng.uniform(size=x.shape[:2])
        first = rng.integers(0, half, self.samples)
        second = rng.integers(half, self.steps, self.samples)
        x[rows, first, 1] = x[rows, second, 1] = 1.0
        return self._raw(x, x[rows, first, 0] + x[rows, second, 0], (), ("value", "marker"))


class Copying(DrawnSequences, frozen=True, kw_only=True, tag="copying"):
    """Copying memory: a few symbols, a long blank, a signal, and then the symbols again, one per step.

    An answer is asked for at each of the last ``symbols`` steps, so the last layer must give every state. Loss and
    accuracy are per symbol: accuracy is the share of symbols that are right, and guessing scores ln ``alphabet``.
    """

    symbols: Annotated[int, knob("Symbols", "How many are to be remembered.", slider=(1, 20), ge=1, le=1000)] = 5
    alphabet: Annotated[int, knob("Alphabet", "How many symbols there are.", slider=(2, 10), ge=2, le=100)] = 8
    delay: Annotated[
        int, knob("Delay", "Steps between the last symbol and the first answer.", slider=(1, 500), log=True, ge=1)
    ] = 20

    @property
    def input_shape(self) -> tuple[int, int]:
        """One-hot: the symbols, the blank, the signal."""
        return 2 * self.symbols + self.delay, self.alphabet + 2

    @property
    def answers(self) -> int:
        return self.symbols

    def load(self, rng: RandomGenerator) -> Raw:
        x, rows = self._empty(), np.arange(self.samples)[:, np.newaxis]
        shown = rng.integers(0, self.alphabet, (self.samples, self.symbols))
        x[rows, np.arange(self.symbols), shown] = 1.0
        x[:, self.symbols :, self.alphabet] = 1.0
        signal = self.symbols + self.delay - 1
        x[:, signal, self.alphabet :] = 0.0, 1.0
        names = tuple(str(symbol + 1) for symbol in range(self.alphabet))
        return self._raw(x, shown, names, (*names, "blank", "signal"))


class TemporalOrder(DrawnSequences, frozen=True, kw_only=True, tag="temporal_order"):
    """Which came first: an X or Y early and another one near the middle, among four symbols that mean nothing.

    The four classes are XX, XY, YX and YY; guessing scores ln 4.
    """

    steps: Annotated[int, knob("Steps", "Length of a sequence.", slider=(10, 500), log=True, ge=10, le=100_000)] = 50

    @property
    def input_shape(self) -> tuple[int, int]:
        return self.steps, 6

    def load(self, rng: RandomGenerator) -> Raw:
        x, rows, tenth = self._empty(), np.arange(self.samples), self.steps // 10
        symbols = rng.integers(2, 6, x.shape[:2])
        y = rng.integers(0, 4, self.samples)
        symbols[rows, rng.integers(tenth, 2 * tenth, self.samples)] = y // 2
        symbols[rows, rng.integers(5 * tenth, 6 * tenth, self.samples)] = y % 2
        x[rows[:, np.newaxis], np.arange(self.steps), symbols] = 1.0
        return self._raw(x, y, ("XX", "XY", "YX", "YY"), ("X", "Y", "a", "b", "c", "d"))


class Sine(DrawnSequences, frozen=True, kw_only=True, tag="sine"):
    """A noisy sine to continue: from its last steps to its clean value some steps ahead."""

    steps: Annotated[int, knob("Steps", "Length of a sequence.", slider=(4, 500), log=True, ge=2, le=100_000)] = 40
    period: Annotated[
        float,
        knob("Period", "Mean period; each sequence has its own, up to a quarter off.", slider=(4, 100), log=True, gt=0),
    ] = 20.0
    noise: Annotated[
        float, knob("Noise", "Standard deviation of the noise on each input.", slider=(0, 1), ge=0, le=10)
    ] = 0.1
    horizon: Annotated[
        int, knob("Horizon", "How many steps after the last input the target lies.", slider=(1, 50), ge=1, le=10_000)
    ] = 5

    regression: ClassVar[bool] = True

    @property
    def input_shape(self) -> tuple[int, int]:
        return self.steps, 1

    def load(self, rng: RandomGenerator) -> Raw:
        x = self._empty()
        phase = rng.uniform(0, 2 * np.pi, self.samples)
        speed = 2 * np.pi / (self.period * rng.uniform(0.75, 1.25, self.samples))
        x[:, :, 0] = np.sin(phase[:, np.newaxis] + speed[:, np.newaxis] * np.arange(self.steps))
        x += self.noise * rng.standard_normal(x.shape)
        return self._raw(x, np.sin(phase + speed * (self.steps - 1 + self.horizon)), (), ("value",))


class DigitRows(Data, frozen=True, kw_only=True, tag="digit_rows"):
    """Handwritten digits read row by row: 8 steps of 8 pixels, 10 classes, 1797 samples."""

    group: ClassVar[str] = "Sequences"

    scale: Annotated[Scale, SCALE] = "standard"

    @property
    def input_shape(self) -> tuple[int, int]:
        return 8, 8

    def load(self, rng: RandomGenerator) -> Raw:
        digits = Digits().load(rng)
        names = tuple(f"column {column}" for column in range(1, 9))
        return Raw(digits.x, digits.y, digits.class_names, names, shape=self.input_shape, alike=True)
