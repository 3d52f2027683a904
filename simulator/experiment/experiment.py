"""The experiment: the whole description of a run. Immutable, checked, and readable JSON on disk.

JSON form: ``{"format": "nablascope/1", "data": {"kind": …}, "layers": [{"kind": "dense", …}], …}``; everything has a
default but ``data`` and ``layers``. A path addresses a field of it: ``layers.0.dropout.rate`` on the command line,
``layers[0].dropout.rate`` in messages.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from simulator.data import AnyData, Data, DataError
from simulator.experiment.error_messages import explain, place_in_words
from simulator.experiment.lane import OWN_NAME, LaneSpec, moved_lane
from simulator.experiment.locks import Locks
from simulator.layers import AnyLayer, Layer
from simulator.layers.base import Repair
from simulator.layers.output import Output
from simulator.parts.losses import MSE, AnyLoss, SoftmaxCrossEntropy
from simulator.parts.optimizers import SGD, AnyOptimizer
from simulator.parts.regularization import Regularization
from simulator.parts.schedules import AnySchedule, ConstantSchedule
from simulator.schema.numbers import count, not_finite
from simulator.schema.parameter import Spec, builtins_of, differences, kinds, knob, replaced
from simulator.schema.plain import FieldPath
from simulator.schema.settings import keys_of
from simulator.system.file_format import FileFormat, FormatError
from simulator.system.json_text import has_too_many_values, readable_json
from simulator.system.text import one_line

FORMAT = "nablascope/1"
MAX_DEPTH = 64
"""Deepest nesting that a file may have."""
MAX_MESSAGE = 600
"""Characters that a sentence may have: what it quotes may be a megabyte."""
EXPERIMENT = FileFormat()
STATED = re.compile(r"nablascope/(\d{1,9})")
"""How a file says which form it has."""


def bounded(text: str) -> str:
    """The text on one line; of a very long one, its beginning and its end."""
    text = one_line(text)
    if len(text) <= MAX_MESSAGE:
        return text
    return f"{text[: 3 * MAX_MESSAGE // 4]} … {text[-MAX_MESSAGE // 5 :]}"


class ExperimentError(ValueError):
    """What is wrong with an experiment and where, in one sentence; ``repair`` is a way out where one is obvious.

    Files and commands are told the place as a path, ``… at layers[2].units``; people are told it ``in_words``.
    """

    def __init__(self, message: str, path: str = "", repair: Repair | None = None, words: str = "") -> None:
        self.message, self.path, self.repair, self._words = message, path, repair, words
        super().__init__(bounded(f"{message} at {path}" if path else message))

    @property
    def in_words(self) -> str:
        """``layer 3, units: expected …``"""
        return self._words or self._placed({})

    def about(self, plain: Any) -> "ExperimentError":
        """The same error, which knows by ``plain``, the experiment as builtins, what the layers' numbers are."""
        self._words = self._words or self._placed(plain)
        return self

    def _placed(self, plain: Any) -> str:
        place = place_in_words(self.path, plain, Experiment)
        return bounded(f"{place}: {self.message}" if place else self.message)


def in_words(error: ValueError) -> str:
    """What a person is told of an error."""
    return error.in_words if isinstance(error, ExperimentError) else str(error)


