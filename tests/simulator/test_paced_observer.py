"""What is observed beside training: when it is due, what waits, and what is carried."""

from __future__ import annotations

import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations import observer
from simulator.observations.base import Observation
from simulator.running import throttle
from simulator.running.paced_observer import MOST, PacedObserver
from simulator.training.training import Training


class Clock:
    """Stands still but for what observations take."""

    now = 1000.0

    def perf_counter(self) -> float:
        return self.now


class Costly(Observation[int], frozen=True, tag="test-costly"):
    """Takes so many milliseconds, and finds how often it was made."""

    milliseconds: int
    number: int = 0

    def observe(self, training: Training) -> int:
        MADE.append(self)
        CLOCK.now += self.milliseconds / 1000
        return len(MADE)


class Refused(Observation[int], frozen=True, tag="test-refused"):
    def observe(self, training: Training) -> int:
        MADE.append(self)
        raise ValueError("there is none")


class EachFrame(Observation[int], frozen=True, tag="test-each-frame"):
    share = 0

    def observe(self, training: Training) -> int:
        MADE.append(self)
        return len(MADE)


CLOCK = Clock()
MADE: list[Observation[int]] = []
CHEAP, LONG = Costly(milliseconds=1), Costly(milliseconds=100)


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> PacedObserver:
    for module in (throttle, observer):
        monkeypatch.setattr(module, "time", CLOCK)
    MADE.clear()
    training = Training(Experiment.from_builtins({"data": {"kind": "moons"}, "layers": []}))
    training.look()
    return PacedObserver(training)


def go_on(paced: PacedObserver, seconds: float) -> None:
    """Training makes a step, which takes so long."""
    paced.training.apply()
    paced.training.propose()
    CLOCK.now += seconds


@pytest.mark.parametrize("sharing", [1, 3])
def test_those_of_one_share_divide_it(sharing: int, paced: PacedObserver) -> None:
    asked = [Costly(milliseconds=1, number=number) for number in range(sharing)]
    for _ in range(2):
        go_on(paced, 1000)
        paced.observe(asked, goes_on=True)
    rest = 0.001 * (sharing / Costly.share - 1)
    go_on(paced, 0.9 * rest - 0.001 * sharing)
    assert {observed.step for observed in paced.observe(asked, goes_on=True).values()} == {2}
    go_on(paced, 0.2 * rest + 0.001 * sharing)
    assert {observed.step for observed in paced.observe(asked, goes_on=True).values()} == {4}


@pytest.mark.parametrize("costs", [(1, 2), (1, 9, 400), (0, 5)])
def test_those_that_cost_more_come_less_often_and_together_they_keep_to_the_share(
    costs: tuple[int, ...], paced: PacedObserver
) -> None:
    asked = [Costly(milliseconds=cost, number=number) for number, cost in enumerate(costs)]
    for _ in range(4):
        paced.observe(asked, goes_on=True)
        go_on(paced, 1000)
    MADE.clear()
    began = CLOCK.now
    while CLOCK.now < began + 200:
        paced.observe(asked, goes_on=True)
        paced.training.step += 1
        CLOCK.now += 0.02
    often = [MADE.count(each) for each in asked]
    assert often == sorted(often, reverse=True)
    spent = sum(count * cost for count, cost in zip(often, costs, strict=True)) / 1000
    share = Costly.share * (CLOCK.now - began)
    # The last of each may only have begun its rest.
    assert 0.6 * share < spent <= share + sum(costs) / 1000


def test_several_networks_keep_to_the_share_together_and_wait_for_each_other_in_a_frame(paced: PacedObserver) -> None:
    others = [PacedObserver(paced.training) for _ in range(2)]
    paced.networks, most = 3, 0.0
    began, asked = CLOCK.now, [CHEAP, LONG]
    while CLOCK.now < began + 200:
        last, frame = paced, CLOCK.now
        last.observe(asked, goes_on=True)
        for other in others:
            last = other.go_behind(last)
            last.observe(asked, goes_on=True)
        most = max(most, CLOCK.now - frame)
        paced.training.step += 1
        CLOCK.now += 0.02
    spent = sum(each.milliseconds for each in MADE if isinstance(each, Costly)) / 1000
    assert 0.8 * Costly.share * 200 < spent < 1.1 * Costly.share * 200
    assert most < 1.5 * LONG.milliseconds / 1000
    assert MADE.count(LONG) > 3


