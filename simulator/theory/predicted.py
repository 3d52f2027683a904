"""What is predicted of a network at step 0, beside how: whoever only shows it waits for no theory."""

from __future__ import annotations

from msgspec import Struct

from simulator.arrays.numeric import Floats


class Prediction(Struct, frozen=True):
    """What mean-field theory says of a wide random network at step 0, row by row; NaN where it says nothing.

    Conditional on the first batch and on the output layer's own error, which anchors what flows back.
    """

    reason: str
    """Why nothing is predicted; ``""`` where something is."""
    preactivation_variance: Floats
    """E z² over units and samples."""
    activation_mean: Floats
    activation_std: Floats
    """Over units and samples together."""
    delta_rms: Floats
    """√ mean δ² over units and samples; its square times the units is E‖δ‖², whose growth per layer is χ."""
    weight_gradient_norm: Floats
    """‖∂C/∂W‖ of the whole batch, √(Σ over pairs of samples of δδ · aa) and not of a sample; the output layer's own."""
    forward_spread: Floats
    backward_spread: Floats
    """Standard deviation of the log of a squared norm from one draw of the weights to the next."""
