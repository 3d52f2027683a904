"""From a change of the initialiser to the painted plots of the new step 0."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.nets import NETS, dense, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread
from simulator.running.session import usual_mode
from simulator.schema.parameter import replaced


def _drag(net: str, moves: int) -> Spread:
    """Milliseconds per move of the standard deviation's slider."""
    from benchmarks.bench_window import opened, wait

    found = []
    with opened(dense(*NETS[net], std=0.1), usual_mode()) as watch:
        document = watch.window.document
        for move in range(moves):
            plain = replaced(document.experiment.to_builtins(), ("layers", 0, "initializer", "std"), 0.1 + move / 1e3)
            run = watch.window.bench.info.run if watch.window.bench.info else 0

            def change(plain: Any = plain) -> None:
                assert document.propose(plain, "Change std", "std", False) is None

            def is_new(view: Any, run: int = run) -> bool:
                return bool(view.frame.run != run and view.frame.step == 0)

            if move:
                found.append(watch.until_painted(is_new, change) * 1e3)
            wait(60 + 7 * (move % 5))
    return Spread.of(found)


def run(options: Options) -> Section:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    table = Table("Pre-flight: from a moved initialiser to all plots painted", ["net", "ms (quartiles)"])
    section = Section([table])
    for net in ("a",) if options.quick else ("a", "b", "c"):
        spread = _drag(net, 3 if options.quick else 31)
        table.rows.append([title(net), spread.text(0)])
        section.data[net] = spread.plain()
    return section
