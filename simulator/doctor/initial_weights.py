"""Initial weights that are drawn too small or too large for the activation behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from simulator.doctor import remedies
from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence, balance
from simulator.doctor.layer_settings import rows_of
from simulator.doctor.phrases import number, times
from simulator.doctor.signal import EXPLODING_RATIO, VANISHING_RATIO, Ends
from simulator.doctor.suspect import SUSPECTED_STEPS, SUSPECTED_UNMOVED, Suspect, decades
from simulator.schema.numbers import amount

TOTAL_DECADES = 1.0
"""Decades on the way through the stack, from which on a draw matters."""


class InitialWeights(Suspect):
    """√(σ_w² / the fitting one) of each layer's weights at step 0, multiplied through the depth.

    σ_w² = ‖W‖² / units is n_in times the mean square of a weight.
    """

    name = "initial weights"
    factor = "weights"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        alike = [
            path
            for path, layer in remedies.layers_of(evidence.experiment)
            if path.count(".") == 1 and (present := remedies.initializer_of(layer)) is not None and present.alike
        ]
        if alike:
            yield from self._alike(evidence, alike[0])
            return
        drawn = self._drawn(evidence)
        if drawn:
            yield from self._hidden(evidence, drawn)
        yield from self._output(evidence)

    def _alike(self, evidence: Evidence, path: str) -> Iterator[Finding]:
        rows = rows_of(evidence, path)
        yield from self.accuse(
            evidence,
            remedies.cause_of(evidence.experiment, f"{path}.initializer"),
            1.0,
            f"All units of {evidence.name(rows[0])} begin with the same weights, so that only what comes back from "
            "layers behind it can tell them apart",
            [remedies.weights(evidence.experiment)],
            numbers={"unit_spread": 0.0},
            rows=rows,
        )

    def _hidden(self, evidence: Evidence, drawn: dict[str, list[float]]) -> Iterator[Finding]:
        total = sum(sum(gains) for gains in drawn.values())
        path = next(iter(drawn))
        if not abs(total) >= TOTAL_DECADES:
            return
        rows = rows_of(evidence, path)
        each = 10 ** (total / sum(len(gains) for gains in drawn.values()))
        yield from self.accuse(
            evidence,
            remedies.cause_of(evidence.experiment, f"{path}.initializer"),
            min(abs(total) / 2, 3.0) if self._outweighs(evidence, total) else SUSPECTED_UNMOVED,
            f"The initial weights are {number(each)} times as large as fits their activations, layer by layer: "
            f"{amount(abs(total), 'decade')} through the stack{self._consequence(evidence)}",
            [remedies.weights(evidence.experiment)],
            numbers={"weights_to_fitting": each, "decades": total},
            rows=rows,
            certain=evidence.frame.step < SUSPECTED_STEPS and self._lost(evidence),
        )

    def _consequence(self, evidence: Evidence) -> str:
        """``, and layer 1's error signal vanishes to 1.0·10⁻⁶ of layer 10's``, where it does now."""
        ends = Ends(evidence, "delta_rms")
        if VANISHING_RATIO <= ends.ratio <= EXPLODING_RATIO or not math.isfinite(ends.ratio):
            return ""
        first, last = (evidence.name(row) for row in ends.rows)
        verb = "vanishes" if ends.ratio < 1 else "explodes"
        return f", and {first}'s error signal {verb} to {times(ends.ratio)} {last}'s"

    def _lost(self, evidence: Evidence) -> bool:
        """Whether the signal is lost on its way, either way, so that nothing has to be waited for."""
        ratios = [Ends(evidence, name).ratio for name in ("delta_rms", "activation_std")]
        return any(not VANISHING_RATIO <= ratio <= EXPLODING_RATIO for ratio in ratios)

    def _outweighs(self, evidence: Evidence, total: float) -> bool:
        """Whether the weights do more to the error signal at step 0 than the slopes, as far as that is known."""
        shares = balance(evidence.first or evidence.frame)
        culprit = shares.culprit(-1 if total < 0 else 1) if shares is not None else None
        return culprit is None or culprit[0] != "slope"

    def _drawn(self, evidence: Evidence) -> dict[str, list[float]]:
        """Path of an entry whose draw does not fit → log₁₀ of each of its layers' gain."""
        frame = evidence.first or evidence.frame
        norms = frame.measures["weight_norm"]
        sizes: dict[str, list[float]] = {}
        for path, layer in remedies.layers_of(evidence.experiment):
            wanted = remedies.unfitting(layer)
            if wanted is None or path.count(".") > 1:
                continue
            for row, info in enumerate(evidence.layers):
                if info.entry == remedies.entry_of(path) and "." not in info.label and norms[row] > 0:
                    # σ_w² = n_in · variance of a weight, between layers of one width.
                    fitting = wanted().scaled_variance(info.units, info.units) or 1.0
                    size = math.log10(norms[row]) - math.log10(info.units * fitting) / 2
                    sizes.setdefault(path, []).append(float(size))
        return sizes

    def _output(self, evidence: Evidence) -> Iterator[Finding]:
        initializer = evidence.experiment.output.initializer
        size = float((evidence.first or evidence.frame).measures["weight_norm"][-1])
        gain = decades(size, math.sqrt(evidence.layers[-1].units)) if size > 0 and np.isfinite(size) else 0.0
        if initializer.family or initializer.data_dependent or gain < TOTAL_DECADES:
            return
        yield from self.accuse(
            evidence,
            remedies.cause_of(evidence.experiment, "output.initializer"),
            gain,
            f"The output's initial weights are {number(10**gain)} times as large as fits",
            [Remedy("Glorot output weights", (("output.initializer.kind", "glorot_normal"),))],
            numbers={"decades": gain},
        )
