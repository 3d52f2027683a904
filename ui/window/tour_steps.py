"""The six steps of the tour: see it vanish, play, turn a knob, pin, mend, ask why."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from ui.board.plot_area import PlotArea
from ui.doctor.panel import trying_text
from ui.doctor.rounds import Rounds
from ui.doctor.strip import FindingsStrip
from ui.tour.step import TourStep
from ui.window.parts import WindowParts

PRESET = "vanishing-sigmoid"
"""What the tour is about."""
PLOT = "gradient_depth"
KNOB = ("optimizer", "learning_rate")
WHY = "why"
"""The workspace that takes gradients apart."""


def tour_steps(parts: WindowParts, training: QWidget) -> tuple[TourStep, ...]:
    """The steps, with the controls of one window; ``training`` is the panel that holds the knobs."""
    plots = parts.plots
    return (
        _see(plots), _play(parts), _turn(parts, training), _pin(plots), _mend(parts.findings), _ask(plots),
    )  # fmt: skip


def _see(plots: PlotArea) -> TourStep:
    return TourStep(
        "See it vanish",
        "Ten sigmoid layers, before the first step. Each point is the gradient of one layer: at the left, "
        "where the input is, it is about a millionth of that at the right. Point at a layer to read it.",
        lambda: _card(plots),
        plots.plot(PLOT).layer_hovered,
        lambda layer: layer >= 0,
        prepare=lambda: plots.show_plot(PLOT),
    )


def _play(parts: WindowParts) -> TourStep:
    bench = parts.bench
    return TourStep(
        "Play",
        "Press this button, or Space, and the network trains. The loss hardly falls: "
        "the first layers get next to no gradient.",
        lambda: _button(parts.transport.play),
        bench.playing_changed,
        lambda playing: playing,
        lambda: bench.playing,
    )


def _turn(parts: WindowParts, training: QWidget) -> TourStep:
    return TourStep(
        "Turn a knob",
        "Drag the learning rate. The dot ● says that it acts on the next step, while the network trains; ↺ is on "
        "what starts over. It scales the updates of all layers alike, so it cannot make up for a millionth.",
        lambda: _knob(parts),
        parts.bench.document.changed,
        prepare=lambda: _open_training(parts, training),
    )


def _pin(plots: PlotArea) -> TourStep:
    plot = plots.plot(PLOT)
    return TourStep(
        "Pin",
        "Pin this plot. What it shows now stays behind it as a ghost, for comparison with what comes.",
        lambda: _pin_button(plots),
        plot.pinned_changed,
        lambda pinned: pinned,
        lambda: plot.pinned,
        lambda: _card(plots),
        prepare=lambda: plots.show_plot(PLOT),
    )


def _mend(findings: FindingsStrip) -> TourStep:
    return TourStep(
        "Mend",
        "The doctor says what is wrong, and tries mends on copies of the run before it offers them. Open its findings "
        "(F8), pause so that the trials have the machine to themselves, and press a mend that was tried.",
        lambda: _doctor(findings),
        findings.panel.chosen,
        meanwhile=lambda: trials_text(findings.rounds),
    )


def trials_text(rounds: Rounds) -> str:
    """How far the doctor is with its trials, and that nobody has to wait for it."""
    offers = rounds.offers
    if any(offer.finding.remedies for offer in offers):
        return "A mend has been tried: press its button."
    mends = sum(offer.trying for offer in offers)
    if mends:
        return f"{trying_text(mends, rounds.trials.progress)} — Next goes on without them."
    return "There is no mend to press so far: Next goes on."


def _ask(plots: PlotArea) -> TourStep:
    return TourStep(
        "Ask why",
        "The workspace Why (Ctrl+2) takes the gradient apart, factor by factor. F1 opens the manual at what has "
        "the focus, Ctrl+K finds everything else, Ctrl+Z takes any change back.",
        lambda: plots.bar,
        plots.workspaces.selected,
        lambda: plots.workspaces.current == WHY,
    )


def _card(plots: PlotArea) -> QWidget:
    """The plot with its head."""
    plot = plots.plot(PLOT)
    return plot.parentWidget() or plot


def _button(action: QAction) -> QWidget:
    return next(widget for widget in action.associatedObjects() if isinstance(widget, QToolButton))


def _knob(parts: WindowParts) -> QWidget:
    return parts.training.form(KNOB[0]).row(KNOB) or parts.training


def _open_training(parts: WindowParts, training: QWidget) -> None:
    training.show()
    parts.training.section("Optimiser").set_open(True)
    parts.training.ensureWidgetVisible(_knob(parts))


def _pin_button(plots: PlotArea) -> QWidget:
    """The button, or its card's where the head has no room for it."""
    plot = plots.plot(PLOT)
    assert plot.header is not None
    return plot.header.pin if plot.header.pin.isVisible() else _card(plots)


def _doctor(findings: FindingsStrip) -> QWidget:
    return findings if findings.isVisible() else _button(findings.toggle)
