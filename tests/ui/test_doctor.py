"""The doctor in the window: what it shows of a run, when it looks, and what its buttons do."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from simulator.arrays.trace import FACTORS
from simulator.doctor import rules as examination
from simulator.doctor.base import Application, Cause, Finding, Remedy, Trial
from simulator.doctor.evidence import Evidence
from simulator.experiment.experiment import Experiment
from simulator.running.beside import trial_worker
from simulator.running.beside.trial_messages import Tried
from simulator.running.messages import Failed
from simulator.running.session import Mode
from simulator.schema.parameter import replaced
from simulator.system.progress import Progress
from simulator.training.nonfinite import Began
from tests.ui.told import texts
from tests.ui.windows import OpenOn
from ui.doctor import rounds as doctor_rounds
from ui.doctor import trials as doctor_trials
from ui.doctor.evidence import evidence_text
from ui.doctor.onsets import Onsets
from ui.doctor.panel import NOTHING, DoctorPanel, place_text
from ui.doctor.remedy_button import SEPARATOR, RemedyButton, remedy_parts, remedy_tip, settings_text, trial_text
from ui.doctor.strip import NOT_YET
from ui.doctor.trials import BackgroundTrials, Offer, note_of
from ui.window.main_window import MainWindow

SICK: dict[str, Any] = {
    "name": "eight sigmoids",
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 8, "repeat": 8, "activation": {"kind": "sigmoid"}}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.1},
    "batch_size": 16,
}
LEFT = Qt.MouseButton.LeftButton
MEND = Remedy("tanh", (("layers.0.activation.kind", "tanh"),), tried=Trial(200, 2.3, 0.41, True))
FINDING = Finding(
    "vanishing", "severe", ("1", "8"), 0, 12, {"gradient_first_to_last": 2.8e-6}, "slope", "Layer 1 hears nothing.",
    (MEND, Remedy("Batch norm", (("layers.0.normalization.kind", "batch"),))),
)  # fmt: skip

UNCURED = (replace(FINDING, remedies=()),)

Open = Callable[[dict[str, Any]], MainWindow]


@pytest.fixture
def open_window(open_on: OpenOn, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(trial_worker, "REST_IN_THREAD", 0.0)  # nobody looks at this screen
    return lambda plain: open_on(Experiment.from_builtins(plain))


def rules(window: MainWindow) -> list[str]:
    return [finding.rule for finding in window.findings.rounds.findings]


def switch(window: MainWindow) -> QToolButton:
    (found,) = [
        button
        for button in window.menuBar().cornerWidget().findChildren(QToolButton)
        if button.accessibleName() == "Doctor panel"
    ]
    return found


def test_a_sick_net_is_found_at_step_0_and_the_switch_counts_the_findings(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    assert window.findings.isHidden()
    assert switch(window).text() == f"Doctor · {len(rules(window))}"
    QTest.mouseClick(switch(window), LEFT)
    assert window.findings.isVisible()
    card = window.findings.panel.shown[0]
    assert card.offer is not None
    assert card.offer.finding.factor == "slope"
    assert "slopes lose" in card.sentence.text()


def test_a_mend_is_one_undo_entry_and_the_finding_goes(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    window.findings.show()
    card = window.findings.panel.shown[0]
    qtbot.waitUntil(lambda: bool(card.buttons))
    remedy = card.offer.finding.remedies[0]
    button = card.buttons[0]
    QTest.mouseClick(button, LEFT)
    assert window.document.experiment == remedy.applied(Experiment.from_builtins(SICK))
    assert window.document.undo_stack.count() == 1
    assert window.document.undo_stack.undoText() == remedy.title
    qtbot.waitUntil(lambda: "vanishing" not in rules(window))
    window.document.undo_stack.undo()
    assert window.document.experiment == Experiment.from_builtins(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))


def test_it_looks_again_while_the_run_goes_on(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    window.bench.play(40)
    qtbot.waitUntil(lambda: any(f.step == 40 for f in window.findings.rounds.findings))
    assert window.findings.rounds.findings[0].since == 0


def test_it_waits_until_the_plots_have_been_painted(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SICK)
    looked, examined = [], examination.examine
    monkeypatch.setattr(doctor_rounds, "PATIENCE_MS", 60_000)  # however slow the machine is
    monkeypatch.setattr(
        examination, "examine", lambda *given: (looked.append(window.plot_area.feed.refreshing), examined(*given))[1]
    )
    for timer in window.plot_area.feed.findChildren(QTimer, options=Qt.FindChildOption.FindDirectChildrenOnly):
        timer.setInterval(5)
    window.bench.play(40)
    qtbot.waitUntil(lambda: any(f.step == 40 for f in window.findings.rounds.findings))
    assert looked
    assert not any(looked)


def test_it_waits_until_a_hand_has_seen_what_it_changed(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SICK)
    looked, examined = [], examination.examine
    monkeypatch.setattr(doctor_rounds, "PATIENCE_MS", 60_000)
    monkeypatch.setattr(
        examination, "examine", lambda *given: (looked.append(window.bench.link.hand_waits), examined(*given))[1]
    )
    window.bench.play(40)
    window.bench.link.hand_waits = True
    qtbot.waitUntil(lambda: any(f.step == 40 for f in window.findings.rounds.findings))
    assert looked
    assert not any(looked)


def test_it_does_not_wait_for_ever_where_plots_are_always_being_painted(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    link = window.bench.link
    link.painting = lambda: not link.playing
    window.bench.play(3)
    qtbot.waitUntil(lambda: any(f.step == 3 for f in window.findings.rounds.findings))


def test_nothing_is_examined_while_another_network_is_being_built(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    monkeypatch.setattr(window.bench.link, "painting", lambda: False)
    examined, tried = [], []
    examine, rounds = examination.examine, window.findings.rounds
    consider = rounds.trials.consider
    monkeypatch.setattr(
        examination,
        "examine",
        lambda evidence: examined.append((evidence.experiment, evidence.frame)) or examine(evidence),
    )
    monkeypatch.setattr(rounds.trials, "consider", lambda *given: tried.append(given) or consider(*given))
    late = window.bench.view
    assert late is not None
    shallow = {**SICK, "layers": [{**SICK["layers"][0], "repeat": 2}]}
    assert window.document.propose(shallow, "Two layers") is None
    assert window.bench.building
    window.bench.shown.changed.emit(late, 0.0)
    qtbot.waitUntil(lambda: rounds.examined and not window.bench.building)
    assert all(
        sum(layer.repeat for layer in experiment.layers) == frame.info.depth - 1 for experiment, frame in examined
    )
    assert all(experiment.layers[0].repeat == 2 for experiment, *_ in tried)


def test_gradients_too_small_for_float16_are_counted_by_the_worker(qtbot: QtBot, open_window: Open) -> None:
    window = open_window({**SICK, "layers": [{**SICK["layers"][0], "repeat": 16}]})
    qtbot.waitUntil(lambda: "float16 underflow" in rules(window))


def test_a_healthy_net_has_nothing_to_show(qtbot: QtBot, open_window: Open) -> None:
    layer = {**SICK["layers"][0], "activation": {"kind": "tanh"}, "repeat": 2}
    window = open_window({**SICK, "layers": [layer]})
    window.findings.show()
    window.findings.rounds.forget()
    assert texts(window.findings.panel) == [NOT_YET]
    window.bench.play(20)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == 20)
    assert rules(window) == []
    assert window.findings.panel.shown == []
    qtbot.waitUntil(lambda: texts(window.findings.panel) == [NOTHING])
    assert window.status.text().startswith("Nothing is wrong: ")
    assert switch(window).text() == "Doctor"


def more_layers(window: MainWindow, layers: int) -> None:
    plain = replaced(window.document.experiment.to_builtins(), ("layers", 0, "repeat"), layers)
    assert window.document.propose(plain, "More layers") is None


def test_a_step_is_examined_by_what_it_was_trained_by_though_more_layers_are_described(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SICK)
    examine, bench = examination.examine, window.bench
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    looks: list[tuple[int, int]] = []

    def noted(evidence: Evidence) -> tuple[Finding, ...]:
        looks.append((len(list(evidence.experiment.expanded())), len(evidence.layers)))
        return examine(evidence)

    monkeypatch.setattr(examination, "examine", noted)
    assert bench.link.worker is not None
    with monkeypatch.context() as held:
        held.setattr(bench.link.worker, "replies", list)
        more_layers(window, 9)
        # Of two edits in a row the first one's network stands while the second is described.
        bench.building = False
        bench.shown.show_past(None)
        qtbot.waitUntil(lambda: bool(looks))
    qtbot.waitUntil(lambda: bench.info is not None and bench.info.depth == 10)
    qtbot.waitUntil(lambda: looks[-1] == (9, 10))
    assert all(described + 1 == shown for described, shown in looks)


def test_a_network_that_is_no_longer_described_is_not_examined(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: "vanishing" in rules(window))
    plain = window.document.experiment.to_builtins()
    large = replaced(replaced(plain, ("layers", 0, "units"), 4096), ("layers", 0, "repeat"), 500)
    assert window.document.propose(large, "More than fits") is None
    qtbot.waitUntil(lambda: bool(window.bench.refusal))
    looks: list[Evidence] = []
    monkeypatch.setattr(examination, "examine", lambda evidence: looks.append(evidence) or ())
    window.bench.shown.show_past(None)
    qtbot.wait(3 * doctor_rounds.SOON_MS)
    assert not looks


def test_a_mend_of_another_experiment_is_refused_in_words(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    window.findings.rounds.apply(Remedy("x", (("layers.7.units", 3),)), None)
    assert "only 1 entry" in window.banner.text
    assert window.document.experiment == Experiment.from_builtins(SICK)


def test_buttons_stay_in_place_while_only_numbers_change(qtbot: QtBot) -> None:
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    panel.say([Offer(FINDING)])
    (card,) = panel.shown
    before = list(card.buttons)
    panel.say([Offer(replace(FINDING, sentence="Layer 1 hears little."))])
    assert panel.shown == [card]
    assert card.buttons == before
    assert card.sentence.text() == "Layer 1 hears little."
    panel.say([Offer(replace(FINDING, remedies=(MEND,)))])
    assert [button.text() for button in card.buttons] == ["tanh · tried 200 steps: loss 2.30 → 0.410"]
    with qtbot.waitSignal(panel.chosen) as chosen:
        card.buttons[0].click()
    assert chosen.args == [MEND, None]
    panel.say([])
    assert panel.shown == []
    assert texts(panel) == [NOTHING]


@pytest.mark.parametrize("width", [700, 940, 1400])
def test_words_are_not_squeezed_by_mends(qtbot: QtBot, width: int) -> None:
    """At any width the words have most of the card's, or all."""
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    long = replace(MEND, title="Learning rate 0.01 and a longer name", application="checkpoint")
    panel.resize(width, 400)
    panel.show()
    panel.say([Offer(replace(FINDING, remedies=(long,)), back_to=480)])
    qtbot.waitUntil(lambda: panel.cards[0].width() > 0)
    card = panel.cards[0]
    qtbot.waitUntil(lambda: card.sentence.width() >= 0.55 * card.width())
    assert not card.sentence.geometry().intersects(card.buttons[0].geometry())
    assert card.buttons[0].width() >= card.buttons[0].sizeHint().width()
    panel.close()


