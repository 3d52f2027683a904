"""Recurrent nets beside PyTorch's own, on equal terms.

Both train the same sizes from weights drawn alike, with gates that keep the state, with a rate too small to change
them, and with underflow put to 0: numbers below the smallest normal one take a processor up to a hundred times as
long, and the times would tell of those. PyTorch tells nothing of time steps; ours tells the norm of the hidden gradient
at every one, and, in a second column, all that a window records. Each net is measured in several processes of its own:
after other nets, PyTorch's memory is laid out otherwise, and its LSTM of 300 steps takes two thirds of the time; and
from one process to the next both take times that differ by more than within one.
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
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.profile import gradient_norms
from simulator.network.threads import limited_blas
from simulator.observations.time_profile import time_profiles
from simulator.training.training import Training

UNITS, BATCH, STEPS = 64, 32, (100, 300, 1000)
KINDS = {"recurrent": "RNN", "gru": "GRU", "lstm": "LSTM"}
GATES, STATES = {"recurrent": 1, "gru": 3, "lstm": 4}, {"recurrent": 1, "gru": 1, "lstm": 2}
FEATURES = 2
RATE, KEEP = 1e-9, 6.0
"""Learning rate, and the bias of the gate that keeps the state."""


def _training(kind: str, steps: int) -> Training:
    layer: dict[str, Any] = {"kind": kind, "units": UNITS}
    experiment = Experiment.from_builtins(
        {
            "data": {"kind": "adding", "steps": steps, "samples": 10 * BATCH},
            "layers": [layer | ({"forget_bias": KEEP} if kind == "lstm" else {})],
            "loss": {"kind": "mse"},
            "optimizer": {"kind": "adam", "learning_rate": RATE},
            "batch_size": BATCH,
        }
    )
    training = Training(experiment)
    (module,) = training.network.modules
    assert isinstance(module, ThroughTimeModule)
    if kind == "gru":
        module.block.value[-1, :UNITS] = -KEEP
    return training


def _ours(training: Training) -> dict[str, Work]:
    gradient = training.network.taps[0].extras["hidden_gradient"].transpose(1, 0, 2)

    def with_norms(count: int) -> None:
        for _ in range(count):
            training.make_step()
            gradient_norms(gradient)

    def recorded(count: int) -> None:
        for _ in range(count):
            training.propose()
            training.row(training.scalars())
            time_profiles(training.network.modules)
            training.apply()

    return {"norms": with_norms, "recorded": recorded}


def _limit(kind: str, steps: int) -> dict[str, Work]:
    """A product with the state per step there and back, all else at once; states and pre-activations moved once."""
    rows = GATES[kind] * UNITS
    products = [
        (rows, FEATURES, steps * BATCH, 1),
        (rows, UNITS, BATCH, steps),
        (UNITS, rows, BATCH, steps),
        (rows, steps * BATCH, UNITS + FEATURES, 1),
    ]
    moved = (rows + STATES[kind] * UNITS + FEATURES) * steps * BATCH
    return limit.works(bare_products(products), limit.sizes_of((UNITS + FEATURES + 1) * rows + UNITS + 1, 2, moved))


def _peer(torch: Any, kind: str, training: Training, steps: int) -> Work:
    nn = torch.nn
    body, head = getattr(nn, KINDS[kind])(2, UNITS), nn.Linear(UNITS, 1)
    with torch.no_grad():
        for gate in body.weight_hh_l0.split(UNITS):
            nn.init.orthogonal_(gate)
        if kind != "recurrent":
            body.bias_hh_l0[UNITS : 2 * UNITS] = KEEP
    optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=RATE)
    loss = nn.MSELoss()
    # (time, features, samples) as ours lays it out, to PyTorch's (time, samples, features).
    raw = np.asarray(training.data.x_train, np.float32).reshape(steps, 2, -1)
    x = torch.from_numpy(np.array(raw.transpose(0, 2, 1)))
    y = torch.from_numpy(np.array(training.data.y_train.T, np.float32))

    def work(count: int) -> None:
        # As ours does.
        torch.set_flush_denormal(True)
        for _ in range(count):
            chosen = torch.randint(0, x.shape[1], (BATCH,))
            optimizer.zero_grad()
            states, _ = body(x[:, chosen])
            loss(head(states[-1]), y[chosen]).backward()
            optimizer.step()
        torch.set_flush_denormal(False)

    return work


def observe(kind: str, steps: int, quick: bool) -> dict[str, Sequence[float]]:
    """Seconds per step of ours, of the limit's parts and of PyTorch's, round by round, for one net."""
    torch, options = peer.torch_or_none(), Options(quick)
    training = _training(kind, steps)
    works = {**_ours(training), **_limit(kind, steps)}
    if torch is not None:
        torch.set_num_threads(1)
        works["torch"] = _peer(torch, kind, training, steps)
    with limited_blas(1):
        return dict(limit.limited(interleaved(works, options.rounds_apart, options.block_seconds)).seconds)


def run(options: Options) -> Section:
    table = Table(
        f"Width {UNITS}, batch {BATCH}, Adam, one thread, {PROCESSOR}; underflow is put to 0 on both sides. Each net "
        f"in {options.processes} processes of its own, {options.rounds_apart} rounds each",
        [
            "net, time steps",
            "with norms per time step, ms",
            "× L",
            "× PyTorch",
            "with all that a window records, ms",
            "× L",
            "× PyTorch",
        ],
    )
    section = Section([table])
    cases = [(kind, steps) for kind in KINDS for steps in STEPS]
    for kind, steps in [("gru", 20)] if options.quick else cases:
        timed = Timed.joined([apart(observe, kind, steps, options.quick) for _ in range(options.processes)])
        found = {column: against(timed, column) for column in ("norms", "recorded")}
        name = f"{KINDS[kind]}, {steps}"
        table.rows.append([name, *(cell for each in found.values() for cell in told(each))])
        section.data[name] = found
    return section
