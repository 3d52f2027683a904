"""Time per step beside bare matrix products and beside PyTorch."""

from __future__ import annotations

import time
from typing import Any

from benchmarks import limit, ours, peer
from benchmarks.bare import bare_passes
from benchmarks.nets import ACTIVATIONS, NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Timed, Work, interleaved
from simulator.network.threads import limited_blas

LABELS = {
    "plain": "plain",
    "scalars": "scalars each step",
    "tenth": "scalars, histograms each 10th step",
    "full": "full measures each step",
    "recorded": "all that a window records, each step",
}

BARE = {"bare": "bare passes of a plain step", "bare counted": "the same with bare counts"}
"""See :mod:`benchmarks.bare`."""


def _measure(net: str, activation: str, threads: int, options: Options) -> Timed:
    experiment = reference(net, activation)
    passes = {name: bare_passes(experiment, counted) for name, counted in zip(BARE, (False, True), strict=True)}
    works: dict[str, Work] = {**limit.works_of(experiment), **passes, **ours.variants(experiment)}
    torch = peer.torch_or_none()
    if torch is not None:
        torch.set_num_threads(threads)
        works |= peer.variants(torch, experiment)
    with limited_blas(threads):
        # Threads that wait for each other spend processor time too: only the clock on the wall tells.
        clock = time.process_time if threads == 1 else time.perf_counter
        return limit.limited(interleaved(works, options.rounds, options.block_seconds, clock))


def _cell(timed: Timed, name: str) -> str:
    against = f", {timed.ratio(name, f'torch {name}').text()} T" if f"torch {name}" in timed.seconds else ""
    return f"{timed.ratio(name, 'gemm').text()} G, {timed.ratio(name, 'limit').text()} L{against}"


def _plain(timed: Timed) -> dict[str, Any]:
    found: dict[str, Any] = {"microseconds": timed.plain(), "over_gemm": {}, "over_limit": {}, "over_torch": {}}
    found["limit_over_gemm"] = timed.ratio("limit", "gemm").plain()
    for name in (*BARE, *LABELS):
        found["over_gemm"][name] = timed.ratio(name, "gemm").plain()
        found["over_limit"][name] = timed.ratio(name, "limit").plain()
        if f"torch {name}" in timed.seconds:
            found["over_torch"][name] = timed.ratio(name, f"torch {name}").plain()
    return found


def run(options: Options) -> Section:
    section = Section()
    nets = list(NETS)[:1] if options.quick else list(NETS)
    for threads in options.threads:
        for activation in ACTIVATIONS:
            timed = {net: _measure(net, activation, threads, options) for net in nets}
            table = Table(
                f"Time per step, {activation}, BLAS threads: {threads}, "
                f"{PROCESSOR if threads == 1 else 'wall clock'} (median and quartiles of {options.rounds} rounds)",
                ["per step", *(title(net) for net in nets)],
            )
            table.rows.append(["bare products (G)", *(f"{timed[net].spread('gemm', 1e3).text(3)} ms" for net in nets)])
            ratios = (timed[net].ratio("limit", "gemm").text() for net in nets)
            table.rows.append(["limit: products and compulsory traffic (L)", *(f"{ratio} G" for ratio in ratios)])
            for name, label in {**BARE, **LABELS}.items():
                table.rows.append([label, *(_cell(timed[net], name) for net in nets)])
            section.tables.append(table)
            section.data[f"{activation}, {threads}"] = {net: _plain(timed[net]) for net in nets}
    if peer.torch_or_none() is None:
        section.notes.append("PyTorch is not installed: no comparison with it (T).")
    section.data["torch"] = peer.torch_or_none() is not None
    return section