def test_a_card_says_that_mends_are_being_tried_and_offers_none(qtbot: QtBot) -> None:
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    panel.say([Offer(replace(FINDING, remedies=()), trying=3)])
    (card,) = panel.shown
    assert card.buttons == []
    assert card.note.text() == "Trying 3 mends on copies…"
    panel.show_progress(Progress("", 2, 5, seconds=4.0))
    assert card.note.text() == "Trying 3 mends on copies… 40\u202f%, about 6 s left"
    panel.say([Offer(replace(FINDING, remedies=()), note=note_of(3, ""))])
    assert card.note.text() == "What might mend it was tried on copies of the run, and does not cure it."
    panel.show_progress(Progress("", 2, 5, seconds=4.0))
    assert card.note.text() == "What might mend it was tried on copies of the run, and does not cure it."
    panel.say([Offer(FINDING)])
    assert card.note.isHidden()


def test_the_words_of_a_card() -> None:
    assert place_text(Offer(FINDING)) == "severe  ·  layers 1, 8  ·  since step 0  ·  by the slope"
    many = Offer(replace(FINDING, layers=tuple("123456789"), factor=""), since=(112, 119))
    assert place_text(many) == "severe  ·  layers 1, 2, 3, …, 9  ·  since steps 112 … 119"
    deep = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [{"kind": "dense", "repeat": 10}]})
    assert settings_text(MEND, deep) == "layers 1–10, activation: tanh"
    many = Remedy("", tuple((f"layers.0.activation.a{n}", n) for n in range(9)))
    assert settings_text(many, deep).endswith("layers 1–10, activation, a5: 5\nand 3 more")
    others = {
        "regularization.clip_norm": None,
        "optimizer.learning_rate": 1e-5,
        "layers": [{}],
        "optimizer.nesterov": True,
    }
    assert settings_text(Remedy("", tuple(others.items())), deep).split("\n") == [
        "regularisation, clip norm: off",
        "optimiser, learning rate: 1·10⁻⁵",
        "layers: another",
        "optimiser, Nesterov: true",
    ]


