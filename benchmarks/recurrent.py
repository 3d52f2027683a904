"""Recurrent nets beside PyTorch's own; ours with the gradient's norm at every time step of every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import peer
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Work, interleaved
from simulator.experiment import Experiment
from simulator.measures.time import time_profiles
from simulator.threads import limited_blas
from simulator.training import Training

UNITS, BATCH, STEPS = 64, 32, (100, 300, 1000)
KINDS = {"recurrent": "RNN", "gru": "GRU", "lstm": "LSTM"}


def _ours(kind: str, steps: int) -> tuple[Work, Training]:
    experiment = Experiment.from_builtins(
        {
            "data": {"kind": "adding", "steps": steps, "samples": 10 * BATCH},
            "layers": [{"kind": kind, "units": UNITS}],
            "loss": {"kind": "mse"},
            "optimizer": {"kind": "adam"},
            "batch_size": BATCH,
        }
    )
    training = Training(experiment)

    def work(count: int) -> None:
        for _ in range(count):
            training.propose()
            training.row(training.scalars())
            time_profiles(training.network.modules)
            training.apply()

    return work, training


def _peer(torch: Any, kind: str, training: Training, steps: int) -> Work:
    nn = torch.nn
    body, head = getattr(nn, KINDS[kind])(2, UNITS), nn.Linear(UNITS, 1)
    optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()])
    loss = nn.MSELoss()
    # (time, features, samples) as ours lays it out, to PyTorch's (time, samples, features).
    raw = np.asarray(training.data.x_train, np.float32).reshape(steps, 2, -1)
    x = torch.from_numpy(np.array(raw.transpose(0, 2, 1)))
    y = torch.from_numpy(np.array(training.data.y_train.T, np.float32))

    def work(count: int) -> None:
        for _ in range(count):
            chosen = torch.randint(0, x.shape[1], (BATCH,))
            optimizer.zero_grad()
            states, _ = body(x[:, chosen])
            loss(head(states[-1]), y[chosen]).backward()
            optimizer.step()

    return work


def run(options: Options) -> Section:
    torch = peer.torch_or_none()
    table = Table(
        f"Width {UNITS}, batch {BATCH}, Adam, one thread, {PROCESSOR}; ours with norms per time step",
        ["net, time steps", "ms per step", "× PyTorch"],
    )
    section = Section([table])
    cases = [(kind, steps) for kind in KINDS for steps in STEPS]
    for kind, steps in [("gru", 20)] if options.quick else cases:
        ours, training = _ours(kind, steps)
        works = {"ours": ours}
        if torch is not None:
            torch.set_num_threads(1)
            works["torch"] = _peer(torch, kind, training, steps)
        with limited_blas(1):
            timed = interleaved(works, min(options.rounds, 9), options.block_seconds)
        ratio = timed.ratio("ours", "torch") if torch is not None else None
        spread = timed.spread("ours", 1e3)
        name = f"{KINDS[kind]}, {steps}"
        table.rows.append([name, spread.text(), ratio.text() if ratio else "not installed"])
        section.data[name] = {"ms": spread.plain()} | ({"over_torch": ratio.plain()} if ratio else {})
    return section
