"""The past of a run in one object: fed with frames and rows, cut off at a step, bounded in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.arrays.numeric import Floats
from simulator.observations.factors import FactorsObservation
from simulator.observations.facts import FactsObservation
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import observe
from simulator.observations.sampled import Subject
from simulator.observations.sharpness import SharpnessObservation
from simulator.record.frame import frame_of
from simulator.record.history import MOST_BYTES as MOST_HISTORY
from simulator.record.history import History, Rows
from simulator.record.past import MOST_BYTES, Past, most_bytes
from simulator.record.record import Record, sampled
from simulator.training.training import Training
from tests.simulator.records import NETS, recorded

SUBJECTS = {
    "time": Subject(tuple(map(str, range(200))), (100_000,) * 200),
    "factors": Subject(tuple(map(str, range(3000)))),
    "unit": Subject(("1",), (7, 100_000)),
    "sharpness": Subject(),
}
"""Of very large networks."""


def values_of(past: Past, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=past.sampled.shape(past.subject))


def test_there_is_a_large_subject_for_everything_that_is_sampled() -> None:
    assert set(SUBJECTS) == set(sampled())


@pytest.mark.parametrize("name", sampled())
def test_a_value_and_itself_merge_into_that_value(name: str) -> None:
    declared, subject = sampled()[name], SUBJECTS[name]
    values = np.random.default_rng(0).normal(size=(3, *declared.shape(Subject(subject.labels[:4], subject.sizes[:4]))))
    values.flat[:4] = np.nan, np.inf, -np.inf, -0.0
    np.testing.assert_array_equal(declared.merge(values, values), values)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", sampled())
def test_what_is_sampled_has_the_shape_that_its_subject_says(name: str, net: str) -> None:
    past = recorded(net, 20).pasts.get(name)
    assert (past is None) == ((name == "time" and net != "recurrent") or (name == "factors" and net == "single"))
    assert past is None or past.history.values.shape[1:] == past.sampled.shape(past.subject)


@pytest.mark.parametrize("name", sampled())
def test_the_past_of_a_large_network_stays_in_its_memory(name: str) -> None:
    past = Past(sampled()[name], SUBJECTS[name])
    before = past.nbytes
    for step in range(3 if np.prod(past.sampled.shape(past.subject)) > 1000 else 5000):
        past.history.add(step, values_of(past, step))
    assert past.nbytes == before <= MOST_BYTES
    assert past.history.capacity >= 64


@pytest.mark.parametrize("columns", [10, 2000, 100_000])
def test_a_history_of_however_many_columns_stays_in_its_memory(columns: int) -> None:
    history = History(tuple(map(str, range(columns))))
    assert history.nbytes <= MOST_HISTORY
    assert history.capacity >= 64


def test_memory_is_the_same_after_a_million_steps() -> None:
    record = recorded("recurrent", 20)
    columns, before = record.history.columns, record.nbytes
    block = np.random.default_rng(1).random((10_000, len(columns)))
    while record.steps < 1_000_000:
        record.add(None, (Rows(record.steps, columns, block),))
    assert record.nbytes == before <= record.bound
    assert record.bound == before, "everything has been sampled"


def test_what_has_not_been_sampled_yet_counts_with_the_most_that_it_may_become() -> None:
    empty = Record()
    assert empty.bound == MOST_BYTES * len(sampled())
    record = recorded("single", 20)
    assert record.nbytes < record.bound < record.nbytes + 2**16, "it has no layer with a state, nor factors"


@pytest.mark.parametrize("net", NETS)
def test_no_past_becomes_larger_than_what_is_said_of_it_at_the_start(net: str) -> None:
    begun, grown = Record(first=recorded(net, 1).first), recorded(net, 61)
    pasts = sum(past.nbytes for past in grown.pasts.values())
    assert 0 < pasts <= begun.bound < MOST_BYTES
    assert grown.first is not None
    for name, past in grown.pasts.items():
        assert past.nbytes <= most_bytes(sampled()[name], grown.first.info)


def test_a_record_cut_off_at_a_step_is_as_it_was_then() -> None:
    whole, then = recorded("recurrent", 60), recorded("recurrent", 30)
    cut = whole.until(30)
    assert cut.steps == then.steps == 30
    assert cut.history.series("loss").last.tolist() == then.history.series("loss").last[:30].tolist()
    assert cut.pasts.keys() == then.pasts.keys()
    for name, past in cut.pasts.items():
        np.testing.assert_array_equal(past.history.steps, then.pasts[name].history.steps)
        np.testing.assert_array_equal(past.history.values, then.pasts[name].history.values)
    assert cut.changes.entries == then.changes.entries
    assert cut.first is whole.first
    assert cut.scored is None
    assert whole.steps == 60


def test_a_run_without_a_screen_records_what_it_samples_at_every_measured_step(tmp_path: Path) -> None:
    described = Experiment.from_builtins({**NETS["single"], "batch_size": 16})
    record = run(described, steps=6, every=2, out=tmp_path, analyses=("sharpness",)).record
    assert record.pasts["sharpness"].history.steps.tolist() == [0, 2, 4, 6]


def test_nothing_is_left_of_a_record_that_goes_back_to_its_start() -> None:
    cut = recorded("recurrent", 20).until(0)
    assert (cut.steps, cut.pasts, cut.changes.entries) == (0, {}, ())


def test_step_0_keeps_what_any_of_its_frames_has_told() -> None:
    record = recorded("recurrent", 1)
    assert record.first is not None
    assert record.first.result(FactorsObservation())
    assert record.first.result(FactsObservation()) is not None


def test_what_comes_later_of_step_0_is_kept_beside_what_its_frame_has_told() -> None:
    training = Training(Experiment.from_builtins(NETS["recurrent"]))
    training.look()
    record = Record(first=frame_of(training, {}, observe(training, (HistogramsObservation(),))))
    record.complete_start(observe(training, (GraphObservation(), SharpnessObservation())))
    assert record.first is not None
    assert {*record.first.observations} == {HistogramsObservation(), GraphObservation()}
    assert record.steps == 0


def test_a_record_that_knows_no_start_learns_none() -> None:
    record = Record()
    record.complete_start({})
    assert record.first is None
