"""What networks beside the run cost, and how long any step of a long run takes to be had again."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from msgspec.structs import replace as changed

from benchmarks import limit
from benchmarks.apart import apart
from benchmarks.nets import NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread, Timed, Work, interleaved
from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import LaneSpec
from simulator.network.threads import limited_blas
from simulator.running.building import FROM_STEP_0, built
from simulator.running.lanes import Lanes
from simulator.running.lineage import Lineage
from simulator.running.timeline import REST
from simulator.training.checkpoints import Checkpoints, KeptCheckpoint
from simulator.training.training import Training

COUNTS = (1, 2, 4)
LONG_RUN = 100_000
LIMITS = {2: 2.1, 4: 4.3}
"""Times the cost of one network, that so many may cost."""
FEWER = """\
A frame shows all networks at one step, so a new one needs a step of each of them. *Possible* is therefore the rate of
one network, or a frame for each step of all, made one after the other on one core, if that is less; looking at each of
them takes 1 to 3 ms more. Steps of more than 10 ms are made on both of two cores, though the second is the window's;
those of more than 3 ms on all that there are beyond two. The cost of a step is without anyone who looks: while somebody
does, a block of steps is no longer than a quarter of the time between looks.
"""


def _beside(net: str, count: int) -> Experiment:
    return changed(reference(net), lanes=tuple(LaneSpec(name=name, set={}) for name in "BCD"[: count - 1]))


def _together(net: str, count: int) -> Work:
    """Steps of a run with further networks, as the worker makes them, without anyone who looks."""
    run, lanes = built(1, _beside(net, count), FROM_STEP_0), Lanes()
    lanes.follow(run)
    while lanes.can_catch_up(0):
        lanes.catch_up(0)
    Lineage().share_budget(run, lanes.timelines)

    def step() -> None:
        lanes.propose_beside(run, lambda: True, trace=False, now=False)
        lanes.take_step(run, trace=False, now=False)
        run.rows.append(run.training.row(run.training.scalars()))
        run.apply()
        lanes.apply()

    def work(steps: int) -> None:
        for _ in range(steps):
            step()
        for live in (run, *lanes.live.values()):
            if live.rows.full:
                live.rows.take()

    return work


def _cost(net: str, options: Options) -> Timed:
    with limited_blas(1):
        works = {str(count): _together(net, count) for count in COUNTS} | limit.works_of(reference(net))
        return limit.limited(interleaved(works, options.rounds, options.block_seconds, time.process_time))


def _seconds(work: Work, times: int) -> float:
    began = time.process_time()
    work(times)
    return (time.process_time() - began) / times


def _recomputed(net: str, options: Options) -> tuple[float, float, float, list[float]]:
    """Seconds of a step, of a copy and of a step that is made again; seconds to have each step of a long run again.

    The store of checkpoints is the real one; the run's clock is what its steps and copies were measured to take.
    """
    with limited_blas(1):
        training = Training(reference(net))

        def again(steps: int) -> None:
            for _ in range(steps):
                training.make_step()

        def copies(times: int) -> None:
            for _ in range(times):
                training.checkpoint()

        few = 5 if options.quick else 60
        again(3)
        step, remade = _seconds(_together(net, 1), few), _seconds(again, few)
        copy = _seconds(copies, few)
    first = training.checkpoint()
    store, clock, due = Checkpoints(), 0.0, 0.0
    store.keep(KeptCheckpoint(replace(first, step=0), "start"))
    for made in range(1, LONG_RUN + 1):
        clock += step
        if store.due(made) and clock >= due:
            store.keep(KeptCheckpoint(replace(first, step=made)))
            clock += copy
            due = clock + REST * copy
    kept = [*store.steps, LONG_RUN]
    gaps = [after - before for before, after in pairwise(kept)]
    every = [copy + remade * behind for gap in gaps for behind in range(0, gap, 10)]
    return step, copy, remade, [*every, copy + remade * max(gaps)]


def frames(net: str, count: int, quick: bool) -> dict[str, Any]:
    """What the window with its default plots shows of so many networks while they train, in this process.

    A frame is as many painted plots as are seen: while the next view comes before all are brought to one, no moment
    shows the same step in all of them, and yet each is painted again and again.
    """
    from benchmarks.bench_window import Paints, opened, wait

    experiment = _beside(net, count)
    seconds, rates = 0.2 if quick else 4.0, list[float]()
    with opened(experiment, "process") as watch:
        bench, paints = watch.window.bench, Paints(watch.window)
        bench.play()
        while len(bench.lanes.updates) < count - 1 or bench.view is None or bench.view.frame.step == 0:
            wait(50)
        for _ in range(1 if quick else 3):
            before, began = paints.frames, time.perf_counter()
            wait(seconds * 1000)
            rates.append((paints.frames - before) / (time.perf_counter() - began))
        bench.pause()
        wait(100)
    return {"frames_per_second": Spread.of(rates).plain()}


def _shown(net: str, options: Options) -> dict[str, dict[str, Any]]:
    return {
        str(count): apart(frames, net, count, options.quick, environment={"QT_QPA_PLATFORM": "offscreen"})
        for count in COUNTS
    }


def _possible(timed: Timed, alone: float) -> dict[str, float]:
    """How many frames a second of several networks there can be, where those of one are shown ``alone`` times."""
    return {str(count): min(alone, 1 / timed.spread(str(count)).median) for count in COUNTS[1:]}


def _shares(rates: Sequence[float], possible: Sequence[float]) -> list[str]:
    """Of each of several networks the rate beside that of one, what is possible, and the share of it."""
    alone = max(rates[0], 1e-9)
    return [
        cell
        for rate, most in zip(rates[1:], possible, strict=True)
        for cell in (f"{rate:.1f} ({rate / alone:.0%})", f"{most:.1f}", f"{rate / max(most, 1e-9):.0%}")
    ]


def _sweep(options: Options) -> tuple[Spread, Spread]:
    """Processor time of a cell of a sweep over that of one run alone; the share of the time that processes are busy."""
    from benchmarks.maps import STEPS, made, of_seeds

    cells, steps, jobs = (2, 20, 2) if options.quick else (8, STEPS, os.cpu_count() or 1)
    costs, busy = list[float](), list[float]()
    for _ in range(1 if options.quick else 3):
        _, _, alone = made(of_seeds(1, steps), 1)
        wall, together, used = made(of_seeds(cells, steps), jobs)
        costs.append(used / cells / alone)
        busy.append(together / wall / jobs)
    return Spread.of(costs), Spread.of(busy)


def run(options: Options) -> Section:
    nets = list(NETS)[:1] if options.quick else list(NETS)
    columns = [f"{count}, at most {most}" for count, most in LIMITS.items()]
    cost = Table("Processor time of a step of several networks over that of one", ["net", *columns, "one network × L"])
    again = Table(
        f"Any step of a run of {LONG_RUN:,} steps had again, one BLAS thread, budget 512 MiB",
        ["net", "a step, ms", "a copy, ms", "a step made again, ms", "seconds (quartiles over all steps)", "at most"],
    )  # fmt: skip
    shown = Table(
        "Frames per second of the window, default plots live",
        ["net", "1", *(title for count in COUNTS[1:] for title in (f"{count}", f"possible with {count}", "reached"))],
    )
    section = Section([cost, shown, again], notes=[FEWER])
    for net in nets:
        timed = _cost(net, options)
        ratios = {count: timed.ratio(str(count), "1") for count in COUNTS[1:]}
        cost.rows.append([title(net), *(ratio.text() for ratio in (*ratios.values(), timed.ratio("1", "limit")))])
        rates = _shown(net, options)
        medians = [each["frames_per_second"]["median"] for each in rates.values()]
        possible = _possible(timed, medians[0])
        shown.rows.append([title(net), f"{medians[0]:.1f}", *_shares(medians, list(possible.values()))])
        step, copy, remade, seconds = _recomputed(net, options)
        spread = Spread.of(seconds)
        parts = [f"{part * 1e3:.2f}" for part in (step, copy, remade)]
        again.rows.append([title(net), *parts, spread.text(), f"{max(seconds):.1f}"])
        data: dict[str, Any] = {f"over_one_{count}": ratio.plain() for count, ratio in ratios.items()}
        data["possible_frames_per_second"] = possible
        data["over_limit"] = timed.ratio("1", "limit").plain()
        section.data[net] = data | {"networks": rates, "seconds_to_any_step": spread.plain(), "at_most": max(seconds)}
    cost_of_cell, busy = _sweep(options)
    beside = Table(
        "A sweep of eight runs in as many processes as there are cores, beside one of these runs alone",
        ["processor time of a run over that of one alone", "share of the time that its processes are busy"],
        [[cost_of_cell.text(), busy.text()]],
    )
    section.tables.append(beside)
    section.data["sweep"] = {"over_one": cost_of_cell.plain(), "busy": busy.plain()}
    return section
