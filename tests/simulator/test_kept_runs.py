"""Runs that edits put aside: they go on where the edit is undone or redone, to the numbers that they would have had."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from simulator.experiment.experiment import Experiment
from simulator.layers import Layer
from simulator.record.history import History
from simulator.running.kept_runs import KeptRun, KeptRuns
from simulator.running.messages import (
    Budget,
    Command,
    Forget,
    GoBack,
    Keep,
    KeepBefore,
    Look,
    Play,
    Refused,
    Reply,
    Started,
    Stop,
    Train,
    Update,
)
from simulator.running.worker import Worker
from simulator.schema.parameter import Parameter, concrete, differences, is_live_change, kind_of, parameters
from simulator.training.training import Training
from tests.thinned import thinned

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60, "noise": 0.2},
    "layers": [{"kind": "dense", "units": 6, "dropout": {"kind": "inverted", "rate": 0.2}}] * 2,
    "optimizer": {"kind": "adam"},
    "batch_size": 16,
}
EXPERIMENT = Experiment.from_builtins(PLAIN)
IMPOSSIBLE = EXPERIMENT.with_values([("data.kind", "csv"), ("data.path", "nowhere.csv"), ("data.target", "y")])


class Script:
    """Gives each command when the worker has nothing else to do."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = [*commands, Stop()]
        self.replies: list[Reply] = []
        self.worker = Worker(self, self.replies.append)
        self.worker.loop()

    def get(self, timeout: float | None) -> Command | None:
        return None if timeout is not None else self.commands.pop(0)

    def of(self, kind: type[Any]) -> list[Any]:
        return [reply for reply in self.replies if isinstance(reply, kind)]


def losses(experiment: Experiment, steps: int) -> list[float]:
    """What a run of its own has at each step."""
    training = Training(experiment)
    found = []
    for _ in range(steps):
        training.propose()
        found.append(training.loss)
        training.apply()
    return found


def told(script: Script) -> list[float]:
    """The losses of the run that goes on at the end, as a screen has them that keeps what was told of a kept run."""
    history: History | None = None
    kept: dict[int, History | None] = {}
    for reply in script.replies:
        if isinstance(reply, Started | Refused):
            if reply.ended is not None and history is not None:
                history.extend(reply.ended.rows)
                kept[reply.ended.run] = history
            if isinstance(reply, Started):
                history = kept[reply.continues] if reply.continues else History(reply.columns, start=reply.step)
        if isinstance(reply, Update) and history is not None:
            for rows in reply.rows:
                history.extend(rows)
    assert history is not None
    return history.series("loss").last.tolist()


def other_values(parameter: Parameter, value: Any) -> Iterator[Any]:
    """One other valid value for a field, where one is easily had."""
    match parameter.type:
        case "integer" | "number" if value is not None:
            yield value + 1 if parameter.high is None or value + 1 <= parameter.high else value / 2
        case "flag":
            yield not value
        case "choice":
            yield from (choice for choice in parameter.choices if choice != value)
        case "part":
            for kind in parameter.kinds:
                if value is None or kind_of(kind) != value["kind"]:
                    yield {"kind": kind_of(kind)}


def structural_changes() -> Iterator[tuple[str, Experiment]]:
    """Every field of every section that cannot be changed live, changed where such a change can be trained."""
    whole = EXPERIMENT.to_builtins()
    places: list[tuple[str, Any, type[Any]]] = [
        ("", whole, Experiment),
        ("output", whole["output"], type(EXPERIMENT.output)),
    ]
    places.append(("data", whole["data"], type(EXPERIMENT.data)))
    places.append(("layers.0", whole["layers"][0], type(EXPERIMENT.layers[0])))
    for place, plain, spec in places:
        for parameter in parameters(spec):
            path = f"{place}.{parameter.name}".strip(".")
            for value in other_values(parameter, plain.get(parameter.name)):
                try:
                    changed = EXPERIMENT.with_values([(path, value)])
                except ValueError:
                    continue
                if not is_live_change(EXPERIMENT, changed):
                    yield f"{path}={value}", changed
    for kind in concrete(Layer)[1:]:
        yield f"layers.1.kind={kind_of(kind)}", EXPERIMENT.with_values([("layers.1.kind", kind_of(kind))])
    yield "one layer more", EXPERIMENT.with_values([("layers", [*PLAIN["layers"], {"kind": "dense"}])])
    yield "one layer less", EXPERIMENT.with_values([("layers", PLAIN["layers"][:1])])


CHANGES = dict(structural_changes())


def test_every_section_has_changes_that_start_over() -> None:
    sections = {
        str(path[0]) for changed in CHANGES.values() for path, live in differences(EXPERIMENT, changed) if not live
    }
    fields = {p.name for p in parameters(Experiment) if not p.live}
    assert sections >= fields - {"format"}


