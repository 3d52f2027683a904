"""The changes by hand of a run as a list of their own, ``changes.json``: to be made again, edited, and sent on.

JSON form: ``{"format": 1, "needs": "0.1.0", "threads": 1, "changes": [{"step": 120, "set":
{"optimizer.learning_rate": 0.05}}, {"step": 300, "layer": "2", "units": [0, 4]}]}``. An entry sets fields of the
experiment, or draws the weights into units of a layer anew (counted from 0), or gives matrix products so many threads,
or operates on the network: ``"surgery": {"type": "reinitialise", "layers": ["2"]}``. What hands weights on to another
stack says which layers stay: ``"surgery": {"type": "transplant"}, "stack": [{"keep": 0}, {"kind": "dense", …}]``.
``"scales": true`` says that the step's update was written already, which matters only to an optimiser that does not
write it again. Each goes on from what those before it have made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from simulator.experiment.differences import UNTRAINED, in_words
from simulator.experiment.experiment import Experiment, ExperimentError, parsed
from simulator.experiment.named_file import naming_file
from simulator.parts.schedules import ConstantSchedule, PiecewiseSchedule
from simulator.schema.numbers import integer
from simulator.schema.parameter import differences, is_live_change
from simulator.schema.settings import in_order
from simulator.system.atomic import write_atomic
from simulator.system.file_format import FileFormat, FormatError
from simulator.system.fingerprint import fingerprint
from simulator.system.json_text import readable_json
from simulator.system.progress import advance
from simulator.system.regular_file import read_regular
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.stack_edit import StackEdit, checked, edited, stack_edit, value_at
from simulator.training.surgery import FIXED, Transplant, told_surgery, told_units

LEDGER = FileFormat()
MOST_BYTES = 16 * 2**20
MOST = 30_000
"""Changes of one list. Each stage of a drag is one."""
MOST_STEP = 2**53
MOST_THREADS = 1024
BESIDE = ("set", "stack")
"""What an entry says besides the fields of a change."""


class LedgerEntry(Struct, frozen=True):
    """One change: what it sets, and what else it does, at its step."""

    change: LiveChange
    """Without an experiment."""
    set: Mapping[str, Any] | None = None
    """Path → value, of the experiment as those before have left it."""
    stack: StackEdit | None = None
    """Of which layers the stack consists from then on, where weights are handed on to another one."""

    @property
    def step(self) -> int:
        return self.change.step

    def at(self, step: int) -> LedgerEntry:
        """The same at another step."""
        return replace(self, change=replace(self.change, step=step))


class Ledger(Struct, frozen=True):
    """All changes, in the order of their steps."""

    entries: tuple[LedgerEntry, ...] = ()
    threads: int = 0
    """Of matrix products at first; 0: not said."""

    @classmethod
    def of(cls, changes: LiveChanges) -> Ledger:
        """Those of a run, as far as they change what is trained; ExperimentError where its beginning is not known."""
        present, entries = changes.experiment, []
        if present is None:
            raise ExperimentError("how the run was trained from its beginning is not known")
        for change in changes.entries:
            entry = _between(present, change)
            present = change.experiment or present
            if entry.set or entry.change != LiveChange(change.step, scales=change.scales):
                entries.append(entry)
        return cls(tuple(entries), changes.threads)

    def since(self, step: int) -> Ledger:
        """Those of this step and later ones."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry.step >= step))

    def on(self, experiment: Experiment) -> LiveChanges:
        """What they make of a run of this experiment; ExperimentError names the first that it cannot take."""
        present, acting = experiment, []
        for number, entry in enumerate(self.entries, 1):
            advance("Reading changes", number - 1, len(self.entries), "changes")
            change = entry.change
            if entry.set is not None or isinstance(change.surgery, Transplant):
                present = _after(present, entry, number)
                change = replace(change, experiment=present)
            acting.append(change)
        return LiveChanges(experiment, self.threads, tuple(acting))

    @property
    def digest(self) -> str:
        """The same for the same changes; empty where there are none."""
        return fingerprint(self.to_json()).digest if self.entries else ""

    def to_json(self) -> bytes:
        """Readable JSON, the same for the same changes."""
        plain = {
            "format": LEDGER.number, "needs": LEDGER.needs, "threads": self.threads,
            "changes": [_plain(entry) for entry in self.entries],
        }  # fmt: skip
        return readable_json(plain)

    @classmethod
    def from_json(cls, text: bytes) -> Ledger:
        """Read the JSON form; ExperimentError says what is wrong and where."""
        plain = parsed(text)
        if not isinstance(plain, dict) or not isinstance(plain.get("changes"), list):
            raise ExperimentError("expected an object with a list of changes")
        try:
            plain = LEDGER.brought_up(plain, plain.get("format"))
        except FormatError as error:
            raise ExperimentError(str(error)) from None
        if unknown := plain.keys() - {"format", "needs", "threads", "changes"}:
            raise ExperimentError(f"unknown field {min(unknown)!r}")
        if len(plain["changes"]) > MOST:
            raise ExperimentError(f"there are more than {integer(MOST)} changes")
        entries = tuple(_entry(each, number) for number, each in enumerate(plain["changes"], 1))
        return cls(ordered(entries), _threads(plain.get("threads", 0), "threads"))