class Experiment(Spec, frozen=True, kw_only=True):
    """Data, layers, loss, optimiser, schedule, penalties, batch size and seed: one run."""

    format: Annotated[Literal["nablascope/1"], knob("format", "Version of this file's form.")] = "nablascope/1"
    name: Annotated[str, knob("name", "What the window and the files call it.", live=True)] = ""
    seed: Annotated[
        int,
        knob(
            "seed", "One seed gives one run: data, weights, shuffling and dropout.", slider=(0, 99), ge=0, le=2**63 - 1
        ),
    ] = 0
    precision: Annotated[
        Literal["float32", "float64"], knob("precision", "Numbers of the network; float64 for the tiniest gradients.")
    ] = "float32"
    data: Annotated[AnyData, knob("data", "What is learnt.")]
    layers: Annotated[tuple[AnyLayer, ...], knob("layers", "The stack from input to output.")]
    output: Annotated[Output, knob("output", "The output layer.")] = Output()
    loss: Annotated[AnyLoss | None, knob("loss", "What is minimised.")] = None
    optimizer: Annotated[AnyOptimizer, knob("optimiser", "How gradients become updates.", live=True)] = SGD()
    schedule: Annotated[AnySchedule, knob("schedule", "How the learning rate changes.", live=True)] = ConstantSchedule()
    regularization: Annotated[Regularization, knob("regularisation", "Penalties and clipping.", live=True)] = (
        Regularization()
    )
    batch_size: Annotated[
        int, knob("batch size", "Samples per step.", slider=(1, 1024), log=True, ge=1, le=1_000_000, unit="samples")
    ] = 128

    lanes: Annotated[
        tuple[LaneSpec, ...] | msgspec.UnsetType,
        knob("lanes", "Networks that are trained beside this one.", live=True, hidden=True),
    ] = msgspec.UNSET

    locks: Annotated[
        Locks | msgspec.UnsetType,
        knob("locks", "Of the lesson that it is of: which fields may be changed.", live=True, hidden=True),
    ] = msgspec.UNSET

    def __post_init__(self) -> None:
        if self.loss is None and self.data.task != "auto":
            msgspec.structs.force_setattr(self, "loss", _natural_loss(self.data.task))

    @property
    def depth(self) -> int:
        """Hidden layers, ``repeat`` expanded."""
        return sum(layer.repeat for layer in self.layers)

    @property
    def rows(self) -> int:
        """Hidden layers with those inside them, ``repeat`` expanded."""
        return sum(layer.repeat * layer.rows for layer in self.layers)

    @property
    def objective(self) -> AnyLoss:
        """The loss, which is chosen by the data's task where the file leaves it out."""
        return self.loss or _natural_loss(self.data.task)

    def settled(self) -> "Experiment":
        """The same with nothing left open that reading the data decides; ExperimentError where it cannot be read."""
        try:
            data = self.data.settled()
        except DataError as error:
            raise ExperimentError(str(error), "data", words=str(error)) from None
        return self if data == self.data else self.with_data(data)

    def with_data(self, data: AnyData) -> "Experiment":
        """The same on other data; ExperimentError where it cannot be learnt so."""
        return self.varied([("data", builtins_of(data))])

    def beside(self, folder: Path) -> "Experiment":
        """The experiment as a file in ``folder`` means it: relative paths are looked for there first."""
        return self.moved(lambda data: data.beside(folder))

    def moved(self, move: Callable[[AnyData], AnyData]) -> "Experiment":
        """The same, with all data that it names, for its lanes too, described as ``move`` says."""
        data, lanes = move(self.data), self.lanes
        if lanes:
            lanes = tuple(moved_lane(lane, self.data, move) for lane in lanes)
        same = data == self.data and lanes == self.lanes
        return self if same else msgspec.structs.replace(self, data=data, lanes=lanes)

    @property
    def named_data(self) -> list[AnyData]:
        """All data that it describes: its own, and those of its lanes that have others."""
        named: list[AnyData] = []

        def note(data: AnyData) -> AnyData:
            named.append(data)
            return data

        self.moved(note)
        return named

    def expanded(self) -> Iterator[tuple[int, Layer]]:
        """(index of the entry, layer) in depth order, ``repeat`` expanded."""
        for entry, layer in enumerate(self.layers):
            for _ in range(layer.repeat):
                yield entry, layer

    @classmethod
    def from_builtins(cls, plain: Any) -> "Experiment":
        """Check plain dictionaries and lists; ExperimentError says what is wrong and where."""
        try:
            return cls._checked(plain)
        except ExperimentError as error:
            raise error.about(plain) from None

    @classmethod
    def _checked(cls, plain: Any) -> "Experiment":
        check_plain(plain)
        plain = _renamed(_brought_up(plain))
        try:
            experiment = msgspec.convert(plain, cls)
        except msgspec.ValidationError as error:
            raise ExperimentError(*explain(str(error), plain, cls)) from None
        _check_whole(experiment)
        return experiment

    @classmethod
    def from_json(cls, text: bytes | str) -> "Experiment":
        """Read the JSON form."""
        return cls.from_builtins(parsed(text))

    def to_builtins(self) -> dict[str, Any]:
        return builtins_of(self)

    def to_json(self) -> bytes:
        """Readable JSON, the same for the same experiment."""
        return readable_json(self)

    def place(self, path: str) -> str:
        """What a person calls the place that a path leads to: ``layers.0.units`` → ``layers 1–10, units``."""
        return place_in_words(path, self.to_builtins(), type(self))

    def with_values(self, settings: Iterable[tuple[str, Any]]) -> "Experiment":
        """The experiment with ``(path, value)`` pairs set one after the other and checked together."""
        plain = self.to_builtins()
        for path, value in settings:
            if self.locks and path.partition(".")[0] == "locks":
                raise ExperimentError(self.locks.because, "locks")
            plain = _set(plain, path, value)
        return Experiment.from_builtins(plain)

    @property
    def unlocked(self) -> "Experiment":
        """The same without a lesson's locks."""
        return msgspec.structs.replace(self, locks=msgspec.UNSET) if self.locks else self

    def varied(self, settings: Iterable[tuple[str, Any]]) -> "Experiment":
        """As :meth:`with_values`, for what is tried out and not edited: no lock holds it."""
        return msgspec.structs.replace(self.unlocked.with_values(settings), locks=self.locks)

    def all_lanes(self) -> "dict[str, Experiment]":
        """The experiment alone, and each of those that are trained beside it, by their names."""
        own = msgspec.structs.replace(self, lanes=msgspec.UNSET)
        together = {OWN_NAME: own}
        for index, lane in enumerate(self.lanes or ()):
            if lane.name in together:
                raise ExperimentError(f"two lanes are called {lane.name!r}", f"lanes[{index}].name")
            try:
                together[lane.name] = own.lane(lane)
            except ExperimentError as error:
                raise ExperimentError(f"{error.message}, in lane {lane.name!r}", f"lanes[{index}]") from None
        return together

    def lane(self, lane: LaneSpec) -> "Experiment":
        """What a lane trains: this experiment with its settings, kinds first as they bring fields, or its own."""
        if lane.experiment is None:
            return self.unlocked.with_values(lane.settings_beside(self.data))
        if lane.set is not None or "lanes" in lane.experiment:
            raise ExperimentError("a lane is either settings or an experiment without lanes")
        return Experiment.from_builtins(lane.experiment)