@pytest.mark.parametrize("name", thinned(list(CHANGES), first=1))
def test_undone_a_change_brings_the_run_back_and_it_goes_on_to_the_same_numbers(name: str) -> None:
    there = [Train(1, EXPERIMENT), Play(7), Train(2, CHANGES[name], 5), Play(3)]
    script = Script([*there, Train(3, EXPERIMENT, 5, True), Play(6), Look(1)])
    last = script.of(Started)[-1]
    assert (last.continues, last.step) == (1, 7)
    assert told(script) == losses(EXPERIMENT, 14)


def test_redone_a_change_brings_its_own_run_back() -> None:
    other = EXPERIMENT.with_values([("seed", 9)])
    there = [Train(1, EXPERIMENT), Play(4), Train(2, other, 5), Play(3)]
    script = Script([*there, Train(3, EXPERIMENT, 5, True), Play(2), Train(4, other, 5, True), Play(5), Look(1)])
    assert [(s.continues, s.step) for s in script.of(Started)] == [(0, 0), (0, 0), (1, 4), (2, 3)]
    assert told(script) == losses(other, 9)


def test_a_restart_is_undone_too() -> None:
    there = [Train(1, EXPERIMENT), Play(5), GoBack(2, 0, EXPERIMENT, 8), Play(2)]
    script = Script([*there, Train(3, EXPERIMENT, 8, True), Play(3), Look(1)])
    assert [(s.continues, s.step) for s in script.of(Started)] == [(0, 0), (0, 0), (1, 5)]
    assert told(script) == losses(EXPERIMENT, 9)


def test_a_drag_keeps_the_run_from_before_it_and_not_its_own_stages() -> None:
    stages = [EXPERIMENT.with_values([("seed", seed)]) for seed in (1, 2, 3)]
    drag: list[Command] = []
    for run, stage in enumerate(stages, 2):
        drag += [Train(run, stage, 5), Play(2)]
    script = Script([Train(1, EXPERIMENT), Play(4), *drag, Train(9, EXPERIMENT, 5, True), Look(1)])
    assert [s.ended is not None for s in script.of(Started)] == [False, True, False, False, True]
    assert script.of(Started)[-1].continues == 1


def test_a_run_takes_over_what_has_changed_live_meanwhile() -> None:
    faster = EXPERIMENT.with_values([("optimizer.learning_rate", 0.02)])
    other = EXPERIMENT.with_values([("seed", 9)])
    script = Script([Train(1, EXPERIMENT), Play(3), Train(2, other, 5), Train(3, faster, 5, True), Play(3), Look(1)])
    assert script.of(Started)[-1].continues == 1
    training = Training(EXPERIMENT)
    for step in range(7):
        if step == 3:
            training.update_spec(faster)
        training.propose()
        training.apply()
    assert told(script)[-1] == training.loss


def test_what_cannot_be_built_trains_nothing_and_the_run_waits_for_it_to_be_mended() -> None:
    there = [Train(1, EXPERIMENT), Play(5), Train(2, IMPOSSIBLE, 5), Play(4), Look(1)]
    script = Script([*there, Train(3, EXPERIMENT, 6), Play(2), Look(2)])
    refused = script.of(Refused)[0]
    assert "nowhere.csv" in refused.message
    assert refused.ended.checkpoint.step == 5
    while_refused, after = script.of(Update)
    assert while_refused.frame is None
    assert not while_refused.playing
    assert (script.of(Started)[-1].continues, after.frame.step) == (1, 7)
    assert told(script) == losses(EXPERIMENT, 8)


def test_a_network_put_in_place_of_an_impossible_one_leaves_the_old_run_to_undo() -> None:
    repaired = EXPERIMENT.with_values([("batch_size", 8)])
    there = [Train(1, EXPERIMENT), Play(5), Train(2, IMPOSSIBLE, 5), Train(3, repaired, 6), Play(2)]
    back = [Train(4, IMPOSSIBLE, 6, True), Train(5, EXPERIMENT, 5, True), Look(1)]
    script = Script([*there, *back])
    assert [(s.continues, s.step) for s in script.of(Started)] == [(0, 0), (0, 0), (1, 5)]


