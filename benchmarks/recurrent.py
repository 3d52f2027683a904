"""Recurrent nets beside PyTorch's own, on equal terms.

Both train the same sizes from weights drawn alike, with gates that keep the state, and with a rate too small to change
them: a gradient that vanishes ends in numbers below the smallest normal one, for which a processor takes up to a
hundred times as long, and the times would tell of those. PyTorch tells nothing of time steps; ours tells the norm of
the hidden gradient at every one, and, in a second column, all that a window records.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import peer
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Work, interleaved
from simulator.experiment import Experiment
from simulator.layers.through_time import ThroughTimeModule
from simulator.measures.time import gradient_norms, time_profiles
from simulator.threads import limited_blas
from simulator.training import Training

UNITS, BATCH, STEPS = 64, 32, (100, 300, 1000)
KINDS = {"recurrent": "RNN", "gru": "GRU", "lstm": "LSTM"}
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
            training.propose(measure=False)
            gradient_norms(gradient)
            training.apply()

    def recorded(count: int) -> None:
        for _ in range(count):
            training.propose()
            training.row(training.scalars())
            time_profiles(training.network.modules)
            training.apply()

    return {"norms": with_norms, "recorded": recorded}


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
        # Ours puts 0 where a gradient underflows; without this PyTorch goes on in numbers that take ten times as long.
        torch.set_flush_denormal(True)
        for _ in range(count):
            chosen = torch.randint(0, x.shape[1], (BATCH,))
            optimizer.zero_grad()
            states, _ = body(x[:, chosen])
            loss(head(states[-1]), y[chosen]).backward()
            optimizer.step()
        torch.set_flush_denormal(False)

    return work


def run(options: Options) -> Section:
    torch = peer.torch_or_none()
    table = Table(
        f"Width {UNITS}, batch {BATCH}, Adam, one thread, {PROCESSOR}; no gradient vanishes, on either side",
        [
            "net, time steps",
            "with norms per time step, ms",
            "× PyTorch",
            "with all that a window records, ms",
            "× PyTorch",
        ],
    )
    section = Section([table])
    cases = [(kind, steps) for kind in KINDS for steps in STEPS]
    for kind, steps in [("gru", 20)] if options.quick else cases:
        training = _training(kind, steps)
        works = _ours(training)
        if torch is not None:
            torch.set_num_threads(1)
            works["torch"] = _peer(torch, kind, training, steps)
        with limited_blas(1):
            timed = interleaved(works, min(options.rounds, 9), options.block_seconds)
        name = f"{KINDS[kind]}, {steps}"
        row, data = [name], {}
        for work in ("norms", "recorded"):
            spread = timed.spread(work, 1e3)
            ratio = timed.ratio(work, "torch") if torch is not None else None
            row += [spread.text(), ratio.text() if ratio else "not installed"]
            data[work] = {"ms": spread.plain()} | ({"over_torch": ratio.plain()} if ratio else {})
        table.rows.append(row)
        section.data[name] = data
    return section
