"""A small convolutional net beside PyTorch's: forward, backward and update of a batch.

PyTorch's time for the largest one differs from process to process by half, so each is measured in several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import limit, peer
from benchmarks.apart import apart
from benchmarks.gemm import bare_products
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Timed, Work, against, interleaved, told
from simulator.experiment.experiment import Experiment
from simulator.network.network import Network
from simulator.network.threads import limited_blas

CHANNELS, CLASSES, SAMPLES, RATE = (8, 16), 10, 1000, 0.01
SIZES, BATCHES = (8, 28), (32, 128)
WINDOW = 9
"""Entries of a window."""
TILE = 768
"""Columns of the products: BLAS takes more at up to three times as long each."""


def _ours(size: int, batch: int, pooled: bool) -> Work:
    layers: list[dict[str, Any]] = []
    for channels in CHANNELS:
        layers.append({"kind": "convolution", "channels": channels, "activation": {"kind": "relu"}})
        layers += [{"kind": "pooling"}] * pooled
    experiment = Experiment.from_builtins(
        {"data": {"kind": "digits"}, "optimizer": {"kind": "sgd"}, "layers": layers, "batch_size": batch}
    )
    network = Network(experiment, (1, size, size), CLASSES, batch)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((size * size, SAMPLES)).astype(np.float32)
    network.input[:-1] = x[:, :batch]
    network.initialise(0)
    chosen = rng.integers(0, SAMPLES, batch)
    y = np.eye(CLASSES, dtype=np.float32)[:, rng.integers(0, CLASSES, batch)]
    parameters = network.parameters

    def work(steps: int) -> None:
        for _ in range(steps):
            np.take(x, chosen, axis=1, out=network.input[:-1], mode="clip")
            network.forward()
            network.backward(y)
            np.multiply(parameters.gradient, -RATE, out=parameters.update)
            np.add(parameters.value, parameters.update, out=parameters.value)
            network.commit()

    return work


def _limit(size: int, batch: int, pooled: bool) -> dict[str, Work]:
    """Products over windows that are at hand, and images, errors and kernels moved once."""
    products: list[tuple[int, int, int, int]] = []
    parameters, moved, inputs, pixels = 0, size * size * batch, 1, size * size
    for channels in CHANNELS:
        times = max(1, pixels * batch // TILE)
        columns, entries = pixels * batch // times, inputs * WINDOW
        products += [(channels, entries, columns, times), (entries, columns, channels, times)]
        if inputs > 1:
            products.append((inputs, channels * WINDOW, columns, times))
        parameters += (entries + 1) * channels
        moved += channels * pixels * batch
        if pooled:
            pixels //= 4
            moved += channels * pixels * batch
        inputs = channels
    flat = inputs * pixels
    products += [(CLASSES, flat, batch, 1), (flat, batch, CLASSES, 1), (flat, CLASSES, batch, 1)]
    parameters += (flat + 1) * CLASSES
    return limit.works(bare_products(products), limit.sizes_of(parameters, 0, moved + CLASSES * batch))


def _peer(torch: Any, size: int, batch: int, pooled: bool) -> Work:
    nn = torch.nn
    layers: list[Any] = []
    for before, channels in zip((1, *CHANNELS), CHANNELS, strict=False):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()] + [nn.MaxPool2d(2)] * pooled
    side = size // 4 if pooled else size
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(CHANNELS[-1] * side * side, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    loss = nn.CrossEntropyLoss()
    x, chosen = torch.randn(SAMPLES, 1, size, size), torch.randint(0, SAMPLES, (batch,))
    y = torch.randint(0, CLASSES, (batch,))

    def work(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            loss(model(x[chosen]), y).backward()
            optimizer.step()

    return work


def observe(size: int, batch: int, pooled: bool, quick: bool) -> dict[str, Sequence[float]]:
    """Seconds per step of ours, of the limit's parts and of PyTorch's, round by round, for one net."""
    torch, options = peer.torch_or_none(), Options(quick)
    works = {"ours": _ours(size, batch, pooled), **_limit(size, batch, pooled)}
    if torch is not None:
        torch.set_num_threads(1)
        works["torch"] = _peer(torch, size, batch, pooled)
    with limited_blas(1):
        return dict(limit.limited(interleaved(works, options.rounds_apart, options.block_seconds)).seconds)


def run(options: Options) -> Section:
    table = Table(
        f"Two 3 × 3 convolutions (8 and 16 channels, ReLU), one thread, {PROCESSOR}. Each net in {options.processes} "
        f"processes of its own, {options.rounds_apart} rounds each",
        ["images, batch, pooling", "ms per step", "× L", "× PyTorch"],
    )
    section = Section([table])
    cases = [(size, batch, pooled) for size in SIZES for batch in BATCHES for pooled in (True, False)]
    for size, batch, pooled in cases[:1] if options.quick else cases:
        timed = Timed.joined([apart(observe, size, batch, pooled, options.quick) for _ in range(options.processes)])
        found = against(timed, "ours")
        name = f"{size} × {size}, {batch}, {'max 2' if pooled else 'none'}"
        table.rows.append([name, *told(found, 3)])
        section.data[name] = found
    return section
