"""Activations, first draws of weights and normalisations in the words of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.pieces import Piece, Tensor
from simulator.layers.base import Shape
from simulator.layers.normalization.base import BatchNormSettings, Stage
from simulator.layers.normalization.batch import BatchNormStage
from simulator.layers.normalization.layer import LayerNormStage
from simulator.parts import activations as phi
from simulator.parts import initializers as start
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Part

LIBRARY = "PyTorch"

ACTIVATIONS: Mapping[type[Part], Callable[[Any], Piece]] = {
    phi.Linear: lambda _: Piece("nn.Identity()"),
    phi.Sigmoid: lambda _: Piece("nn.Sigmoid()"),
    phi.Tanh: lambda _: Piece("nn.Tanh()"),
    phi.ReLU: lambda _: Piece("nn.ReLU()"),
    phi.LeakyReLU: lambda spec: Piece(f"nn.LeakyReLU({spec.slope!r})"),
    phi.ELU: lambda spec: Piece(f"nn.ELU({spec.alpha!r})"),
    phi.SELU: lambda _: Piece("nn.SELU()"),
    # Beyond its threshold PyTorch's is z itself, which at the usual 20 is 2e-9 off.
    phi.Softplus: lambda _: Piece("nn.Softplus(threshold=40)"),
    phi.Softsign: lambda _: Piece("nn.Softsign()"),
    phi.GELU: lambda _: Piece("nn.GELU()"),
    phi.SiLU: lambda _: Piece("nn.SiLU()"),
    phi.Erf: lambda _: Piece("Erf()"),
}


def activation(spec: Activation) -> Piece:
    """The module that computes φ."""
    return equivalent(ACTIVATIONS, spec, LIBRARY)(spec)


def _fan_in(spec: Any, fans: tuple[int, int]) -> str:
    return f"({spec.weight_variance!r} / {fans[0]}) ** 0.5"


DRAWS: Mapping[type[Part], Callable[[Any, tuple[int, int]], str]] = {
    start.Zeros: lambda spec, fans: "nn.init.zeros_",
    start.Constant: lambda spec, fans: f"partial(nn.init.constant_, val={spec.value!r})",
    start.Normal: lambda spec, fans: f"partial(nn.init.normal_, std={spec.std!r})",
    start.Uniform: lambda spec, fans: f"partial(nn.init.uniform_, a={-spec.limit!r}, b={spec.limit!r})",
    start.VarianceScaled: lambda spec, fans: f"partial(nn.init.normal_, std={_fan_in(spec, fans)})",
    start.LeCunNormal: lambda spec, fans: 'partial(nn.init.kaiming_normal_, nonlinearity="linear")',
    start.LeCunUniform: lambda spec, fans: 'partial(nn.init.kaiming_uniform_, nonlinearity="linear")',
    start.GlorotNormal: lambda spec, fans: "nn.init.xavier_normal_",
    start.GlorotUniform: lambda spec, fans: "nn.init.xavier_uniform_",
    start.HeNormal: lambda spec, fans: f"partial(nn.init.kaiming_normal_, a={spec.slope!r})",
    start.HeUniform: lambda spec, fans: f"partial(nn.init.kaiming_uniform_, a={spec.slope!r})",
    start.Orthogonal: lambda spec, fans: f"partial(nn.init.orthogonal_, gain={spec.gain!r})",
    start.Identity: lambda spec, fans: "nn.init.eye_" if spec.gain == 1 else kernel_draw(spec, fans),
    start.LSUV: lambda spec, fans: "nn.init.orthogonal_",
}
"""How weights are drawn. LSUV looks at data: what it makes of its rotations stands in the file of weights."""


def draw(spec: Initializer, fans: tuple[int, int]) -> str:
    """What draws the weights of a layer."""
    return equivalent(DRAWS, spec, LIBRARY)(spec, fans)


def kernel_draw(spec: Initializer, fans: tuple[int, int]) -> str:
    """What draws the kernels of a convolution."""
    return f"partial(identity_, gain={spec.gain!r})" if isinstance(spec, start.Identity) else draw(spec, fans)


def bias_draw(spec: Initializer, fans: tuple[int, int]) -> str:
    """What draws biases, of which PyTorch knows no fans."""
    if isinstance(spec, (start.Identity, start.Zeros)):
        return "nn.init.zeros_"
    if isinstance(spec, (start.Orthogonal, start.LSUV)):
        return f"partial(direction_, gain={getattr(spec, 'gain', 1.0)!r})"
    if isinstance(spec, start.FanNormal):
        return f"partial(nn.init.normal_, std={spec.variance(*fans) ** 0.5!r})"
    if isinstance(spec, start.FanUniform):
        limit = (3 * spec.variance(*fans)) ** 0.5
        return f"partial(nn.init.uniform_, a={-limit!r}, b={limit!r})"
    return draw(spec, fans)


def norm(stage: Stage, shape: Shape, units: int, observations: int) -> Piece:
    """The module that a norm of a signal is, for samples of ``shape`` with so many ``units``, channels or features.

    ``observations`` are those of one batch.
    """
    scale, shift = (Tensor(*named) for named in zip(("weight", "bias"), stage.blocks(), (_flat, _flat), strict=True))
    if isinstance(stage, LayerNormStage):
        kind = "ChannelNorm" if len(shape) == 3 else "nn.LayerNorm"
        return Piece(f"{kind}({units}, eps={stage.epsilon!r})", (scale, shift))
    if not isinstance(stage, BatchNormStage):
        raise NoEquivalentError(type(stage).__name__, LIBRARY)
    if observations < 2:
        raise NoEquivalentError("batch norm over a batch of one observation", LIBRARY)
    kind = {1: "nn.BatchNorm1d", 2: "SequenceNorm", 3: "nn.BatchNorm2d"}[len(shape)]
    states = tuple(
        Tensor(*named, state=True)
        for named in zip(("running_mean", "running_var"), stage.states(), (_flat, _flat), strict=True)
    )
    counted = Tensor("num_batches_tracked", stage.states()[0], _flat, state=True, count=True)
    return Piece(f"{kind}({units}{_batch_norm_numbers(stage.spec)})", (scale, shift, *states, counted))


def _batch_norm_numbers(spec: BatchNormSettings) -> str:
    """Those that are not PyTorch's own."""
    given = {"eps": (spec.epsilon, 1e-5), "momentum": (spec.momentum, 0.1)}
    return "".join(f", {name}={value!r}" for name, (value, usual) in given.items() if value != usual)


def _flat(array: Any) -> Any:
    return array.reshape(-1)
