"""What the window says of the run when it does not simply go on: what was refused, failed, halted or is awaited."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from simulator.experiment.experiment import Experiment
from simulator.running.messages import Refused
from simulator.schema.parameter import is_live_change
from simulator.training.run_info import RunInfo
from ui.style.numbers import integer, number
from ui.window.missing_data import FIND, are_missing
from ui.window.parts import WindowParts
from ui.window.status import AGAIN, BannerAction

OLD = "of the last network that could be built"
EMPTY = "Nothing to show: the network is not trained."
BEFORE = "of the network before; the new one is being built"
GO_ON = "Go on", "Train on all the same; this run does not pause for it again."
BUILD = "Build it", "Begin anew; undo goes back to the network before, if there was one."
ENDED = "of the network before the worker ended"


class Notices(QObject):
    """Keeps banner, status line, plots and read-outs from telling of a network that is not the one described."""

    data_wanted = Signal()
    """Where the data lie is to be asked for."""

    def __init__(self, parts: WindowParts, parent: QObject) -> None:
        super().__init__(parent)
        self._banner, self._status = parts.banner, parts.status
        self._plots, self._transport, self._findings = parts.plots.feed, parts.transport, parts.findings
        self._training, self._builder = parts.training, parts.builder
        self._bench = bench = parts.bench
        self._shown = ""
        """What was said of the run: ``refused``, ``failed``, ``halted``, ``stopped``, ``unstarted`` or nothing."""
        self._words = ""
        """In which words that was said."""
        self._build: Callable[[], None] | None = None
        """Builds what is described, where that was cancelled."""
        bench.document.opened.connect(lambda _experiment: self._begin())
        bench.document.changed.connect(self._change)
        bench.document.locked.connect(self._banner.say)
        bench.started.connect(self._start)
        bench.refused.connect(self._refuse)
        bench.declined.connect(self.decline)
        bench.failed.connect(self._fail)
        bench.halted.connect(self._halt)
        bench.stopped.connect(self._stop)
        bench.noticed.connect(self._notice)
        self._transport.refused.connect(lambda text: self._say("unstarted", text))
        bench.began_with.connect(self._say_of_run)
        bench.waiting.connect(self._wait)
        bench.playing_changed.connect(self._play)
        for signal in (bench.started, bench.updated, bench.shown.changed, bench.hold.changed):
            signal.connect(lambda *_arguments: self._banner.review())

    def _begin(self) -> None:
        """Another experiment was opened: nothing that is shown is of it."""
        self._shown = ""
        self._banner.clear()
        self._plots.forget()
        self._transport.forget()
        self._findings.forget()
        self._training.set_step(0)
        self._status.say("")

    def _change(self, old: Experiment, new: Experiment) -> None:
        self._take_back("refused")
        if self._bench.dead and not is_live_change(old, new):
            self._stand_still(ENDED)

    def _start(self, _info: RunInfo) -> None:
        self._take_back("refused", "failed", "halted", "stopped", "unstarted")
        self._transport.set_standing_still(False)

    def _play(self, playing: bool) -> None:
        if playing:
            self._take_back("failed", "halted", "stopped", "unstarted")

    def _refuse(self, refused: Refused) -> None:
        message, path = refused.message, refused.path
        self._findings.forget()
        self._status.say(f"Not trained: {message}")
        self._build = self._bench.build if refused.cancelled else None
        self._say("refused", f"Not trained: {message}", refused.traceback, self._way_out)
        self._training.refuse(path, message)
        self._training.set_step(0)
        self._builder.refuse(path, message)
        self._stand_still(OLD)

    @property
    def _way_out(self) -> BannerAction | None:
        """What can be done where nothing is trained."""
        if self._build is not None:
            return BannerAction(*BUILD, self._build)
        missing = are_missing(self._bench.document.experiment.data)
        return BannerAction(*FIND, self.data_wanted.emit) if missing else None

    @property
    def _revival(self) -> BannerAction:
        return BannerAction(*AGAIN, self._bench.revive)

    def _stand_still(self, why: str) -> None:
        """What is shown is of a network that is not the described one."""
        self._plots.veil(why, EMPTY)
        self._transport.set_standing_still(True)

    def decline(self, do: str) -> None:
        """Say why there is nothing to ``do`` something with."""
        if self._bench.dead:
            text = f"Nothing to {do}: the worker has ended. The experiment is kept."
            self._say("failed", text, action=self._revival)
        elif self._bench.refusal:
            why = "is not" if self._build else "cannot be"
            text = f"Nothing to {do}, as what is described {why} built: {self._bench.refusal}"
            self._say("refused", text, action=self._way_out)
        else:
            text = f"Nothing to {do} yet: the network is being built."
            self._banner.say(text, holds=lambda: self._bench.building)

    def _say(self, shown: str, text: str, details: str = "", action: BannerAction | None = None) -> None:
        """Say of the present run what is taken back by name."""
        self._shown, self._words = shown, text
        self._banner.say(text, details, action)

    def _notice(self, text: str) -> None:
        """Why nothing is trained for now is so as long as that holds."""
        is_reason = text == self._bench.hold.reason
        self._banner.say(text, holds=(lambda: self._bench.hold.reason == text) if is_reason else None)

    def _take_back(self, *sentences: str) -> None:
        """Take back what was said of a run that is no longer asked for; other messages stay."""
        if self._shown in sentences:
            self._shown = ""
            if self._banner.text.startswith(self._words):
                self._banner.clear()
            self._training.refuse("", "")

    def _fail(self, message: str, traceback: str, fatal: bool) -> None:
        self._status.say("")
        if fatal:
            text = f"The worker has ended: {message.rstrip('.')}. The experiment is kept."
            self._say("failed", text, traceback, self._revival)
        else:
            self._say("failed", f"Training stopped: {message}", traceback)

    def _halt(self, what: str) -> None:
        frame = self._bench.view.frame if self._bench.view is not None else None
        if frame is None:
            return
        because = "the update before it has left parameters that are not finite"
        if what == "loss":
            because = f"the loss is {number(frame.scalars['loss'])}"
        text = f"Paused at step {integer(frame.step)}, because {because}."
        self._say("halted", text, action=BannerAction(*GO_ON, self._bench.play))

    def _stop(self, sentence: str) -> None:
        self._say("stopped", sentence)

    def _say_of_run(self, text: str) -> None:
        """What holds of the present run, and is taken back with it."""
        run = self._bench.info
        self._banner.say(text, holds=lambda: self._bench.info is run)

    def _wait(self, seconds: float) -> None:
        if self._bench.refusal:  # Nothing is computed: what was asked for just before has no answer.
            return
        self._status.say(f"Still computing: nothing new for {integer(round(seconds))} s")
        if self._bench.building:
            self._plots.veil(BEFORE, "")
