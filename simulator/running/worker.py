"""The worker's loop: commands in, replies out, training in between; as a thread or as a process, it does not know."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.network.threads import BlasLimit
from simulator.record.frame import Frame
from simulator.running import building, messages
from simulator.running.building import FROM_STEP_0, StartingPoint
from simulator.running.inbox import CancellableInbox, Inbox
from simulator.running.kept_runs import KeptRun
from simulator.running.lanes import Lanes
from simulator.running.lineage import Lineage
from simulator.running.live_run import LiveRun
from simulator.running.messages import Command, Reply
from simulator.running.schedule import FrameSchedule
from simulator.running.step_rate import StepRate
from simulator.running.stop_rules import KnownPast
from simulator.running.stopping import Stopping
from simulator.running.timeline import Timeline
from simulator.schema.numbers import set_grouping
from simulator.system.progress import CancelledError, Progress, ProgressMeter, listening


class Worker:
    """Trains one experiment and answers with frames of it."""

    def __init__(self, inbox: Inbox[Command], post: Callable[[Reply], None]) -> None:
        self.inbox, self.post = CancellableInbox(inbox, messages.Cancel, messages.Stop), post
        self.run: LiveRun | None = None
        """None where nothing can be trained."""
        self.lanes, self.lineage, self.schedule, self.rate = Lanes(), Lineage(), FrameSchedule(), StepRate()
        self.steps_left: float = 0
        """0 is paused."""
        self.stopping = Stopping()
        self.guarded = False
        """Whether to pause where something is not finite."""
        self.asked: messages.Look | None = None
        """What waits for an answer."""
        self.stopped = False
        self._building: Experiment | None = None
        """What is being built just now."""
        self._put_aside: KeptRun | None = None
        """The run that a network was to take the place of, which was overtaken: nobody has been told of it."""
        self._postponed: Command | None = None
        """A command that came between a step and its update, and waits for the step to be over."""
        self.blas = BlasLimit()

    def loop(self) -> None:
        """Work until told to stop; an unknown error is told, and pauses."""
        with self.blas, listening(ProgressMeter(self._tell)):
            while not self.stopped:
                try:
                    self._obey_all()
                    if not self.stopped:
                        self._work()
                except Exception as error:
                    self.steps_left = 0
                    self.asked = None
                    self.post(messages.failure(error))

    def _tell(self, progress: Progress) -> None:
        """Of what takes long; it ends here if nobody waits for it."""
        self.post(messages.Working(progress))
        wanted = self._building
        if wanted and self.inbox.overtaken(lambda each: building.overtakes(each, wanted), building.begins_a_run):
            raise building.OvertakenError
        if self.inbox.cancelled(lambda each: wanted is not None and building.asks_again(each, wanted)):
            raise CancelledError(progress.doing)

    # -- commands -------------------------------------------------------------------------------------------------

    def _obey_all(self) -> None:
        """Take all waiting commands; wait for one where there is nothing else to do."""
        command, self._postponed = self._postponed or self.inbox.get(self._patience()), None
        while command is not None:
            if building.ends_a_start(command) and not self.lineage.has_stage(command):
                self._tell_first_looks()
            self._obey(command)
            command = None if self.stopped else self.inbox.get(0)

    def _patience(self) -> float | None:
        """Seconds to wait for a command; None where only a command brings more work."""
        if self._lanes_go_on or self._becomes_another or (self.asked is not None and not self._step_is_near):
            return 0
        return self.rate.wait if self._trains else None

    @property
    def _becomes_another(self) -> bool:
        """Whether the run is handed on to another network in this step, as was planned."""
        return self.run is not None and self.run.coming.transplants(self.run.training.step)

    @property
    def _lanes_go_on(self) -> bool:
        """Whether networks beside the run have steps to make that it waits for."""
        return self.run is not None and self.lanes.can_catch_up(self.run.training.step)

    @property
    def _trains(self) -> bool:
        run = self.run
        if run is None or self.steps_left <= 0 or run.rows.full:
            return False
        return not self.lanes.are_behind(run.training.step)

    @property
    def _step_is_near(self) -> bool:
        """Whether the next step comes soon enough to answer with it, and spare evaluating one for the answer."""
        return self._trains and not self.rate.slow

    def _obey(self, command: Command) -> None:
        """Do as is told; what is to be cancelled here is over."""
        match command:
            case messages.Train():
                self._change(command)
            case messages.Restart(run) if self.run is not None:
                self._begin(run, self.run.training.experiment, 0)
            case messages.Resume(run, kept, changes, lanes, coming, edit):
                self._begin(run, kept.experiment, edit, StartingPoint(kept, Timeline(kept, changes), coming, lanes))
            case messages.Keep() | messages.Forget() | messages.KeepBefore():
                self.lineage.keep(command, self.run)
            case messages.GoBack():
                self._go_back(command)
            case messages.Operate(run, experiment, surgery, edit):
                operated = building.operation(self.run, experiment, surgery, edit, self.lanes.live)
                self._begin(run, experiment, edit, operated=operated)
            case messages.Revive(run, layer, units) if self.run is not None:
                self.run.revive(run, layer, units)
            case messages.Play():
                self._play(command)
            case messages.Pause():
                self.steps_left = 0
            case messages.Cancel() if self.run is not None:
                self.lanes.cancel(self.run.training.step)
            case messages.Limit(steps_per_second):
                self.rate.set_limit(steps_per_second)
            case messages.Budget(nbytes):
                self.lineage.set_budget(nbytes, self.run, self.lanes.timelines)
            case messages.Configure():
                self._configure(command)
            case messages.Guard(on):
                self.guarded = on
            case messages.Look():
                self.asked = command
                self.schedule.checkpoint_asked |= command.checkpoint == "soon"
            case messages.TakeSnapshot():
                self.lineage.tell_snapshot(self.run, self.lanes, self.post)
            case messages.FindReplay(step):
                replay = None if self.run is None else self.run.replay(step)
                self.post(messages.ReplayAnswer(self.lineage.run, step, replay, self.lanes.replays(step)))
            case messages.Stop():
                self.stopped = True

    def _tell_first_looks(self) -> None:
        """Before a run leaves its start: what nobody waited for."""
        if self.run is not None and (looks := self.run.take_first_looks()) is not None:
            self.post(looks)

    def _play(self, play: messages.Play) -> None:
        if self.run is None:
            return
        self.run.halted = ""
        self.rate.forget()
        if play.steps is None:
            past = None if play.record is None else KnownPast(play.record, self.run.rows.lately)
            goes_on = self.stopping.begin(self.run.training, play.until, past)
            self.steps_left = math.inf if goes_on else 0
        elif math.isfinite(self.steps_left):
            self.stopping.begin_count(play.steps, anew=not self.steps_left)
            self.steps_left += play.steps

    def _configure(self, command: messages.Configure) -> None:
        self.blas.asked = command.blas_threads
        set_grouping(command.grouping)
        if self.run is not None:
            self.run.set_threads(self.blas.hold(self.run.training.network))

    def _change(self, change: messages.Train) -> None:
        if self.run is not None:
            change = replace(change, experiment=self.run.as_read(change.experiment))
        if (kept := self.lineage.run_for(change, trains=self.run is not None)) is not None:
            start = StartingPoint(kept.checkpoint, self.lineage.timeline_of(kept), kept.coming, kept.lanes)
            self._begin(change.run, change.experiment, change.edit, start, kept=kept, back=True)
        elif change.over or self.run is None or not self.run.change(change.experiment, change.edit):
            self._begin(change.run, change.experiment, change.edit, back=change.back)
        else:
            self.run.renew()
            self._turn(self.run)
            self._follow(self.run)

    def _follow(self, run: LiveRun) -> None:
        """Bring the networks beside the run in line with it."""
        if self.lanes.follow(run, self.lineage.ended):
            self.lineage.share_budget(run, self.lanes.timelines)

    def _turn(self, run: LiveRun) -> None:
        """A hand is on a knob: what takes long waits for it."""
        self.schedule.turn()
        run.observer.defer()

    # -- runs -----------------------------------------------------------------------------------------------------

    def _go_back(self, command: messages.GoBack) -> None:
        checkpoint, way = None, None
        if self.run is not None and command.step:
            checkpoint, way = self.run.timeline.way_back(command.step, command.experiment)
        lanes = () if checkpoint is None else self.lanes.states_before(checkpoint.step + 1)
        start = StartingPoint(checkpoint, way, command.coming, lanes)
        self._begin(command.run, command.experiment, command.edit, start)

    def _begin(
        self, run: int, experiment: Experiment, edit: int, start: StartingPoint = FROM_STEP_0, *,
        kept: KeptRun | None = None, back: bool = False, operated: building.Operated | None = None,
    ) -> None:  # fmt: skip
        """Put the present run aside and train ``experiment``; where that cannot be, nothing is trained."""
        present, self.run = self.run, None
        if operated is not None:
            start = operated.start(start.coming)
        ended = self.lineage.put_aside(present, edit, back, self.lanes) or self._put_aside
        self._building, self._put_aside = experiment, None
        self.schedule.begin(by_hand=self.lineage.goes_on(edit) and not back and operated is None)
        try:
            self.run, frame = self._built(run, experiment, start, present)
        except building.OvertakenError:
            self._put_aside = ended
            return
        except Exception as error:
            self.steps_left = 0
            self.post(building.refusal(run, error, ended))
            return
        finally:
            self._building = None
        self.lineage.begin(run, edit, kept)
        if operated is None:
            self.lanes.begin(start.lanes)
        self._follow(self.run)
        self.rate.forget()
        told = (operated.notice, operated.past) if operated else ()
        settled = building.settled(experiment, self.run.training)
        self.post(self.run.started(frame, ended, kept.run if kept else 0, settled, *told))

    def _built(
        self, run: int, experiment: Experiment, start: StartingPoint, present: LiveRun | None
    ) -> tuple[LiveRun, Frame]:
        """The run and its first frame; see :func:`building.built`."""
        live = building.built(run, experiment, start, present=present)
        training, live.observer.costs = live.training, self.schedule.costs
        live.set_threads(self.blas.hold(training.network))
        self.steps_left = math.inf if self.stopping.renew(training, math.isinf(self.steps_left)) else 0
        scalars = building.first_pass(training, validate=not self.schedule.leaves_score(training))
        hand = present.observer if present and self.schedule.hand_begins and not self.steps_left else None
        return live, live.frame(scalars, live.start.observe(self.steps_left > 0, hand))

    # -- work -----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """One step if training; the answer, if one is asked for, shows that step with the update it then makes."""
        if self.run is not None and self._becomes_another:
            self._become_another(self.run)
        elif self.run is not None and self._trains and self.rate.take():
            self._step(self.run)
        elif self.run is not None and self._lanes_go_on and self.asked is None:
            self.lanes.catch_up(self.run.training.step)
            self.lineage.share_budget(self.run, self.lanes.timelines)
        elif self.asked is not None and not self._step_is_near:
            self._show_present(self.asked)

    def _become_another(self, run: LiveRun) -> None:
        """Hand the run on to another network, as was planned; it goes on as it went."""
        self._tell_first_looks()
        left, edit = self.steps_left, self.lineage.begun_by
        experiment, operated = building.as_planned(run, edit)
        start = StartingPoint(coming=run.coming.entries)
        self._begin(run.training.info.run, experiment, edit, start, operated=operated)
        self.steps_left = left if self.run is not None else 0

    def _step(self, run: LiveRun) -> None:
        self._tell_first_looks()
        training, schedule = run.training, self.schedule
        traced = self.asked is not None and any(each.traced for each in self.asked.observations)
        trace = traced or self.stopping.traced(training.step) or self.lanes.trace_is_worth_it(run)
        now = self.asked is not None or self.steps_left <= 1 or bool(self.rate.limit)
        if not self.lanes.propose_beside(run, lambda: self._goes_on(run), trace, now):
            return
        self.steps_left -= 1
        if not self.steps_left:
            self.stopping.count_out(training.step + 1)
        self._take_changes(run, written=True)
        self._follow(run)
        if self.lanes.take_step(run, trace, now or self.asked is not None):
            self._take_changes(run, written=None)
        scalars = training.scalars()
        if self.asked is not None:
            schedule.plan_frame(goes_on=self.steps_left > 0)
            if not schedule.frame_is_short:
                scalars |= schedule.validation(training, self.lanes.score, self.steps_left > 0)
        row = training.row(scalars)
        run.rows.append(row)
        self.stopping.add(training.step, row)
        try:
            self._answer_within_step(run, scalars, trace)
        finally:
            # What is recorded is made, even if it could not be told.
            self._finish_step(run)
        self.rate.made(training.step)

    def _finish_step(self, run: LiveRun) -> None:
        """Make the update; then keep what is kept of whole steps."""
        run.apply()
        self.lanes.apply()
        if self.schedule.checkpoint_due:
            self._make_checkpoint(run)
        if self.guarded and not run.has_halted and not run.training.finite:
            self.steps_left = 0
            run.halt("parameters")

    def _goes_on(self, run: LiveRun) -> bool:
        """Between the gradient and the update: whether that is to be made."""
        self._take_changes(run, written=False)
        if self.guarded and not run.has_halted and not math.isfinite(run.training.loss):
            run.halt("loss")
        elif not self.stopping.stops(run.training):
            return True
        self.steps_left, run.taps_are_current = 0, False
        return False

    def _take_changes(self, run: LiveRun, written: bool | None) -> None:
        """See what has come during the step: what is asked is answered with it; a change acts if the step still can.

        Anything else waits for the step to be over, and so does what comes behind it.
        """
        while self._postponed is None:
            command = self.inbox.get(0)
            if command is None:
                return
            if isinstance(command, messages.Look | messages.Limit):
                self._obey(command)
            elif isinstance(command, messages.Train) and self.lanes.change_within_step(run, command, written):
                self._turn(run)
            else:
                self._postponed = command

    # -- answers --------------------------------------------------------------------------------------------------

    def _answer_within_step(self, run: LiveRun, scalars: dict[str, float], traced: bool) -> None:
        """Answer, between a step and its update, what has been asked."""
        look, short = self.asked, self.schedule.frame_is_short
        if look is not None and not traced and any(each.traced for each in look.observations):
            # It came too late for a trace: the next step has one, but a hand that waits is not kept waiting for it.
            untraced = tuple(each for each in look.observations if not each.traced)
            look = replace(look, observations=untraced) if short else None
        if look is not None:
            self._answer(run, look, scalars, None, short)
        run.taps_are_current = True

    def _show_present(self, look: messages.Look) -> None:
        """Answer with the present step, whose update has not been made and may still change."""
        run = self.run
        if run is None:
            self.asked = None
            self.post(messages.Update(look.id, None))
            return
        run.show_step()
        scalars, short = run.training.scalars(), self.schedule.leaves_score(run.training)
        if not short:
            scalars |= self.schedule.validation(run.training, self.lanes.score, self.steps_left > 0)
        if self.schedule.checkpoint_asked or (look.checkpoint and not self._trains):
            self._make_checkpoint(run, again=False)
        self._answer(run, look, scalars, run.training.row(scalars), short)

    def _make_checkpoint(self, run: LiveRun, again: bool = True) -> None:
        run.make_resumption(lambda: self.lanes.states(taken=False), again)
        self.schedule.checkpoint_asked = False

    def _answer(
        self, run: LiveRun, look: messages.Look, scalars: dict[str, float], provisional: Floats | None,
        short: bool = False,
    ) -> None:  # fmt: skip
        playing = self.steps_left > 0
        self.asked = None
        self.schedule.frame_made()
        observed = run.observer.observe(look.observations, goes_on=playing, short=short)
        stopped = None if playing else self.stopping.stopped
        progress = self.lanes.progress(run.training.step) or self.stopping.progress(run.training.step, self.steps_left)
        with run.restored_on_failure(), self.lanes.restored_on_failure():
            frame = run.frame(scalars, observed)
            rows, shown = run.rows.take(provisional), provisional is not None
            lanes = self.lanes.answers(look, run, playing=playing, short=short, provisional=shown)
            resumption, run.resumption = run.resumption, None
            update = messages.Update(
                look.id, frame, (rows,), playing, self.rate.speed, resumption, run.halted, run.observer.awaited,
                stopped, progress, run.kept_checkpoints(playing, self.lineage.aside), run.take_changes(),
                run.take_planned(), lanes, run.step_seconds, run.coming.steps,
            )  # fmt: skip
            self.post(update)