def test_a_network_that_is_opened_leaves_nothing_to_bring_back() -> None:
    script = Script([Train(1, EXPERIMENT), Play(5), Train(2, IMPOSSIBLE), Train(3, EXPERIMENT), Look(1)])
    assert script.of(Refused)[0].ended is None
    assert script.of(Started)[-1].continues == 0
    assert script.of(Started)[-1].step == 0


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 2.7 GiB"), MemoryError(), RuntimeError("no luck")])
def test_whatever_stops_a_network_from_being_built_stops_the_training_of_the_last(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Training

    def breaks(experiment: Experiment, *rest: Any) -> Training:
        if experiment != EXPERIMENT:
            raise error
        return made(experiment, *rest)

    monkeypatch.setattr("simulator.running.building.Training", breaks)
    other = EXPERIMENT.with_values([("seed", 9)])
    there = [Train(1, EXPERIMENT), Play(5), Train(2, other, 5), Play(3), Look(1)]
    script = Script([*there, Train(3, EXPERIMENT, 5, True), Look(2)])
    assert str(error) in script.of(Refused)[0].message
    assert bool(script.of(Refused)[0].traceback) == isinstance(error, RuntimeError)
    assert script.of(Update)[0].frame is None
    assert script.of(Started)[-1].step == 5


def test_a_kept_run_goes_on_in_another_worker() -> None:
    other = EXPERIMENT.with_values([("seed", 9)])
    kept = Script([Train(1, EXPERIMENT), Play(5), Train(2, other, 5)]).of(Started)[-1].ended
    kept = pickle.loads(pickle.dumps(kept))
    script = Script([Keep(kept), Train(3, other), Play(2), Train(4, EXPERIMENT, 5, True), Play(1), Look(1)])
    assert (script.of(Started)[-1].continues, script.of(Started)[-1].step) == (1, 5)
    assert script.of(Update)[0].frame.scalars["loss"] == losses(EXPERIMENT, 7)[-1]


def kept_run(number: int) -> KeptRun:
    training = Training(EXPERIMENT)
    return KeptRun(number, number, 0, training.checkpoint())


def test_the_oldest_go_first_and_none_takes_more_than_there_is_room_for() -> None:
    runs = KeptRuns()
    for number in range(1, 30):
        runs.keep(kept_run(number))
    size = kept_run(1).nbytes
    runs.fit(16 * size)
    assert [kept.run for kept in runs] == list(range(14, 30))
    assert runs.nbytes == 16 * size
    runs.fit(2 * size - 1)
    assert [kept.run for kept in runs] == [29]
    assert runs.take(29, EXPERIMENT.with_values([("seed", 3)])) is None
    assert runs.take(29, EXPERIMENT) is not None
    assert not list(runs)
    runs.keep(kept_run(30))
    runs.fit(size - 1)
    assert not list(runs)


def test_checkpoints_and_kept_runs_share_one_budget() -> None:
    size = kept_run(1).nbytes
    others = [EXPERIMENT.with_values([("seed", seed)]) for seed in (1, 2, 3)]
    runs: list[Command] = []
    for number, other in enumerate(others, 2):
        runs += [Train(number, other, number), Play(30)]
    first: list[Command] = [Budget(int(6.5 * size)), Train(1, EXPERIMENT), Play(30)]
    roomy, tight = Script([*first, *runs, Look(1), Budget(3 * size), Look(2)]).of(Update)
    assert 0 < roomy.kept.nbytes <= 3.5 * size
    assert tight.kept.nbytes == 0
    undone = [Train(7, others[1], 4, True), Train(8, others[0], 3, True), Train(9, EXPERIMENT, 2, True)]
    back = Script([*first, *runs, Budget(2 * size), *undone])
    assert [started.continues for started in back.of(Started)][-3:] == [3, 2, 0]


@pytest.mark.parametrize("undone", [1, 2, 3])
def test_each_run_that_is_brought_back_has_the_checkpoints_of_its_way(undone: int) -> None:
    others = [EXPERIMENT.with_values([("seed", seed)]) for seed in (1, 2, 3)]
    there: list[Command] = [Train(1, EXPERIMENT), Play(30)]
    for number, other in enumerate(others, 2):
        there += [Train(number, other, number), Play(30 * number)]
    ways = [EXPERIMENT, *others]
    back = [Train(9 - number, ways[number - 2], number, True) for number in (4, 3, 2)]
    seen = Script([*there, *back[:undone], Look(1)]).of(Update)[-1]
    stood = 30 * (4 - undone)
    assert seen.frame.step == stood
    assert [step for step in seen.kept.steps if 0 < step < stood], seen.kept.steps


def test_the_ways_of_all_runs_that_were_put_aside_share_a_quarter_of_the_budget() -> None:
    size = kept_run(1).nbytes
    runs: list[Command] = [Budget(40 * size), Train(1, EXPERIMENT), Play(30)]
    for number in range(2, 8):
        runs += [Train(number, EXPERIMENT.with_values([("seed", number)]), number), Play(30)]
    kept = Script([*runs, Look(1)]).of(Update)[-1].kept
    assert 0 < kept.aside <= 10 * size
    assert kept.nbytes + kept.aside <= 34 * size


def test_a_run_that_the_window_gives_up_is_kept_no_longer() -> None:
    other = EXPERIMENT.with_values([("seed", 9)])
    script = Script([Train(1, EXPERIMENT), Play(5), Train(2, other, 5), Forget(1), Train(3, EXPERIMENT, 5, True)])
    assert (script.of(Started)[-1].continues, script.of(Started)[-1].step) == (0, 0)


def test_the_last_good_checkpoint_before_a_finding_is_kept_for_it() -> None:
    script = Script([Train(1, EXPERIMENT), Play(30), KeepBefore(1, 20), KeepBefore(7, 25), Look(1)])
    kept = script.of(Update)[0].kept
    assert [(reason, count) for reason, count, _ in kept.reasons if reason == "finding"] in ([("finding", 1)], [])
    step = max(step for step in kept.good_steps if step < 20)
    assert ("finding" in [reason for reason, _, _ in kept.reasons]) == (step > 0)