@pytest.mark.parametrize(
    ("application", "back_to", "words", "tip"),
    [
        ("live", None, "tanh · tried 200 steps: loss 2.30 → 0.410", "Acts at once"),
        ("start", None, "tanh · starts over · tried 200 steps: loss 2.30 → 0.410", "Trains anew from step 0"),
        ("checkpoint", 480, "tanh · back to step 480 · tried 200 steps: loss 2.30 → 0.410", "Goes back to step 480"),
        ("checkpoint", None, "tanh · starts over · tried 200 steps: loss 2.30 → 0.410", "Trains anew from step 0"),
    ],
)
def test_a_button_says_how_its_mend_is_applied(
    application: Application, back_to: int | None, words: str, tip: str
) -> None:
    remedy = replace(MEND, application=application)
    assert SEPARATOR.join(remedy_parts(remedy, back_to)) == words
    deep = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [{"kind": "dense", "repeat": 10}]})
    assert remedy_tip(remedy, back_to, deep).startswith(tip)
    assert "layers 1–10, activation: tanh" in remedy_tip(remedy, back_to, deep)


@pytest.mark.parametrize(("before", "words"), [(math.nan, "NaN"), (math.inf, "∞"), (2e9, "2.00·10⁹")])
def test_a_loss_that_is_no_number_is_not_told_as_one(before: float, words: str) -> None:
    assert trial_text(Trial(30, before, 0.5, True)) == f"tried 30 steps: loss {words} → 0.500"


