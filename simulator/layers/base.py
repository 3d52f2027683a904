"""What every layer is made of: its description (`Layer`), its running part (`Module`), its parameters and its tap.

Arrays are (units, samples). A signal between layers is (size + 1, samples): the layer's output with one more row of
ones, which is the input of the next layer's biases, so that bias and weights are one matrix product. Gradients going
back are ∂C/∂(signal) without that row.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
import numpy as np

from simulator.arrays.arena import Arena, Scratch
from simulator.arrays.numeric import Array, Stream, stream
from simulator.arrays.trace import Factor, Trace
from simulator.layers.info import LayerInfo
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Part, Spec, kinds, knob

Shape = tuple[int, ...]


class Block:
    """A named piece of the flat parameter vector; ``value``, ``gradient`` and ``update`` are views of it.

    The first ``weights`` entries are weights, which penalties act on; the rest (biases, scales, shifts) are not.
    """

    value: Array
    gradient: Array
    update: Array

    def __init__(self, name: str, shape: Shape, weights: int = 0, start: float = 0.0) -> None:
        self.name = name
        self.shape = shape
        self.size = math.prod(shape)
        self.weights = weights
        self.start = start

    def stand_in(self, dtype: np.dtype[np.floating]) -> None:
        """Have views that take no memory, until it is bound."""
        self.value = self.gradient = self.update = np.broadcast_to(dtype.type(0), self.shape)


Entries = tuple[Block, Any]
"""Some entries of a block: what indexes its value."""


@dataclass(frozen=True)
class Tap:
    """Where measures read a layer: read-only views that hold the present step's values.

    ``z``, ``a``, ``slope`` = φ'(z) and ``delta`` = ∂C/∂z are (units, observations): samples, for a convolution times
    positions (its units are channels), for a recurrent layer times steps. ``delta`` times the batch size is δ.
    ``weights`` and its kin are stored inputs × outputs. What a layer does not have is None; ``extras`` holds arrays
    that only some kinds have (gates, hidden gradients), by name.
    """

    info: LayerInfo
    a: Array
    activation: Activation | None = None
    z: Array | None = None
    slope: Array | None = None
    delta: Array | None = None
    weights: Array | None = None
    weight_gradient: Array | None = None
    weight_update: Array | None = None
    bias_gradient: Array | None = None
    extras: Mapping[str, Array] = field(default_factory=dict)


def read_only(array: Array) -> Array:
    view = array.view()
    view.setflags(write=False)
    return view


@dataclass(frozen=True)
class BuildContext:
    """Where a module puts its buffers and what it must know for that."""

    batch: int
    arena: Arena
    scratch: Scratch
    seed: int
    needs_input_gradient: bool
    chain: "Sequence[Module]" = ()
    """The modules of the stack it stands in."""


class Product:
    """How a kernel (inputs + 1, outputs) meets a signal: as one matrix product."""

    def allocate(self, context: BuildContext, inputs: int, outputs: int) -> None:
        needed = context.needs_input_gradient
        self.input_gradient = context.scratch.array(inputs, context.batch) if needed else None

    def forward(self, kernel: Array, x: Array, out: Array) -> None:
        np.matmul(kernel.T, x, out=out)

    def kernel_gradient(self, x: Array, gradient: Array, out: Array) -> None:
        np.matmul(x, gradient.T, out=out)

    def backward(self, kernel: Array, gradient: Array) -> Array | None:
        """∂C/∂x where somebody needs it, in a buffer that others share."""
        if self.input_gradient is None:
            return None
        np.matmul(kernel[:-1], gradient, out=self.input_gradient)
        return self.input_gradient


class Affine:
    """u = W x + b with W and b in one block (inputs + 1) × outputs, the biases its last row."""

    def __init__(self, name: str, inputs: int, outputs: int) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.fans = inputs, outputs
        """What the variance of an initial weight is chosen by: terms that a unit sums, units that a value reaches."""
        self.pieces = 1
        """Maps that lie side by side in W, each drawn by itself."""
        self.product = Product()
        self.block = Block(name, (inputs + 1, outputs), weights=inputs * outputs)

    def blocks(self) -> list[Block]:
        """What is trained."""
        return [self.block]

    @property
    def kernel(self) -> Array:
        """W and b as they act, biases last; their gradient and their update likewise."""
        return self.block.value

    @property
    def kernel_gradient(self) -> Array:
        return self.block.gradient

    @property
    def kernel_update(self) -> Array:
        return self.block.update

    def allocate(self, context: BuildContext) -> None:
        self.product.allocate(context, self.inputs, self.outputs)

    def initialise(self, weights: Initializer, biases: Initializer, seed: int, place: tuple[int, ...]) -> None:
        kernels = np.split(self.block.value, self.pieces, axis=1)
        weight_draws, bias_draws = stream(seed, Stream.WEIGHTS, *place), stream(seed, Stream.BIASES, *place)
        for kernel in kernels:
            weights.fill(kernel[:-1], weight_draws, *self.fans)
            biases.fill(kernel[-1], bias_draws, *self.fans)

    def rescale(self, factor: float) -> None:
        """W ← factor · W."""
        self.block.value[:-1] *= factor

    def unit_entries(self, units: Sequence[int]) -> list[Entries]:
        """The weights that come into ``units``, and their biases."""
        width = self.outputs // self.pieces
        columns = [piece * width + unit for piece in range(self.pieces) for unit in units]
        return [(block, (slice(None), columns)) for block in self.blocks()]

    def forward(self, x: Array, out: Array) -> None:
        self.product.forward(self.kernel, x, out)

    def backward(self, x: Array, gradient: Array) -> Array | None:
        """Sets ∂W and ∂b; the gradient with respect to x, where somebody needs it, in a buffer that others share."""
        self.product.kernel_gradient(x, gradient, self.kernel_gradient)
        return self.product.backward(self.kernel, gradient)

    def resolvers(self) -> list[Callable[[], None]]:
        """To be called when the update is proposed: what works out ``kernel_update`` where W itself is not trained."""
        return []


@dataclass(frozen=True)
class Repair:
    """A way out of a stack that does not fit, which may be offered: words for the button and what it changes."""

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the layer that does not fit and their new values."""
    insert: Mapping[str, Any] | None = None
    """The builtins of a layer to put before it."""


