"""Settings of layers: dropout, the scale of branches, recurrent weights, the gates of highways, biases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from simulator.doctor import remedies
from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.doctor.suspect import SUSPECTED_UNMOVED, Suspect, decades
from simulator.layers.base import layer_kinds
from simulator.schema.numbers import percent, setting
from simulator.schema.plain import Plain

LEAST_KEPT_SHARE = 0.25
"""Share of the units kept, below which dropout hides more than it regularises."""
MANY_BRANCHES = 8
"""Residual blocks from which on their sum must be scaled."""


def rows_of(evidence: Evidence, path: str) -> list[int]:
    """Rows of the layers of an entry of the experiment."""
    entry = remedies.entry_of(path)
    return [row for row, layer in enumerate(evidence.layers) if layer.entry == entry]


class HeavyDropout(Suspect):
    """The share of units that is kept."""

    name = "dropout"
    factor = "dropout"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        heavy = [
            (path, layer["dropout"])
            for path, layer in remedies.layers_of(evidence.experiment)
            if 1 - layer.get("dropout", {}).get("rate", 0.0) < LEAST_KEPT_SHARE
        ]
        if not heavy:
            return
        path, dropout = heavy[0]
        rate = float(dropout["rate"])
        yield from self.accuse(
            evidence,
            (f"{path}.dropout.rate", rate),
            decades(rate / (1 - rate), 1.5),
            f"Dropout switches {percent(rate)} of the units of {evidence.name(rows_of(evidence, path)[0])} off at "
            f"each step",
            [
                Remedy("No dropout", tuple((f"{path}.dropout.kind", "none") for path, _ in heavy)),
                Remedy("Dropout 0.2", tuple((f"{path}.dropout.rate", 0.2) for path, _ in heavy)),
            ],
            numbers={"dropout": rate},
            rows=rows_of(evidence, path),
        )


class BranchScale(Suspect):
    """How many times larger the sum of residual branches is than what comes in."""

    name = "branch scale"
    factor = "skip"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        blocks = [
            (path, layer)
            for path, layer in remedies.layers_of(evidence.experiment)
            if layer.get("branch_scale", 0.0) > 0
        ]
        count = sum(layer["repeat"] for _, layer in blocks)
        growth = self._growth(evidence)
        if not blocks or count < 2 or not growth > 3:
            return
        path, layer = blocks[0]
        scale = float(layer["branch_scale"])
        deep = layer["scale"] == "sqrt_depth"
        cause = ("branch_scale", scale) if scale > 1 or deep or count < MANY_BRANCHES else ("scale", "fixed")
        yield from self.accuse(
            evidence,
            (f"{path}.{cause[0]}", cause[1]),
            decades(growth, 3.0) / 2 + 0.5,
            f"{count} branches are added with a scale of {number(scale)} each, so that the signal grows "
            f"{number(growth)} times from the first sum to the last",
            [
                Remedy("Branches over √depth", _settings(blocks, scale="sqrt_depth", branch_scale=1.0)),
                Remedy("Branch scale 0.1", _settings(blocks, branch_scale=0.1)),
            ],
            numbers={"branch_scale": scale, "growth": growth},
            rows=rows_of(evidence, path),
        )

    def _growth(self, evidence: Evidence) -> float:
        frame = evidence.first or evidence.frame
        branched = layer_kinds(lambda layer: layer.branched)
        rows = [row for row, layer in enumerate(evidence.layers) if layer.kind in branched and "." not in layer.label]
        if len(rows) < 2:
            return 0.0
        sizes = np.hypot(frame.measures["activation_std"][rows], frame.measures["activation_mean"][rows])
        growth = float(np.nanmax(sizes) / sizes[0]) if sizes[0] > 0 else math.inf
        return growth if math.isfinite(growth) else 1e30


def _settings(blocks: Sequence[tuple[str, Plain]], **values: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((f"{path}.{name}", value) for path, _ in blocks for name, value in values.items())


class RecurrentWeights(Suspect):
    """What one time step multiplies the state with: a recurrent gain beyond 1."""

    name = "recurrent weights"
    factor = "time"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        for path, layer in remedies.layers_of(evidence.experiment):
            initializer = remedies.initializer_of(layer, "recurrent_initializer")
            if initializer is None:
                continue
            gain = initializer.spectral_radius(int(layer["units"]))
            strength = abs(math.log10(gain)) / 0.3 if gain > 0 else 3.0
            if strength < 0.4:
                continue
            yield from self.accuse(
                evidence,
                remedies.cause_of(evidence.experiment, f"{path}.recurrent_initializer"),
                strength,
                f"The recurrent weights of {evidence.name(rows_of(evidence, path)[0])} multiply the state by about "
                f"{number(gain)} at each time step",
                [
                    Remedy(
                        "Orthogonal recurrent weights", ((f"{path}.recurrent_initializer", {"kind": "orthogonal"}),)
                    ),
                    Remedy("Identity recurrent weights", ((f"{path}.recurrent_initializer", {"kind": "identity"}),)),
                ],
                numbers={"recurrent_gain": gain},
                rows=rows_of(evidence, path),
            )
            return


class OpenGates(Suspect):
    """Highway gates that begin open: each layer transforms all, and carries nothing."""

    name = "open gates"
    factor = "gate"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        highways = [
            (path, layer) for path, layer in remedies.layers_of(evidence.experiment) if "transform_bias" in layer
        ]
        count = sum(layer["repeat"] for _, layer in highways)
        if not highways:
            return
        path, layer = max(highways, key=lambda item: item[1]["transform_bias"])
        bias = float(layer["transform_bias"])
        kept = 1 / (1 + math.exp(min(bias, 700)))
        # What is left of the input after all of them.
        lost = -count * math.log10(kept) if kept > 0 else math.inf
        if lost < 1 or bias <= -3:
            return
        yield from self.accuse(
            evidence,
            (f"{path}.transform_bias", bias),
            min(lost / 3, 3.0),
            f"The gates of {count} highway layers begin {percent(1 - kept)} open (transform bias {setting(bias)}), "
            f"which carries {number(10**-lost)} of the input to the end",
            [remedies.shut_gates(evidence.experiment)],
            numbers={"transform_bias": bias, "carried_decades": -lost},
            rows=rows_of(evidence, path),
        )


class LargeBiases(Suspect):
    """Biases that begin so far from 0 that every unit is off, or flat."""

    name = "biases"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        for path, layer in [
            *remedies.layers_of(evidence.experiment),
            ("output", evidence.experiment.to_builtins()["output"]),
        ]:
            initializer = remedies.initializer_of(layer, "bias_initializer")
            size = 0.0 if initializer is None else initializer.fixed_size()
            if initializer is None or size < 1:
                continue
            name = "the output" if path == "output" else evidence.name(rows_of(evidence, path)[0])
            yield from self.accuse(
                evidence,
                (f"{path}.bias_initializer", initializer.kind),
                # Those of the output are the first to be learnt.
                min(decades(size, 0.5), SUSPECTED_UNMOVED if path == "output" else math.inf),
                f"The biases of {name} begin at the size {number(size)}",
                [Remedy("Biases 0", ((f"{path}.bias_initializer.kind", "zeros"),))],
                numbers={"bias_size": size},
            )
            return