class ScriptedTrials:
    """Takes what is to be tried and answers what it is told to."""

    def __init__(self, mode: Mode, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._inbox: list[Tried | Failed] = []
        self.asked: list[tuple[Finding, ...]] = []

    def try_remedies(self, experiment: Experiment, findings: tuple[Finding, ...], steps: int, loss: float) -> None:
        self.asked.append(findings)

    def answer(self, reply: Tried | Failed) -> None:
        self._inbox.append(reply)
        self._notify()

    def replies(self) -> list[Tried | Failed]:
        arrived, self._inbox = self._inbox, []
        return arrived

    def cancel(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedTrials]:
    """The sessions that are begun from now on, as soon as there is something to try."""
    begun: list[ScriptedTrials] = []

    def begin(mode: Mode, notify: Callable[[], None]) -> ScriptedTrials:
        begun.append(ScriptedTrials(mode, notify))
        return begun[-1]

    monkeypatch.setattr(doctor_trials, "TrialSession", begin)
    monkeypatch.setattr(doctor_trials, "QUIET_MS", 0)
    return begun


def answered(qtbot: QtBot, trials: BackgroundTrials, scripted: list[ScriptedTrials], reply: Tried | Failed) -> None:
    qtbot.waitUntil(lambda: bool(scripted and scripted[-1].asked))
    with qtbot.waitSignal(trials.known):
        scripted[-1].answer(reply)


def test_what_no_copy_has_shown_is_suspected_and_offers_nothing(qtbot: QtBot) -> None:
    trials = BackgroundTrials(lambda: "thread")
    (offer,) = trials.consider(Experiment.from_builtins(SICK), [FINDING], 12, 0.7)
    assert (offer.suspected, offer.trying, offer.finding.remedies) == (True, 2, ())
    assert place_text(offer).startswith("suspected")
    broken = replace(FINDING, began=Began("3", "z", "forward", 5, 7))
    (offer,) = trials.consider(Experiment.from_builtins(SICK), [broken], 12, math.nan)
    assert not offer.suspected
    trials.close()


def test_copies_decide_what_holds_and_in_which_order(qtbot: QtBot, scripted: list[ScriptedTrials]) -> None:
    """Findings keep their present words and numbers; what is new is suspected until it has been tried too."""
    trials, experiment = BackgroundTrials(lambda: "thread"), Experiment.from_builtins(SICK)
    stalled = replace(FINDING, rule="stalled", remedies=())
    rate = replace(FINDING, rule="learning rate", cause=Cause("optimizer.learning_rate", 0.1))
    trials.consider(experiment, [stalled, FINDING, rate], 12, 0.7)
    proven = (replace(rate, remedies=(MEND,)), replace(FINDING, remedies=()))
    answered(qtbot, trials, scripted, Tried(1, proven, 200))
    now = replace(rate, sentence="It is slow.", remedies=(replace(MEND, tried=None, application="start"),))
    new = replace(FINDING, rule="dead")
    first, second, third = trials.consider(experiment, [stalled, FINDING, now, new], 13, 0.7)
    assert first.finding.sentence == "It is slow."
    assert first.finding.remedies == (replace(MEND, application="start"),)
    assert second.finding.rule == "vanishing"
    assert second.note == ""
    assert (third.finding.rule, third.suspected) == ("dead", True)
    assert [offer.finding.rule for offer in trials.consider(experiment, [FINDING], 14, 0.7)] == ["vanishing"]
    beside = Experiment.from_builtins({**SICK, "lanes": [{"name": "twin", "set": {"seed": 3}}]})
    assert not any(offer.suspected for offer in trials.consider(beside, [FINDING, now], 14, 0.7))
    changed = experiment.with_values([("optimizer.learning_rate", 0.2)])
    assert all(offer.suspected for offer in trials.consider(changed, [FINDING, now], 15, 0.7))
    trials.close()


@pytest.mark.parametrize(
    ("reply", "suspected", "words"),
    [
        (Tried(1, UNCURED, 200), False, "What might mend it was tried on copies of the run, and does not cure it."),
        (
            Tried(1, UNCURED, 0),
            True,
            "What might mend it is not offered: a step of this network is too costly to try it on a copy.",
        ),
        (Failed("no room."), True, "What might mend it could not be tried: no room."),
    ],
    ids=["tried", "costly", "failed"],
)
def test_it_is_said_why_there_is_nothing_to_choose(
    qtbot: QtBot, scripted: list[ScriptedTrials], reply: Tried | Failed, suspected: bool, words: str
) -> None:
    trials, experiment = BackgroundTrials(lambda: "thread"), Experiment.from_builtins(SICK)
    trials.consider(experiment, [FINDING], 12, 0.7)
    answered(qtbot, trials, scripted, reply)
    (offer,) = trials.consider(experiment, [FINDING], 13, 0.7)
    assert (offer.note, offer.suspected, offer.trying) == (words, suspected, 0)
    trials.close()


def test_the_status_line_says_what_is_suspected_until_it_holds(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(SICK)
    qtbot.waitUntil(lambda: window.status.text().startswith("Suspected: Layer 1's error signal"))
    qtbot.waitUntil(lambda: window.status.text().startswith("Layer 1's error signal"))
    card = window.findings.panel.cards[0]
    assert window.status.text() == card.sentence.text()


def test_what_was_known_to_the_step_stays_so_while_the_history_is_thinned() -> None:
    onsets = Onsets()
    at = replace(FINDING, since=114, step=115)
    assert onsets.of([at], 1) == ((114, 114),)
    assert onsets.of([replace(at, since=112, step=3000)], 4) == ((114, 114),)
    assert onsets.of([replace(at, since=200, step=3000)], 4) == ((200, 203),)
    assert onsets.of([], 4) == ()
    assert onsets.of([replace(at, since=112, step=3000)], 8) == ((112, 119),)
    assert onsets.of([replace(at, since=3000, step=3002)], 8) == ((3000, 3002),)
    exact = replace(at, since=112, step=3000, began=Began("3", "z", "forward", 115, 7))
    assert onsets.of([exact], 8) == ((115, 115),)


def numbers_of_rules() -> set[str]:
    """The names of all numbers that the doctor's rules give, as their source spells them."""
    found: set[str] = set()
    for path in (Path(__file__).parents[2] / "simulator/doctor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "numbers":
                dicts = [each for each in ast.walk(node.value) if isinstance(each, ast.Dict)]
                found |= {key.value for each in dicts for key in each.keys if isinstance(key, ast.Constant)}
    assert len(found) > 10
    return {*found, *(f"decades_{factor}" for factor in FACTORS)}


@pytest.mark.parametrize("value", [0.0, 0.25, 136_000.0, 3e-7, -2.5, math.nan, math.inf, -math.inf])
def test_evidence_is_told_in_words(value: float) -> None:
    for name in numbers_of_rules():
        text = evidence_text({name: value})
        label, _, told = text.partition(": ")
        assert label
        assert told
        assert "_" not in text.replace("λ_max", "")
        assert "nonfinite" not in text
        assert "decades" not in told or math.isfinite(value)


def test_evidence_has_units() -> None:
    assert evidence_text({"nonfinite": 136_012.0}) == "entries that are not finite: 136\u202f012"
    assert evidence_text({"dead_share": 0.84}) == "units with slope 0: 84\u202f%"
    assert evidence_text({"decades_weights": -3.2}) == "weights: −3.2\N{NO-BREAK SPACE}decades"
    assert evidence_text({"decades_slope": -math.inf}) == "slope: ends at exactly 0"
    told = evidence_text({"loss": math.nan, "loss_of_guessing": 2.3})
    assert told == "loss lately: NaN  ·  loss of guessing: 2.3"


@pytest.mark.parametrize("points", [8.0, 9.0, 9.3, 10.0, 13.0])
def test_a_mend_that_has_the_room_it_asks_for_is_told_whole(qtbot: QtBot, points: float) -> None:
    for loss in range(20):
        parts = ("Learning rate 0.1", "back to step 20 947", f"tried 2 000 steps: loss NaN → 0.0{loss}")
        button = RemedyButton(parts)
        qtbot.addWidget(button)
        font = button.font()
        font.setPointSizeF(points)
        button.setFont(font)
        for room, text in ((button.width_of_line, SEPARATOR.join(parts)), (button.least_width, "\n".join(parts))):
            button.fit(room)
            assert button.text().replace(SEPARATOR, "\n") == text.replace(SEPARATOR, "\n")


def test_findings_of_every_severity_have_their_names_under_one_another(qtbot: QtBot) -> None:
    panel = DoctorPanel()
    qtbot.addWidget(panel)
    panel.resize(800, 400)
    panel.show()
    panel.say([Offer(replace(FINDING, rule=rule, severity=rule)) for rule in ("severe", "warning", "note")])
    qtbot.waitUntil(lambda: len({card.name.mapTo(panel, card.name.rect().topLeft()).x() for card in panel.shown}) == 1)
    assert [card.sign.isVisible() for card in panel.shown] == [True, True, False]
