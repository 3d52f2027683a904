"""Changes by hand as a list: made again they give the same run, on its own net and others; edited, and refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.commands.command_line import carry_out
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import LaneSpec
from simulator.parts.activations import Activation
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.running.headless.run import run
from simulator.running.messages import Command, Configure, GoBack, Play, Refused, Revive, Train
from simulator.running.nabla.run_file import read as read_run
from simulator.schema.parameter import is_live_change, kinds
from simulator.training.checkpoint_files import written
from simulator.training.ledger import LEDGER, MOST, Ledger, LedgerEntry, read, scheduled, words_of, write
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.operation import operated
from simulator.training.replay import Replayer
from simulator.training.surgery import Reinitialise, ScaleWeights
from simulator.training.training import Training
from tests.simulator.test_replay import EXPERIMENT, EXPERIMENTS, PLAIN, Steering, state

STEPS = 12
CHANGED = [*EXPERIMENTS.values()] + [
    EXPERIMENT.with_values([(f"{path}.kind", kind)])
    for path, base in (("optimizer", Optimizer), ("schedule", Schedule))
    for kind in kinds(base)
]
KEPT = Path(__file__).parents[1] / "data" / "formats" / "changes"


def changes_of(steering: Steering) -> LiveChanges:
    """All that was changed by hand in a run that was steered."""
    live = steering.worker.run
    assert live is not None
    return live.timeline.changes


def end_by_hand(steering: Steering) -> dict[str, bytes]:
    """The last step, which a screen has looked at."""
    live = steering.worker.run
    assert live is not None
    assert live.training.step == STEPS
    return state(live.training)


def steered(script: Sequence[tuple[int, int, Command]]) -> Steering:
    steering = Steering(script, STEPS)
    assert not steering.left
    return steering


def through_a_file(changes: LiveChanges, path: Path) -> Ledger:
    write(Ledger.of(changes), path)
    return read(path)


def end_of(changes: Ledger, path: Path, experiment: Experiment = EXPERIMENT, **options: Any) -> dict[str, bytes]:
    run(experiment, steps=STEPS, save=path, changes=changes, **options)
    return written(read_run(path).checkpoint)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3), st.integers(0, len(CHANGED) - 1)), max_size=5))
@settings(max_examples=20, deadline=None)
def test_made_again_without_a_screen_they_give_the_same_run_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("again")
    script = [
        (step, looked, Train(2, CHANGED[which], number))
        for number, (step, (looked, which)) in enumerate(sorted({p[0]: p[1:] for p in places}.items()), 1)
    ]
    steering = steered(script)
    ledger = through_a_file(changes_of(steering), folder / "changes.json")
    assert end_of(ledger, folder / "run.nabla") == end_by_hand(steering)


def test_units_that_were_drawn_anew_and_threads_are_made_again(tmp_path: Path) -> None:
    script: list[tuple[int, int, Command]] = [
        (3, 1, Revive(1, "1", (0, 4))), (5, 1, Configure(2, "space")), (7, 3, Train(2, EXPERIMENTS["rate"], 5)),
    ]  # fmt: skip
    steering = steered(script)
    ledger = through_a_file(changes_of(steering), tmp_path / "changes.json")
    assert [entry.step for entry in ledger.entries] == [3, 5, 7]
    assert end_of(ledger, tmp_path / "run.nabla") == end_by_hand(steering)


@pytest.mark.parametrize("surgery", [Reinitialise(("1", "2")), ScaleWeights(("1",), 0.5)])
def test_operations_on_weights_are_made_again(surgery: Reinitialise | ScaleWeights, tmp_path: Path) -> None:
    ledger = Ledger((LedgerEntry(LiveChange(5, surgery=surgery)),))
    write(ledger, tmp_path / "changes.json")
    kept = read(tmp_path / "changes.json")
    assert kept.entries == ledger.entries
    training = Training(EXPERIMENT)
    for step in range(STEPS):
        if step == 5:
            training, _ = operated(training, surgery, EXPERIMENT)
        training.propose()
        training.apply()
    again = end_of(kept, tmp_path / "run.nabla")
    assert again == end_of(through_a_file(kept.on(EXPERIMENT), tmp_path / "two.json"), tmp_path / "b.nabla")
    assert again != end_of(Ledger(), tmp_path / "plain.nabla")
    parameters = read_run(tmp_path / "run.nabla").checkpoint.parameters
    np.testing.assert_array_equal(parameters, training.checkpoint().parameters)


def test_so_are_the_tables_of_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.json").write_bytes(EXPERIMENT.to_json())
    steering = steered([(4, 2, Train(2, EXPERIMENTS["rate"], 1))])
    through_a_file(changes_of(steering), tmp_path / "changes.json")
    words = ["run", str(tmp_path / "net.json"), "--steps", str(STEPS), "--every", "1", "--no-plots"]
    by_list = [*words, "--changes", str(tmp_path / "changes.json"), "--out", str(tmp_path / "a")]
    assert carry_out(by_list) == 0
    other = EXPERIMENT.with_values([("schedule", {"kind": "piecewise", "boundaries": [4], "rates": [0.05]})])
    run(other, steps=STEPS, every=1, out=tmp_path / "b")
    for name in ("steps.csv", "layers.csv", "flow.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert read(tmp_path / "a" / "changes.json") == read(tmp_path / "changes.json")


@pytest.mark.parametrize("kind", sorted(kinds(Optimizer)))
def test_a_dragged_rate_is_a_piecewise_schedule_bit_for_bit(kind: str, tmp_path: Path) -> None:
    base = EXPERIMENT.with_values([("optimizer.kind", kind), ("optimizer.learning_rate", 0.02)])
    rates = [(2, 1, 0.021), (3, 2, 0.03), (4, 3, 0.025), (4, 4, 0.024), (5, 3, 0.02), (8, 2, 0.001)]
    script: list[tuple[int, int, Command]] = [
        (step, looked, Train(2, base.with_values([("optimizer.learning_rate", rate)]), 1))
        for step, looked, rate in rates
    ]
    steering = Steering(script, STEPS, [Train(1, base)])
    assert not steering.left
    found = scheduled(changes_of(steering))
    assert found is not None
    assert found.experiment is not None
    assert found.experiment.schedule.rates == (0.021, 0.03, 0.024, 0.02, 0.001)
    assert found.entries == ()
    assert end_of(Ledger.of(found), tmp_path / "run.nabla", found.experiment) == end_by_hand(steering)


def test_other_changes_stay_beside_the_schedule(tmp_path: Path) -> None:
    first, second = (EXPERIMENT.with_values([("optimizer.learning_rate", rate)]) for rate in (0.02, 0.05))
    clipped = first.with_values([("regularization.clip_norm", 0.3)])
    third = second.with_values([("regularization.clip_norm", 0.3)])
    steering = steered([(2, 1, Train(2, first, 1)), (4, 2, Train(2, clipped, 2)), (6, 3, Train(2, third, 3))])
    found = scheduled(changes_of(steering))
    assert found is not None
    assert found.experiment is not None
    assert [entry.step for entry in found.entries] == [4]
    assert end_of(Ledger.of(found), tmp_path / "run.nabla", found.experiment) == end_by_hand(steering)


def test_where_no_schedule_has_the_same_numbers_there_is_none() -> None:
    assert scheduled(LiveChanges(EXPERIMENT, 1)) is None
    assert scheduled(LiveChanges(EXPERIMENT, 1, (LiveChange(3, EXPERIMENTS["clipping"]),))) is None
    # Another schedule, or another optimiser, makes something else of a rate.
    assert scheduled(LiveChanges(EXPERIMENT, 1, (LiveChange(3, EXPERIMENTS["schedule"]),))) is None
    swapped = (LiveChange(3, EXPERIMENTS["rate"]), LiveChange(5, EXPERIMENTS["schedule"]))
    assert scheduled(LiveChanges(EXPERIMENT, 1, swapped)) is None
    assert scheduled(LiveChanges()) is None


def test_on_another_seed_and_another_net_the_same_changes_act(tmp_path: Path) -> None:
    ledger = Ledger.of(LiveChanges(EXPERIMENT, 1, (LiveChange(4, EXPERIMENTS["rate"]),)))
    wide = Experiment.from_builtins({**PLAIN, "layers": [{"kind": "dense", "units": 9}], "seed": 7})
    for experiment in (EXPERIMENT.with_values([("seed", 5)]), wide):
        result = run(experiment, steps=8, changes=ledger)
        series = result.history.series("learning_rate")
        assert list(series.last) == [0.01] * 4 + [0.05] * 5
        assert result.record.live_changes.entries == (LiveChange(4, ledger.on(experiment).entries[0].experiment),)
        assert [(each.step, each.description) for each in result.record.changes.entries] == [
            (4, "optimiser, learning rate: 0.01 → 0.05")
        ]


def test_an_edited_list_acts_as_it_was_edited() -> None:
    ledger = Ledger.of(LiveChanges(EXPERIMENT, 1, (LiveChange(4, EXPERIMENTS["rate"]),)))
    (entry,) = ledger.entries
    edited = Ledger((entry.at(2), LedgerEntry(LiveChange(6), {"optimizer.learning_rate": 0.5})))
    series = run(EXPERIMENT, steps=8, changes=edited).history.series("learning_rate")
    assert list(series.last) == [0.01] * 2 + [0.05] * 4 + [0.5] * 3


def test_a_run_that_was_ended_is_taken_up_with_its_changes(tmp_path: Path) -> None:
    changes = LiveChanges(EXPERIMENT, 1, (LiveChange(4, EXPERIMENTS["another optimiser"]), LiveChange(9, EXPERIMENT)))
    ledger = Ledger.of(changes)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(EXPERIMENT, steps=STEPS, every=2, out=whole, changes=ledger)
    asked = iter(range(100))
    run(EXPERIMENT, steps=STEPS, every=2, out=parts, changes=ledger, stop=lambda: next(asked) >= 7)
    with pytest.raises(ExperimentError, match="with other arguments"):
        run(EXPERIMENT, steps=STEPS, every=2, out=parts, resume=True)
    run(EXPERIMENT, steps=STEPS, every=2, out=parts, changes=ledger, resume=True)
    for path in whole.iterdir():
        if path.is_file():
            assert (parts / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_list_of_an_earlier_run_goes_where_nothing_is_changed(tmp_path: Path) -> None:
    ledger = Ledger.of(LiveChanges(EXPERIMENT, 1, (LiveChange(1, EXPERIMENTS["rate"]),)))
    left = []
    for changes in (ledger, tmp_path / "changes.json", None):
        run(EXPERIMENT, steps=2, out=tmp_path, changes=changes, brief=True)
        left.append((tmp_path / "changes.json").exists())
    assert left == [True, True, False]


def test_a_saved_run_goes_on_with_the_changes_that_are_to_come(tmp_path: Path) -> None:
    changes = LiveChanges(EXPERIMENT, 1, (LiveChange(3, EXPERIMENTS["rate"]), LiveChange(8, EXPERIMENTS["clipping"])))
    ledger = Ledger.of(changes)
    run(EXPERIMENT, steps=6, save=tmp_path / "half.nabla", changes=ledger)
    whole = end_of(ledger, tmp_path / "whole.nabla")
    run(tmp_path / "half.nabla", steps=STEPS - 6, save=tmp_path / "rest.nabla", changes=ledger)
    assert written(read_run(tmp_path / "rest.nabla").checkpoint) == whole


def test_what_is_still_to_come_is_in_the_file_of_a_saved_run(tmp_path: Path) -> None:
    changes = LiveChanges(
        EXPERIMENT, 1, (LiveChange(3, EXPERIMENTS["rate"]), LiveChange(8, EXPERIMENTS["clipping"]),
        LiveChange(9, layer="1", units=(2,))),
    )  # fmt: skip
    ledger = Ledger.of(changes)
    whole = end_of(ledger, tmp_path / "whole.nabla")
    path = tmp_path / "6.nabla"
    run(EXPERIMENT, steps=6, save=path, changes=ledger)
    assert [change.step for change in read_run(path).coming] == [8, 9]
    for step in (8, 9, STEPS):
        run(path, steps=step - int(path.stem), save=tmp_path / f"{step}.nabla")
        path = tmp_path / f"{step}.nabla"
    saved = read_run(path)
    assert (written(saved.checkpoint), saved.coming) == (whole, ())
    assert saved.record.live_changes.entries == read_run(tmp_path / "whole.nabla").record.live_changes.entries
    # A hand that changes anything ends what was planned.
    other = run(EXPERIMENTS["penalty"], start=read_run(tmp_path / "6.nabla"), steps=6)
    assert [change.step for change in other.record.live_changes.entries] == [3, 6]


def test_the_file_of_every_format_opens_for_ever() -> None:
    assert {path.stem for path in KEPT.glob("*.json")} == {str(each) for each in range(1, LEDGER.number + 1)}
    for path in KEPT.glob("*.json"):
        assert len(read(path).entries) == 3


REFUSED: dict[str, Any] = {
    "not JSON": "{",
    "expected an object with a list of changes": [],
    "its format is 'None', not a number from 1 on": {"changes": []},
    "its format 99 needs version 2.0.0 of Nablascope": {"format": 99, "needs": "2.0.0", "changes": []},
    "unknown field 'more'": {"format": 1, "changes": [], "more": 1},
    "expected an object at changes[0]": {"format": 1, "changes": [3]},
    "unknown field 'experiment' at changes[0]": {"format": 1, "changes": [{"step": 1, "experiment": None}]},
    "expected a step from 0 on, not −1 at changes[0].step": {"format": 1, "changes": [{"step": -1, "threads": 1}]},
    "it changes nothing at changes[0]": {"format": 1, "changes": [{"step": 1, "scales": True}]},
    "expected threads from 1 to 1 024": {"format": 1, "changes": [{"step": 1, "threads": 10**9}]},
    "units count from 0 at changes[0].units": {"format": 1, "changes": [{"step": 1, "layer": "1", "units": [-1]}]},
    "expected an object of paths and values at changes[0].set": {"format": 1, "changes": [{"step": 1, "set": []}]},
    "there are more than 30 000 changes": {"format": 1, "changes": [{}] * (MOST + 1)},
    "Object missing required field `step` at changes[0]": {"format": 1, "changes": [{"threads": 1}]},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_no_list_of_changes_is_told_in_one_sentence(sentence: str, tmp_path: Path) -> None:
    path, content = tmp_path / "changes.json", REFUSED[sentence]
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ExperimentError) as told:
        read(path)
    assert str(told.value).startswith(f"changes.json: {sentence}")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"layers.0.units": 9}, "change 1, at step 3: layers.0.units cannot change in a network that is trained"),
        ({"optimizer.nosuch": 9}, "change 1, at step 3: sgd has no field 'nosuch'"),
        ({"optimizer.learning_rate": -1}, "change 1, at step 3: expected a number ≥ 0, not −1"),
        ({"": 1}, "change 1, at step 3: a setting needs a path"),
    ],
)
def test_what_a_net_cannot_take_names_the_change(setting: dict[str, Any], sentence: str) -> None:
    experiment = EXPERIMENT.with_values([("optimizer.kind", "sgd")])
    with pytest.raises(ExperimentError) as told:
        run(experiment, steps=5, changes=Ledger((LedgerEntry(LiveChange(3), setting),)))
    assert str(told.value).startswith(sentence)


def test_units_that_a_net_has_not_are_told_where_they_would_act() -> None:
    with pytest.raises(ExperimentError, match="the changes at step 3: there is no hidden layer 9"):
        run(EXPERIMENT, steps=5, changes=Ledger((LedgerEntry(LiveChange(3, layer="9", units=(0,))),)))


def test_a_file_that_is_missing_or_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no such file"):
        read(tmp_path / "nosuch.json")
    with pytest.raises(ExperimentError, match="not a file but a folder, so no list of changes"):
        read(tmp_path)


def test_every_kind_of_activation_optimiser_and_schedule_survives_the_file(tmp_path: Path) -> None:
    for path, base in (("optimizer", Optimizer), ("schedule", Schedule), ("layers.0.activation", Activation)):
        for kind in kinds(base):
            after = EXPERIMENT.with_values([(f"{path}.kind", kind)])
            changes = LiveChanges(EXPERIMENT, 1, (LiveChange(3, after),) if after != EXPERIMENT else ())
            ledger = Ledger.of(changes)
            assert through_a_file(changes, tmp_path / "changes.json") == ledger
            if is_live_change(EXPERIMENT, after):
                assert ledger.on(EXPERIMENT) == changes


def test_each_change_is_told_in_words() -> None:
    entries = (
        LiveChange(3, EXPERIMENTS["rate"]), LiveChange(4, layer="2", units=(0, 4)), LiveChange(5, threads=2),
    )  # fmt: skip
    assert list(words_of(entries, EXPERIMENT)) == [
        "optimiser, learning rate: 0.01 → 0.05",
        "units 1, 5 of layer 2 drawn anew",
        "threads of matrix products: 2",
    ]


# -- in the window's worker ------------------------------------------------------------------------------------------


def replanned(ledger: Ledger, experiment: Experiment = EXPERIMENT, script: Sequence[Any] = ()) -> Steering:
    coming = ledger.on(experiment).entries
    start = [Train(1, EXPERIMENT), GoBack(2, 0, experiment, 5, coming)]
    return Steering(script, STEPS, start)


@pytest.mark.parametrize("looked", [1, 2, 3], ids=["between two steps", "before the update", "when it is written"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_worker_makes_them_again_bit_for_bit(name: str, looked: int) -> None:
    first = steered([(4, looked, Train(2, EXPERIMENTS[name], 7)), (6, 1, Revive(1, "1", (2,)))])
    again = replanned(Ledger.of(changes_of(first)))
    assert end_by_hand(again) == end_by_hand(first)
    assert again.states[STEPS] == first.states[STEPS]
    assert len(changes_of(again).entries) == len(Ledger.of(changes_of(first)).entries)
    # And what was made again is computed again, and is a list again.
    assert state(Replayer(again.replays()[9]).go_to(9)) == again.states[9]
    third = replanned(Ledger.of(changes_of(again)))
    assert end_by_hand(third) == end_by_hand(first)


def test_a_hand_ends_what_is_still_to_come_and_a_name_or_a_lane_does_not() -> None:
    rates = [(4, 0.02), (8, 0.03)]
    entries = tuple(LedgerEntry(LiveChange(step), {"optimizer.learning_rate": rate}) for step, rate in rates)
    by_hand = EXPERIMENT.with_values([("optimizer.learning_rate", 0.5)])
    ended = replanned(Ledger(entries), script=[(6, 1, Train(3, by_hand, 9))])
    assert [change.step for change in changes_of(ended).entries] == [4, 6]
    beside = EXPERIMENT.with_values([("optimizer.learning_rate", 0.02), ("name", "another")])
    beside = replace(beside, lanes=(LaneSpec(name="b", set={"seed": 3}),))
    going_on = replanned(Ledger(entries), script=[(6, 1, Train(3, beside, 9))])
    assert [change.step for change in changes_of(going_on).entries] == [4, 6, 8]
    live = going_on.worker.run
    assert live is not None
    assert (live.training.experiment.name, live.training.experiment.lanes) == ("another", beside.lanes)
    assert live.training.learning_rate == 0.03


def test_what_was_still_to_come_goes_on_with_a_run_that_undo_brings_back() -> None:
    entries = (LedgerEntry(LiveChange(8), {"optimizer.learning_rate": 0.03}),)
    other = EXPERIMENT.with_values([("seed", 4)])
    coming = Ledger(entries).on(EXPERIMENT).entries
    begun = [Train(1, EXPERIMENT), GoBack(2, 0, EXPERIMENT, 5, coming), Play(5)]
    steering = Steering([], STEPS - 5, [*begun, Train(3, other, 9), Train(4, EXPERIMENT, 9, back=True)])
    assert end_by_hand(steering) == end_by_hand(replanned(Ledger(entries)))
    assert [change.step for change in changes_of(steering).entries] == [8]


def test_units_that_a_network_has_not_are_refused_before_it_trains() -> None:
    steering = replanned(Ledger((LedgerEntry(LiveChange(3, layer="9", units=(0,))),)))
    refused = [reply for reply in steering.replies if isinstance(reply, Refused)]
    assert [reply.message for reply in refused] == [
        "the changes at step 3: there is no hidden layer 9 whose units could be drawn anew"
    ]