def path_text(path: Iterable[str | int]) -> str:
    """``layers[0].dropout.rate``"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _set(plain: Any, path: str, value: Any) -> Any:
    if not path.strip("."):
        raise ExperimentError("a setting needs a path, as in optimizer.learning_rate=0.1")
    keys = keys_of(path)
    here = plain
    for depth, key in enumerate(keys):
        place = path_text(keys[: depth + 1])
        if isinstance(here, (list, tuple)):
            if not isinstance(key, int):
                raise ExperimentError(f"expected an index from 0 to {len(here) - 1}, not {key!r}", place)
            if key >= len(here):
                raise ExperimentError(
                    f"there {'is' if len(here) == 1 else 'are'} only {count(len(here), 'entry', 'entries')}", place
                )
            here = here[key]
        elif isinstance(here, dict):
            # A last name may be new (a field of a kind just chosen); the check of the whole knows better.
            if key not in here and depth < len(keys) - 1:
                raise ExperimentError(f"there is no {key!r}; there are {', '.join(here)}", place)
            here = here.get(key)
        else:
            raise ExperimentError("there is nothing inside this field", path_text(keys[:depth]))
    return replaced(plain, keys, value)


def parsed(text: bytes | str) -> Any:
    """What a JSON text holds; ExperimentError where it is none, or holds more than any experiment."""
    content = text if isinstance(text, bytes) else text.encode(errors="replace")
    if has_too_many_values(content):
        raise ExperimentError("it holds more values than any experiment")
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ExperimentError("the file is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ExperimentError(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ExperimentError(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        if isinstance(error, ExperimentError):
            raise
        raise ExperimentError(f"not JSON: {str(error).split(';')[0]}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in pairs:
        if key in plain:
            raise ExperimentError(f"the field {key!r} stands twice in one object")
        plain[key] = value
    return plain


def _no_constant(name: str) -> float:
    raise ExperimentError(f"{name} is not a number that an experiment may hold")


def check_plain(plain: Any, path: FieldPath = ()) -> None:
    """What msgspec would let pass: NaN, Inf, text that no file can hold, and bottomless nesting."""
    if len(path) > MAX_DEPTH:
        raise ExperimentError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(plain, float) and not math.isfinite(plain):
        raise ExperimentError(f"expected a finite number, not {not_finite(plain)}", path_text(path))
    if isinstance(plain, str):
        _check_text(plain, path)
    if isinstance(plain, dict):
        for key, value in plain.items():
            check_plain(key, path)
            check_plain(value, (*path, key))
    elif isinstance(plain, (list, tuple)):
        for index, value in enumerate(plain):
            check_plain(value, (*path, index))


def _check_text(text: str, path: FieldPath) -> None:
    """Half of a surrogate pair is no character: it could be read and never be saved."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ExperimentError(f"{text!a} cannot be encoded as text", ascii(path_text(path))[1:-1]) from None


