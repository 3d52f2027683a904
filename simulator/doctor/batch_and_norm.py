"""What a norm averages over: a batch of one sample, a layer of one unit; and batches too small for a plain step."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor import remedies
from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.layer_settings import rows_of
from simulator.doctor.suspect import Suspect, decades
from simulator.layers.base import layer_kinds
from simulator.schema.numbers import count
from simulator.schema.plain import Plain

LEAST_NORM_UNITS = 16
"""Units over which a mean and a variance say something."""
SMALL_BATCH_SIZE = 8
"""Samples below which a batch's gradient is mostly noise."""


class SmallBatch(Suspect):
    """Batch norm over one observation gives x̂ = 0 by algebra; over few it gives noise, as their gradient is."""

    name = "batch"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        batch = evidence.frame.info.batch_size
        normed = [path for path, layer in remedies.layers_of(evidence.experiment) if _batch_normed(layer)]
        single = batch == 1 and bool(normed)
        # Of few samples no batch can have many; what is so by algebra is so all the same.
        if batch >= SMALL_BATCH_SIZE or (evidence.frame.info.train_samples < 4 * SMALL_BATCH_SIZE and not single):
            return
        size = count(batch, "sample")
        if single:
            what = (
                "Batch norm over a batch of 1 sample takes the sample from itself: x̂ is exactly 0, and so is the "
                "gradient of every weight below it"
            )
        elif normed:
            what = f"Batch norm takes mean and variance from {size} only"
        else:
            what = f"Each step follows the gradient of {size} only, which is mostly noise"
        yield from self.accuse(
            evidence,
            ("batch_size", evidence.experiment.batch_size),
            3.0 if single else decades(SMALL_BATCH_SIZE, batch) + (0.5 if normed else 0.0),
            what,
            [
                Remedy("Batch size 32", (("batch_size", 32),)),
                Remedy("No batch norm", tuple((f"{path}.normalization.kind", "none") for path in normed))
                if normed
                else None,
            ],
            numbers={"batch_size": float(batch)},
            certain=single,
        )


class NarrowNorm(Suspect):
    """Layer norm over one unit gives x̂ = 0 by algebra; over two, ±1."""

    name = "narrow norm"
    factor = "normalization"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        narrow = [
            (path, layer)
            for path, layer in remedies.layers_of(evidence.experiment)
            if remedies.normalized_over(layer) == "units" and layer.get("units", layer.get("channels", 99)) <= 2
        ]
        if not narrow:
            return
        path, layer = narrow[0]
        units = int(layer.get("units", layer.get("channels")))
        rows = [row for row in rows_of(evidence, path) if evidence.layers[row].units == units]
        name = evidence.name(rows[0]) if rows else "a layer"
        what = "is exactly 0, and so is every gradient below it" if units == 1 else "is +1 or −1, whatever the sample"
        yield from self.accuse(
            evidence,
            (f"{path}.normalization", layer["normalization"]["kind"]),
            3.0 if units == 1 else 0.8,
            f"Layer norm over {count(units, 'unit')} in {name} takes the sample from itself: x̂ {what}",
            [
                Remedy("No layer norm", tuple((f"{path}.normalization.kind", "none") for path, _ in narrow)),
                Remedy("Batch norm", tuple((f"{path}.normalization.kind", "batch") for path, _ in narrow)),
                Remedy(
                    f"{LEAST_NORM_UNITS} units",
                    tuple((f"{path}.units", LEAST_NORM_UNITS) for path, layer in narrow if "units" in layer),
                ),
            ],
            numbers={"units": float(units)},
            rows=rows,
            certain=units == 1,
        )


def _batch_normed(layer: Plain) -> bool:
    # A convolution averages over positions too.
    return remedies.normalized_over(layer) == "batch" and layer["kind"] not in layer_kinds(lambda kind: kind.structured)
