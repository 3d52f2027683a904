"""What a person sets of a layer with a state."""

from typing import Annotated, ClassVar, Literal

from simulator.layers.base import Layer, Shape, ShapeError, shape_text
from simulator.parts.activations import AnyActivation, Tanh
from simulator.parts.initializers import AnyInitializer, GlorotUniform, Orthogonal, Zeros
from simulator.schema.parameter import knob


class ThroughTime(Layer, frozen=True, kw_only=True):
    """A layer with a state that walks through a sequence (steps, features)."""

    structured: ClassVar[bool] = True
    stateful: ClassVar[bool] = True
    units: Annotated[int, knob("units", "Width of the state.", slider=(1, 256), log=True, ge=1, le=4096)] = 64
    initializer: Annotated[AnyInitializer, knob("input weights", "How the weights from the input are drawn.")] = (
        GlorotUniform()
    )
    recurrent_initializer: Annotated[
        AnyInitializer, knob("recurrent weights", "How the weights from state to state are drawn, gate by gate.")
    ] = Orthogonal()
    bias_initializer: Annotated[AnyInitializer, knob("biases", "How the biases are drawn.")] = Zeros()
    output: Annotated[
        Literal["last", "all"],
        knob("output", "The state after the last step, or every state: a sequence for the next layer."),
    ] = "last"
    truncate: (
        Annotated[
            int,
            knob(
                "truncate",
                "Cuts the gradient through the state every so many steps, counted from the end.",
                slider=(1, 100),
                log=True,
                ge=1,
                le=1_000_000,
                unit="steps",
            ),
        ]
        | None
    ) = None
    checkpoint: Annotated[
        bool,
        knob("checkpoints", "Keeps every ⌈√T⌉-th state and runs the steps between again: less memory, more time."),
    ] = False

    def nonlinearity(self) -> AnyActivation:
        """Whose slope, up to a constant per gate, is that of its pre-activations."""
        return Tanh()


def sequence_shape(layer: Layer, input_shape: Shape) -> tuple[int, int]:
    """(steps, features), or ShapeError."""
    if len(input_shape) != 2:
        raise ShapeError(f"needs a sequence, but {{before}} gives {shape_text(input_shape)}")
    return input_shape[0], input_shape[1]
