"""The chosen number of BLAS threads beside every fixed one."""

from __future__ import annotations

import os
import time

from benchmarks import limit, ours
from benchmarks.nets import NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Prepared, Work, interleaved
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads, limited_blas
from simulator.training.training import Training


def _held(work: Work, threads: int) -> Work:
    def held(steps: int) -> None:
        with limited_blas(threads):
            work(steps)

    return Prepared(work.prepare, held) if isinstance(work, Prepared) else held


def _works(experiment: Experiment) -> tuple[dict[str, Work], int]:
    training = Training(experiment)
    chosen = blas_threads(training.network)
    work = ours.measured(training)
    works = {"chosen": _held(work, chosen)}
    works |= {str(threads): _held(work, threads) for threads in sorted({1, 2, os.cpu_count() or 1})}
    works |= {name: _held(work, 1) for name, work in limit.works_of(experiment).items()}
    return works, chosen


def run(options: Options) -> Section:
    section = Section()
    counts = sorted({1, 2, os.cpu_count() or 1})
    table = Table(
        "Time per step with scalars by BLAS threads, as multiples of one thread (wall clock)",
        ["net", "chosen", "with the choice", *(f"{count} threads" for count in counts), "one thread × L"],
    )
    for net in list(NETS)[:1] if options.quick else NETS:
        works, chosen = _works(reference(net))
        timed = limit.limited(interleaved(works, options.rounds, options.block_seconds, time.perf_counter))
        ratios = {name: timed.ratio(name, "1") for name in works if name not in limit.PARTS}
        over = timed.ratio("1", "limit")
        table.rows.append(
            [title(net), str(chosen), *(ratios[name].text() for name in ("chosen", *map(str, counts))), over.text()]
        )
        section.data[net] = {"threads": chosen, "over_limit": over.plain()} | {
            name: ratio.plain() for name, ratio in ratios.items()
        }
    section.tables.append(table)
    return section