def ordered(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """In the order in which they act."""
    return tuple(sorted(entries, key=lambda entry: (entry.step, entry.change.scales)))


def read(path: Path) -> Ledger:
    """The changes in a file; ExperimentError names the file and what is wrong."""
    with naming_file(path, "list of changes"):
        return Ledger.from_json(read_regular(path, MOST_BYTES))


def write(ledger: Ledger, path: Path) -> None:
    """Save as readable JSON, whole or not at all; OSError where it cannot be written."""
    write_atomic(path, ledger.to_json())


def settings_between(before: Experiment, after: Experiment) -> dict[str, Any]:
    """Path → value of every field that another experiment trains otherwise, as ``--set`` takes it."""
    plain = msgspec.json.decode(msgspec.json.encode(after))
    paths = (path for path, _live in differences(before, after) if path[0] not in UNTRAINED)
    return {".".join(map(str, path)): value_at(plain, path) for path in paths}


def _between(present: Experiment, change: LiveChange) -> LedgerEntry:
    """A change as what it sets; another stack as which layers stay in it."""
    settings = {} if change.experiment is None else settings_between(present, change.experiment)
    stack, after = None, change.experiment or present
    if isinstance(change.surgery, Transplant):
        stack = stack_edit(present, after, change.surgery.partners)
    if stack is not None:
        settings = {path: value for path, value in settings.items() if path.partition(".")[0] != "layers"}
    return LedgerEntry(replace(change, experiment=None), settings or None, stack)


def _after(present: Experiment, entry: LedgerEntry, number: int) -> Experiment:
    where, surgery = f"change {integer(number)}, at step {integer(entry.step)}", entry.change.surgery
    settings = in_order((entry.set or {}).items())
    try:
        plain = present.to_builtins()
        layers = plain["layers"] if entry.stack is None else edited(entry.stack, plain["layers"])
        after = Experiment.from_builtins({**plain, "layers": layers}) if entry.stack else present
        after = after.with_values(settings)
        if isinstance(surgery, Transplant) and (other := [name for name in FIXED if _differ(present, after, name)]):
            raise ExperimentError(f"weights are handed on only where nothing of {', '.join(other)} is changed")
    except ExperimentError as error:
        raise ExperimentError(f"{where}: {error}") from None
    if not isinstance(surgery, Transplant) and not is_live_change(present, after):
        paths = (".".join(map(str, path)) for path, live in differences(present, after) if not live)
        raise ExperimentError(f"{where}: {next(paths)} cannot change in a network that is trained")
    return after


def _differ(before: Experiment, after: Experiment, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _plain(entry: LedgerEntry) -> dict[str, Any]:
    """Step, what is set, and what else is not as in a change that does nothing."""
    nothing = msgspec.to_builtins(LiveChange(entry.step))
    rest = {name: value for name, value in msgspec.to_builtins(entry.change).items() if value != nothing[name]}
    said = {"set": None if entry.set is None else dict(entry.set), "stack": entry.stack}
    return {"step": entry.step, **{name: value for name, value in said.items() if value is not None}, **rest}


def _entry(plain: Any, number: int) -> LedgerEntry:
    place = f"changes[{number - 1}]"
    if not isinstance(plain, dict):
        raise ExperimentError("expected an object", place)
    known = {*LiveChange.__struct_fields__, *BESIDE} - {"experiment"}
    if unknown := plain.keys() - known:
        raise ExperimentError(f"unknown field {min(unknown)!r}", place)
    settings = plain.get("set")
    if settings is not None and not (isinstance(settings, dict) and settings):
        raise ExperimentError("expected an object of paths and values", f"{place}.set")
    try:
        change = msgspec.convert({name: value for name, value in plain.items() if name not in BESIDE}, LiveChange)
    except msgspec.ValidationError as error:
        raise ExperimentError(" ".join(str(error).partition(" - at")[0].split()), place) from None
    if not 0 <= change.step <= MOST_STEP:
        raise ExperimentError(f"expected a step from 0 on, not {integer(change.step)}", f"{place}.step")
    _threads(change.threads, f"{place}.threads")
    if settings is None and replace(change, scales=False) == LiveChange(change.step):
        raise ExperimentError("it changes nothing", place)
    if change.units and min(change.units) < 0:
        raise ExperimentError("units count from 0", f"{place}.units")
    stack = checked(plain.get("stack"), f"{place}.stack")
    if stack is not None and not isinstance(change.surgery, Transplant):
        raise ExperimentError("only a transplant goes on with another stack", f"{place}.stack")
    return LedgerEntry(change, settings, stack)


def _threads(value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_THREADS:
        raise ExperimentError(f"expected threads from 1 to {integer(MOST_THREADS)}", path)
    return value


def words_of(entries: Iterable[LiveChange], before: Experiment) -> Iterator[str]:
    """Each change in words: ``learning rate: 0.1 → 0.05``."""
    for change in entries:
        parts = []
        if change.experiment is not None:
            parts.append(in_words(before, change.experiment))
            before = change.experiment
        if change.layer:
            parts.append(told_units(change.layer, change.units))
        if change.surgery is not None:
            parts.append(told_surgery(change.surgery))
        if change.threads:
            parts.append(f"threads of matrix products: {integer(change.threads)}")
        yield "; ".join(parts)


def scheduled(changes: LiveChanges) -> LiveChanges | None:
    """The same run with every change of the learning rate in a piecewise schedule, from the beginning on.

    None where there is none, or where it would have other numbers: with another schedule at any time, or where what
    scales with the rate is not only the rate.
    """
    began = changes.experiment
    experiments = [began, *(each.experiment for each in changes.entries if each.experiment is not None)]
    if began is None or any(type(each.schedule) is not ConstantSchedule for each in experiments if each is not None):
        return None
    base = rate = began.optimizer.learning_rate
    steps: dict[int, float] = {}
    for change in changes.entries:
        if change.experiment is not None and change.experiment.optimizer.learning_rate != rate:
            rate = change.experiment.optimizer.learning_rate
            steps[change.step] = rate
    if not steps:
        return None
    schedule = PiecewiseSchedule(boundaries=tuple(steps), rates=tuple(steps.values()))

    def with_it(experiment: Experiment) -> Experiment:
        optimizer = replace(experiment.optimizer, learning_rate=base)
        return replace(experiment, optimizer=optimizer, schedule=schedule)

    present, entries = with_it(began), []
    for change in changes.entries:
        if change.experiment is not None:
            after = with_it(change.experiment)
            change = replace(change, experiment=None if after == present else after, scales=False)
            present = after
        if change != LiveChange(change.step):
            entries.append(change)
    return LiveChanges(with_it(began), changes.threads, tuple(entries))