def _natural_loss(task: str) -> AnyLoss:
    return MSE() if task == "regression" else SoftmaxCrossEntropy()


def _brought_up(plain: Any) -> Any:
    """In the present format; one that is to come names the version that it needs, if it does."""
    stated = plain.get("format") if isinstance(plain, dict) else None
    number = STATED.fullmatch(stated) if isinstance(stated, str) else None
    if number is None or not int(number[1]):
        return plain
    try:
        return {**EXPERIMENT.brought_up(plain, int(number[1]), "the form nablascope/"), "format": FORMAT}
    except FormatError as error:
        raise ExperimentError(f"{error}, which reads {FORMAT}", "format") from None


def _renamed(plain: Any) -> Any:
    """Fields of the data that had another name in earlier files, under the name they have now."""
    data = plain.get("data") if isinstance(plain, dict) else None
    if not isinstance(data, dict):
        return plain
    kind = kinds(Data).get(str(data.get("kind")))
    former = kind.former if kind is not None else {}
    return {**plain, "data": {former.get(name, name): value for name, value in data.items()}}


def _check_whole(experiment: Experiment) -> None:
    """What no field can know alone."""
    task = experiment.data.task
    if task != "auto" and task not in experiment.objective.tasks:
        raise ExperimentError(
            f"{experiment.objective.kind} needs classes, but {experiment.data.kind} is a {task}", "loss"
        )
    if experiment.rows > 1000:
        raise ExperimentError(f"{experiment.rows} layers are more than the 1000 that a stack may have", "layers")
    if experiment.lanes:
        experiment.all_lanes()
    if experiment.locks and (path := experiment.locks.first(_changed(experiment))) is not None:
        raise ExperimentError(experiment.locks.because, path_text(path))


def _changed(experiment: Experiment) -> Iterator[FieldPath]:
    """Every field that is not as its lesson begins; of networks that do not come with that, what they set."""
    assert experiment.locks
    initial, own = Experiment.from_builtins(experiment.locks.experiment), experiment.unlocked
    yield from (path for path, _ in differences(initial, own))
    base = msgspec.structs.replace(initial, lanes=msgspec.UNSET)
    for spec in own.lanes or ():
        if spec not in (initial.lanes or ()):
            lane = msgspec.structs.replace(own.lane(spec).unlocked, lanes=msgspec.UNSET)
            yield from (path for path, _ in differences(base, lane))