def test_what_has_no_share_comes_with_every_frame(paced: PacedObserver) -> None:
    for step in range(3):
        (observed,) = paced.observe([EachFrame()], goes_on=True).values()
        assert observed.step == step
        go_on(paced, 0)


def test_of_what_takes_long_a_frame_brings_one(paced: PacedObserver) -> None:
    asked = [Costly(milliseconds=100, number=number) for number in range(3)]
    for count in (1, 2, 3):
        assert len(paced.observe(asked, goes_on=True)) == count
        go_on(paced, 0)


def test_where_nothing_trains_a_frame_of_a_new_step_waits_for_nothing_that_takes_long(paced: PacedObserver) -> None:
    assert not paced.observe([LONG], goes_on=False)
    assert paced.awaited
    (observed,) = paced.observe([LONG], goes_on=False).values()
    assert observed.step == 0
    assert not paced.awaited
    go_on(paced, 0)
    (observed,) = paced.observe([LONG, CHEAP][:1], goes_on=False).values()
    assert observed.step == 0
    assert paced.awaited
    (observed,) = paced.observe([LONG], goes_on=False).values()
    assert observed.step == 1


@pytest.mark.parametrize("milliseconds", [1, 100])
def test_the_first_frame_of_a_run_goes_by_what_observing_has_cost_in_the_one_before(
    milliseconds: int, paced: PacedObserver
) -> None:
    asked, (first, second) = [Costly(milliseconds=milliseconds)], (PacedObserver(paced.training) for _ in range(2))
    second.costs = first.costs
    assert not first.observe(asked, goes_on=False)
    assert first.awaited
    assert first.observe(asked, goes_on=False)
    assert bool(second.observe(asked, goes_on=False)) == (milliseconds == 1)
    assert second.awaited == (milliseconds == 100)


def test_where_nothing_trains_each_state_is_observed_once(paced: PacedObserver) -> None:
    for _ in range(4):
        paced.observe([CHEAP], goes_on=False)
    assert MADE == [CHEAP]
    paced.renew()
    for _ in range(4):
        paced.observe([CHEAP], goes_on=False)
    assert MADE == [CHEAP, CHEAP]


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_refusal_holds_until_the_training_is_another(goes_on: bool, paced: PacedObserver) -> None:
    for _ in range(5):
        paced.observe([Refused()], goes_on=goes_on)
        found = paced.observe([Refused()], goes_on=goes_on)
        go_on(paced, 10)
    assert found[Refused()].refusal == "there is none"
    assert len(MADE) == 1
    paced.renew()
    for _ in range(3):
        paced.observe([Refused()], goes_on=goes_on)
    assert len(MADE) == 2


def test_while_a_hand_is_on_a_knob_what_takes_long_waits_but_not_for_ever(paced: PacedObserver) -> None:
    for asked in ([CHEAP], [LONG]):
        paced.observe(asked, goes_on=True)
    go_on(paced, 1000)
    MADE.clear()
    for _ in range(9):
        paced.defer()
        paced.observe([LONG, CHEAP], goes_on=True)
        go_on(paced, 0.1)
    assert set(MADE) == {CHEAP}
    for _ in range(4):
        paced.defer()
        paced.observe([LONG, CHEAP], goes_on=True)
        go_on(paced, 0.1)
    assert LONG in MADE


def test_a_short_frame_carries_what_may_wait(paced: PacedObserver) -> None:
    paced.observe([CHEAP, EachFrame()], goes_on=True)
    go_on(paced, 1000)
    found = paced.observe([CHEAP, EachFrame()], goes_on=True, short=True)
    assert (found[CHEAP].step, found[EachFrame()].step) == (0, 1)


def test_what_is_not_asked_for_a_while_is_known_when_it_is_asked_again_but_not_without_bound(
    paced: PacedObserver,
) -> None:
    paced.observe([CHEAP], goes_on=True)
    paced.observe([], goes_on=True)
    assert CHEAP in paced.observe([CHEAP], goes_on=True, short=True)
    for number in range(2 * MOST):
        paced.observe([Costly(milliseconds=1, number=number + 1)], goes_on=True)
    assert CHEAP not in paced.observe([CHEAP], goes_on=True, short=True)
