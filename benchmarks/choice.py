"""The chosen number of BLAS threads beside every fixed one."""

from __future__ import annotations

import os
import time

from benchmarks import ours
from benchmarks.nets import NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Work, interleaved
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads, limited_blas
from simulator.training.training import Training


def _held(work: Work, threads: int) -> Work:
    def held(steps: int) -> None:
        with limited_blas(threads):
            work(steps)

    return held


def _works(experiment: Experiment) -> tuple[dict[str, Work], int]:
    training = Training(experiment)
    chosen = blas_threads(training.network)
    work = ours.measured(training)
    works = {"chosen": _held(work, chosen)}
    works |= {str(threads): _held(work, threads) for threads in sorted({1, 2, os.cpu_count() or 1})}
    return works, chosen


def run(options: Options) -> Section:
    section = Section()
    counts = sorted({1, 2, os.cpu_count() or 1})
    table = Table(
        "Time per step with scalars by BLAS threads, as multiples of one thread (wall clock)",
        ["net", "chosen", "with the choice", *(f"{count} threads" for count in counts)],
    )
    for net in list(NETS)[:1] if options.quick else NETS:
        works, chosen = _works(reference(net))
        timed = interleaved(works, options.rounds, options.block_seconds, time.perf_counter)
        ratios = {name: timed.ratio(name, "1") for name in works}
        table.rows.append(
            [title(net), str(chosen), ratios["chosen"].text(), *(ratios[str(count)].text() for count in counts)]
        )
        section.data[net] = {"threads": chosen} | {name: ratio.plain() for name, ratio in ratios.items()}
    section.tables.append(table)
    return section