def shape_text(shape: Shape) -> str:
    """``100 numbers``, ``a sequence of 50 steps of 32 numbers``, ``an image of 8 × 8 with 16 channels``"""
    size = f"{shape[-1]} number{'s' * (shape[-1] != 1)}"
    if len(shape) == 1:
        return size
    if len(shape) == 2:
        return f"a sequence of {shape[0]} step{'s' * (shape[0] != 1)} of {size}"
    return f"an image of {shape[1]} × {shape[2]} with {shape[0]} channel{'s' * (shape[0] != 1)}"


class ShapeError(ValueError):
    """Why a layer cannot take what the layer before it gives, in one sentence, which is told once all is known.

    The layer says the ``problem``, as in ``needs a sequence, but {before} gives 100 numbers``; each stack that it is
    in says by :meth:`within` which of its layers it is. ``path`` leads to it: ``layers[2].layers[0]``.
    """

    def __init__(
        self, problem: str, path: str = "", repair: Repair | None = None, label: str = "", title: str = "",
        before: str = "",
    ) -> None:  # fmt: skip
        self.problem, self.path, self.repair = problem, path, repair
        self.label, self.title, self.before = label, title, before
        super().__init__(problem)

    def within(self, number: int, title: str, path: str) -> "ShapeError":
        """The same, told by the stack in which this layer, or the one around it, is the ``number``-th."""
        before = f"{number}.{self.before}" if self.before else str(number - 1) if number > 1 else ""
        label = f"{number}.{self.label}" if self.label else str(number)
        return ShapeError(self.problem, f"{path}{self.path}", self.repair, label, self.title or title, before)

    def __str__(self) -> str:
        before = f"layer {self.before}" if self.before else "the data set"
        return f"layer {self.label} ({self.title}) {self.problem.replace('{before}', before)}"


FrozenField = Annotated[
    bool | msgspec.UnsetType,
    knob(
        "frozen",
        "Keeps its weights as they are: no update, penalty or decay; its gradient is still measured.",
        live=True,
    ),
]
"""Whether what is trained in a layer, inner layers included, is left as it is; a file leaves it out where it is not."""


def leave_out_thawed(spec: Spec) -> None:
    """Have one form of a description of which nothing is frozen: the one that files have always had."""
    if getattr(spec, "frozen") is False:  # noqa: B009
        msgspec.structs.force_setattr(spec, "frozen", msgspec.UNSET)


class Layer(Part, frozen=True, kw_only=True):
    """What a person places in the stack."""

    plain: ClassVar[bool] = False
    """Whether it is one map φ(W x + b) of a vector, unit by unit: what the theory of a stack speaks of."""
    structured: ClassVar[bool] = False
    """Whether it matters to it where in an image or a sequence a number lies."""
    kernels: ClassVar[bool] = False
    """Whether it answers with maps, each drawn by a kernel that walks over its input."""
    stateful: ClassVar[bool] = False
    """Whether it carries a state from step to step of a sequence."""
    branched: ClassVar[bool] = False
    """Whether it adds a branch to what it carries past."""
    gates: ClassVar[tuple[str, ...]] = ()
    """Names, among its tap's extras, of the gates that decide what passes; one that mirrors another is left out."""

    repeat: Annotated[
        int, knob("repeat", "How many such layers follow each other.", slider=(1, 50), ge=1, le=1000, unit="×")
    ] = 1
    frozen: FrozenField = msgspec.UNSET

    def __post_init__(self) -> None:
        leave_out_thawed(self)

    @property
    def rows(self) -> int:
        """Rows of plots and tables that one of it takes: itself and its inner layers."""
        return 1

    @abstractmethod
    def build(self, place: tuple[int, ...], input_shape: Shape) -> "Module":
        """The running part at ``place`` (depth, and inner depths) for samples of ``input_shape``; or ShapeError."""


