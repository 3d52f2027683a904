"""A worker goes on from an operation on its network, undo brings back the run before, and replays know of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import LaneSpec
from simulator.running.branching import origin_of
from simulator.running.headless.run import run
from simulator.running.messages import (
    Command,
    FindReplay,
    GoBack,
    Look,
    Operate,
    Play,
    ReplayAnswer,
    Reply,
    Snapshot,
    Started,
    Stop,
    TakeSnapshot,
    Train,
)
from simulator.running.nabla.run_file import read as read_run
from simulator.running.worker import Worker
from simulator.training.checkpoint_files import written
from simulator.training.ledger import Ledger, LedgerEntry, read, write
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.operation import operated
from simulator.training.replay import Replay, Replayer
from simulator.training.surgery import Reinitialise, ScaleWeights, Surgery, TakeLane, Transplant
from tests.simulator.test_surgery import DEEP, MORE, files, steps, trained


class Script:
    """A worker that is told a list of commands, one after the other, each when it waits for one.

    What it looks for meanwhile, as while a network takes long to build on a busy machine, has not come yet.
    """

    def __init__(self, *commands: Command) -> None:
        self._commands = [*commands, Stop()]
        self.replies: list[Reply] = []
        self.worker = Worker(self, self.replies.append)
        self.worker.loop()

    def get(self, timeout: float | None) -> Command | None:
        return None if timeout == 0 else self._commands.pop(0)

    def of(self, kind: type[Any]) -> list[Any]:
        return [reply for reply in self.replies if isinstance(reply, kind)]


SURGERIES: dict[str, tuple[Surgery, Experiment]] = {
    "reinitialise": (Reinitialise(("2",)), Experiment.from_builtins(DEEP)),
    "scale": (ScaleWeights(("1",), -0.5), Experiment.from_builtins(DEEP)),
    "insert": (Transplant(), Experiment.from_builtins({**DEEP, "layers": [*DEEP["layers"], MORE]})),
    "remove": (Transplant(), Experiment.from_builtins({**DEEP, "layers": DEEP["layers"][::2]})),
    "activation": (Transplant(), Experiment.from_builtins(DEEP).with_values([("layers.0.activation.kind", "relu")])),
    "optimiser": (Transplant(), Experiment.from_builtins({**DEEP, "optimizer": {"kind": "sgd"}})),
}


@pytest.mark.parametrize("name", SURGERIES)
def test_the_run_goes_on_from_it_and_undo_brings_back_the_run_before_it(name: str) -> None:
    surgery, experiment = SURGERIES[name]
    before = Experiment.from_builtins(DEEP)
    undo = Train(3, before, edit=7, back=True, over=True)
    redo = Train(4, experiment, edit=7, back=True, over=True)
    script = Script(
        Train(1, before), Play(4), Look(1), Operate(2, experiment, surgery, 7), Play(3), TakeSnapshot(),
        undo, Play(2), TakeSnapshot(), redo, Play(1), TakeSnapshot(),
    )  # fmt: skip
    assert not [reply for reply in script.replies if type(reply).__name__ in ("Failed", "Refused")]
    on, back, again = (reply.checkpoint for reply in script.of(Snapshot))
    went, _ = operated(trained(before), surgery, experiment)
    assert (on.step, written(on)) == (7, files(steps(went, 3)))
    assert (back.step, written(back)) == (6, files(trained(before, 6)))
    assert (again.step, written(again)) == (8, files(steps(went, 1)))
    begun = script.of(Started)
    assert [reply.step for reply in begun] == [0, 4, 4, 7]
    assert begun[1].ended is not None
    assert [reply.continues for reply in begun] == [0, 0, 1, 2]


@pytest.mark.parametrize("name", SURGERIES)
def test_any_step_before_and_after_it_is_computed_again(name: str) -> None:
    surgery, experiment = SURGERIES[name]
    before = Experiment.from_builtins(DEEP)
    script = Script(
        Train(1, before), Play(4), Operate(2, experiment, surgery, 7), Play(3), Look(1), *map(FindReplay, range(8))
    )
    wanted = [files(trained(before, step)) for step in range(4)]
    went, _ = operated(trained(before), surgery, experiment)
    wanted += [files(went), *(files(steps(went, 1)) for _ in range(3))]
    replays = [reply.replay for reply in script.of(ReplayAnswer)]
    assert [files(Replayer(replay).go_to(step)) for step, replay in enumerate(replays)] == wanted
    (change,) = [each for reply in script.of(Started) for each in reply.changes.entries]
    assert (change.surgery, change.step) == (surgery, 4)
    from_start = Replay(before, 1, None, (LiveChange(4, change.experiment, surgery=surgery),))
    assert files(Replayer(from_start).go_to(7)) == wanted[7]


def test_what_cannot_be_handed_on_is_told() -> None:
    wider = Experiment.from_builtins({**DEEP, "layers": [*DEEP["layers"], {"kind": "dense", "units": 3}]})
    script = Script(Train(1, Experiment.from_builtins(DEEP)), Play(2), Operate(2, wider, Transplant(), 1), Look(1))
    assert script.of(Started)[1].notice.endswith("the kernel of the output.")


def test_a_network_that_cannot_be_is_refused_and_the_run_comes_back() -> None:
    before = Experiment.from_builtins(DEEP)
    wrong = Experiment.from_builtins({**DEEP, "layers": [*DEEP["layers"], {"kind": "highway", "units": 9}]})
    script = Script(
        Train(1, before),
        Play(4),
        Operate(2, wrong, Transplant(), 7),
        Train(3, before, 7, True, True),
        Play(2),
        TakeSnapshot(),
    )
    (kept,) = script.of(Snapshot)
    assert written(kept.checkpoint) == files(trained(before, 6))
    assert len([reply for reply in script.replies if type(reply).__name__ == "Refused"]) == 1


def test_the_run_goes_on_as_a_branch_and_undo_brings_it_back() -> None:
    before = Experiment.from_builtins(DEEP)
    other = before.with_values([("optimizer.learning_rate", 0.1)])
    origin = origin_of(LiveChanges(before, 1), 4, "A")
    spec = LaneSpec(name="B", experiment=other.to_builtins(), origin=origin)
    script = Script(
        Train(1, before), Play(4), Train(2, replace(before, lanes=(spec,))), Look(1), Play(3), Look(2),
        Operate(3, other, TakeLane("B"), 7), Play(2), TakeSnapshot(),
        Train(4, replace(before, lanes=(spec,)), 7, True, True), Play(1), TakeSnapshot(),
    )  # fmt: skip
    branch = trained(before)
    branch.update_spec(other)
    on, back = (reply.checkpoint for reply in script.of(Snapshot))
    assert written(on) == files(steps(branch, 5))
    assert written(back) == files(trained(before, 8))
    taken = script.of(Started)[1]
    assert taken.step == 7
    assert taken.changes.entries[-1].experiment == other


def end_of(script: Script) -> dict[str, bytes]:
    """Where it stands, at a step that a screen has looked at."""
    assert not [reply for reply in script.replies if type(reply).__name__ in ("Failed", "Refused")]
    live = script.worker.run
    assert live is not None
    live.training.look()
    return files(live.training)


def operated_run(*names: str) -> Script:
    """A run of twelve steps in which so many operations were made by hand, with undo leaving no trace between them."""
    present, commands = Experiment.from_builtins(DEEP), list[Command]()
    for place, name in enumerate(names):
        surgery, after = SURGERIES[name]
        present = after if isinstance(surgery, Transplant) else present
        commands += [Play(3), Look(place), Operate(2 + place, present, surgery, 7 + place)]
    rest = 12 - 3 * len(names)
    return Script(Train(1, Experiment.from_builtins(DEEP)), *commands, Play(rest))


@pytest.mark.parametrize("name", SURGERIES)
def test_a_list_of_changes_makes_it_again_with_and_without_a_screen(name: str, tmp_path: Path) -> None:
    made = operated_run(name, "optimiser", "scale")
    changes = made.of(Started)[-1].changes
    write(Ledger.of(changes), tmp_path / "changes.json")
    ledger = read(tmp_path / "changes.json")
    experiment = Experiment.from_builtins(DEEP)
    assert ledger.on(experiment).entries == changes.entries
    run(experiment, steps=12, changes=ledger, save=tmp_path / "run.nabla", out=tmp_path / "out")
    assert written(read_run(tmp_path / "run.nabla").checkpoint) == end_of(made)
    planned = GoBack(2, 0, experiment, 5, ledger.on(experiment).entries)
    again = Script(Train(1, experiment), Play(1), planned, Play(12))
    assert end_of(again) == end_of(made)
    others = [reply for reply in again.of(Started) if reply.past is not None]
    assert [reply.step for reply in others] == [each.step for each in changes.entries if each.experiment is not None]
    assert {reply.info.run for reply in others} == {2}
    assert again.worker.run is not None
    assert again.worker.run.timeline.changes == changes


def test_another_stack_is_told_by_the_layers_that_stay_and_is_made_of_another_network_too(tmp_path: Path) -> None:
    changes = operated_run("insert").of(Started)[-1].changes
    (entry,) = Ledger.of(changes).entries
    assert entry.stack is not None
    assert [part.get("keep") for part in entry.stack] == [0, 1, 2, None]
    other = Experiment.from_builtins(DEEP).with_values([("layers.2.repeat", 3), ("layers.0.activation.kind", "relu")])
    result = run(other, steps=5, changes=Ledger((entry,)))
    assert result.experiment.layers[:3] == other.layers
    assert result.experiment.layers[3] == SURGERIES["insert"][1].layers[3]


def test_the_files_of_a_run_that_becomes_another_network_are_of_both(tmp_path: Path) -> None:
    ledger = Ledger.of(operated_run("insert").of(Started)[-1].changes)
    whole, parts, experiment = tmp_path / "whole", tmp_path / "parts", Experiment.from_builtins(DEEP)
    at_once = run(experiment, steps=8, every=1, out=whole, changes=ledger)
    run(experiment, steps=2, every=1, out=tmp_path / "before")
    asked = iter(range(100))
    run(experiment, steps=8, every=1, out=parts, changes=ledger, stop=lambda: next(asked) >= 5)
    taken_up = run(experiment, steps=8, every=1, out=parts, changes=ledger, resume=True)
    assert taken_up.record.live_changes == at_once.record.live_changes
    for path in whole.iterdir():
        if path.is_file():
            assert (parts / path.name).read_bytes() == path.read_bytes(), path.name
    rows = (whole / "steps.csv").read_text().splitlines()
    assert len(rows) == 10
    assert rows[:4] == (tmp_path / "before" / "steps.csv").read_text().splitlines()
    labels = [line.split(",")[:2] for line in (whole / "layers.csv").read_text().splitlines()[1:]]
    assert [sum(step == str(at) for step, _ in labels) for at in range(9)] == [7] * 3 + [8] * 6
    with np.load(whole / "histograms-until-3.npz") as until, np.load(whole / "histograms.npz") as since:
        assert list(until["steps"]) == [0, 1, 2]
        assert list(since["steps"]) == list(range(3, 9))
        assert len(until["layers"]) + 1 == len(since["layers"]) == since["activation_counts"].shape[1]


@pytest.mark.parametrize(
    ("setting", "stack", "sentence"),
    [
        ({"seed": 3}, None, "change 1, at step 3: weights are handed on only where nothing of seed is changed"),
        (None, [{"keep": 9}], "change 1, at step 3: there is no entry 9 in a stack of 3"),
        (None, [{"keep": 0, "set": {"nosuch.field": 1}}], "change 1, at step 3: there is no 'nosuch.field' in"),
        (None, [{"kind": "convolution"}], "the changes at step 3: layer 1 (convolution)"),
    ],
)  # fmt: skip
def test_what_no_network_can_become_is_told_before_it_trains(setting: Any, stack: Any, sentence: str) -> None:
    ledger = Ledger((LedgerEntry(LiveChange(3, surgery=Transplant()), setting, stack),))
    with pytest.raises(ExperimentError) as told:
        run(Experiment.from_builtins(DEEP), steps=5, changes=ledger)
    assert str(told.value).lower().startswith(sentence.lower())
