"""Penalties on weights and limits on the gradient."""

from typing import Annotated

from simulator.schema.parameter import Spec, knob


class Regularization(Spec, frozen=True, kw_only=True):
    """Penalties on the weights (not on biases, scales and shifts) and limits on the gradient.

    In this order: penalties are added to the gradient, then it is clipped by value, then by norm. So clipping limits
    what penalties ask for too. Under weight norm the penalised weights are v, not W. AdamW's weight decay is apart from
    all this.
    """

    l1: Annotated[
        float,
        knob(
            "L1", "Adds l1·|w| per weight to what is minimised.", slider=(0, 0.1), log=True, ge=0, unit="λ₁", live=True
        ),
    ] = 0.0
    l2: Annotated[
        float,
        knob(
            "L2",
            "Adds ½·l2·w² per weight to what is minimised; under weight norm w is v.",
            slider=(0, 1),
            log=True,
            ge=0,
            unit="λ₂",
            live=True,
        ),
    ] = 0.0
    clip_norm: (
        Annotated[
            float,
            knob(
                "clip norm",
                "Scales the gradient down to this norm where it is larger; after penalties and clip value.",
                slider=(1e-3, 100),
                log=True,
                gt=0,
                live=True,
            ),
        ]
        | None
    ) = None
    clip_value: (
        Annotated[
            float,
            knob(
                "clip value",
                "Cuts each entry of the gradient to ± this; after penalties, before clip norm.",
                slider=(1e-4, 10),
                log=True,
                gt=0,
                live=True,
            ),
        ]
        | None
    ) = None