def layer_kinds(holds: Callable[[type[Layer]], bool]) -> frozenset[str]:
    """The kinds of layers of which something holds."""
    return frozenset(kind for kind, layer in kinds(Layer).items() if holds(layer))


Description = TypeVar("Description", covariant=True)


class ModuleOf(ABC, Generic[Description]):
    """A layer at work: parameters, buffers for one batch size, forward, backward."""

    spec: Description
    info: LayerInfo
    output_shape: Shape
    """(units,) for a vector, (channels, height, width) for an image, (steps, features) for a sequence."""
    activation_kind: str = ""
    """Kind of its activation function, for plots and tables."""
    trace: Trace
    """Where it marks the error signal on its way back; shared by the whole network."""
    x: Array
    """The signal that came in last, where it has weights."""

    def mark(self, factor: Factor | None, gradient: Array, arrived: bool = False) -> None:
        """Note what ``factor`` has just made of the gradient; ``arrived`` where that is its δ."""
        if self.trace.on:
            self.trace.mark(self.info.label, factor, gradient, arrived)

    @property
    def output_size(self) -> int:
        return math.prod(self.output_shape)

    @property
    def units(self) -> int:
        """Its width: units, channels or features."""
        return self.output_shape[-1] if len(self.output_shape) == 2 else self.output_shape[0]

    def scale_weights(self, factor: float) -> None:
        """W ← factor · W, inner layers included."""
        for block in self.blocks():
            block.value.reshape(-1)[: block.weights] *= factor

    def children(self) -> "Sequence[Module]":
        """The modules of an inner stack, in depth order."""
        return ()

    def frozen_blocks(self) -> list[Block]:
        """Those of its blocks that are not to be updated."""
        if getattr(self.spec, "frozen", False):
            return self.blocks()
        return [block for child in self.children() for block in child.frozen_blocks()]

    def blocks(self) -> list[Block]:
        """Its trained parameters."""
        return []

    def states(self) -> list[Block]:
        """What it remembers besides: running averages."""
        return []

    @abstractmethod
    def allocate(self, context: BuildContext) -> None:
        """Make the buffers; called first with a counting arena, whose arrays cannot be written."""

    def initialise(self, seed: int, x: Array) -> None:
        """Draw the parameters; ``x`` is the signal of the first batch, for initialisers that look at data.

        Where the network has none of these, it may be a signal of before.
        """

    @abstractmethod
    def forward(self, x: Array, training: bool) -> Array:
        """The output signal (output size + 1, batch) of one (input size + 1, batch), last rows of ones.

        In training mode it may be called again for the same step and gives the same.
        """

    @abstractmethod
    def backward(self, gradient: Array) -> Array | None:
        """From ∂C/∂output (output size, batch) to ∂C/∂input (input size, batch), None where that is not needed.

        The blocks' gradients are set on the way. Both may lie in scratch that the next call overwrites.
        """

    def unit_entries(self, units: Sequence[int]) -> list[Entries]:
        """The parameters of ``units`` that :meth:`redraw` draws: none where units have no weights of their own."""
        return []

    def unit_norms(self, units: Sequence[int]) -> list[Entries]:
        """Scale and shift of ``units``, where they are normalised."""
        return []

    def redraw(self, seed: int) -> None:
        """Draw the weights anew, biases 0 unless the layer's kind starts with others; after a forward pass."""

    def resolvers(self) -> list[Callable[[], None]]:
        """To be called when the update is proposed and measures will look: what works out what only its taps show."""
        return []

    def commit(self) -> None:
        """The step is done: keep running averages, let the next forward draw new masks."""

    def state(self) -> Any:
        """What must be kept, besides parameters and states, to go on exactly: draws and their generators."""
        return None

    def load_state(self, memory: Any) -> None:
        """Take back what :meth:`state` gave."""

    @abstractmethod
    def update_spec(self, spec: Layer) -> None:
        """Take over a description that differs in live parameters only."""

    @abstractmethod
    def taps(self) -> list[Tap]:
        """Where measures read, in depth order."""


Module = ModuleOf[Layer]
"""A layer of any kind at work."""
