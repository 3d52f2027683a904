"""What a plot is given, what it keeps, and what lies under the pointer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from simulator.layers.base import Layer
from simulator.parts.activations import Activation
from simulator.record.past import Past
from simulator.schema.parameter import Part, kinds, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from simulator.layers.info import LayerInfo
    from simulator.observations.base import Observation
    from simulator.record.changes import Change
    from simulator.record.fan import Fan
    from simulator.record.frame import Frame
    from simulator.record.history import History
    from simulator.record.record import Record


@dataclass(frozen=True)
class Comparing:
    """How networks are held against each other."""

    common_layers: bool = False
    """Whether layers that both have lie upon each other; else those of the same relative depth do."""
    ratio: bool = False
    """Whether images show log₁₀ of their ratio to the run's; else what they are of."""


@dataclass(frozen=True)
class View:
    """What a plot is given to show."""

    frame: Frame
    record: Record
    """The past of this run."""
    read: Frame | None = None
    """The frame whose numbers are read out, where the present one passes too fast."""
    scored: Frame | None = None
    """The last frame with a score on data held out, up to the one that is read."""
    lanes: Mapping[str, View] = field(default_factory=dict)
    """The networks beside it at the same step, by their names."""
    name: str = ""
    """Of the network, where it is shown in the run's place."""
    comparing: Comparing = Comparing()
    fan: Fan | None = None
    """The seeds that frame and record are medians of; None: they are of one."""
    over_seeds: View | None = None
    """The same networks from several seeds, for plots that draw these in place of one."""
    live: bool = True
    """Whether it is the present of the run; else an earlier step."""
    whole: bool = True
    """Whether the frame holds what there was; else only its step is known, and what the record has of it."""
    hand_waits: bool = False
    """Whether a hand that is on a knob waits to see it: the present comes first, the past and numbers to read later."""

    @property
    def history(self) -> History:
        return self.record.history

    @property
    def first(self) -> Frame | None:
        """The frame of step 0 of this run."""
        return self.record.first

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed in this run, in order."""
        return self.record.changes.entries

    def past(self, name: str) -> Past | None:
        """The past of what is sampled under this name; None while nobody has looked."""
        return self.record.pasts.get(name)

    def past_with(self, observation: Observation[Any]) -> Past | None:
        """The past of what ``observation`` finds now; of the present look alone where it has none of this subject."""
        observed, sampled = self.frame.observed(observation), observation.past
        if observed is None or observed.result is None or sampled is None:
            return None
        subject = sampled.subject(observed.result, self.frame.info)
        past = self.past(sampled.name)
        if past is None or past.subject != subject:
            past = Past(sampled, subject)
            past.add(observed.step, observed.result, self.frame.info)
        return past

    def of_seeds(self, observations: Sequence[Observation[Any]]) -> View:
        """What is to be drawn in place of this of several seeds, if that is so and has all that is shown."""
        over, wanted = self.over_seeds, (each for each in observations if each.spans_seeds)
        return over if over is not None and all(each in over.frame.observations for each in wanted) else self

    def has(self, kinds: Set[str]) -> bool:
        """Whether the network has a layer of one of these kinds."""
        return any(layer.kind in kinds for layer in self.frame.info.layers)

    def of_first_with(self, kinds: Set[str]) -> View:
        """What a plot of such layers shows: the run, or where only others have one the first of these in its place."""
        having = {name: lane for name, lane in self.lanes.items() if lane.has(kinds)}
        if self.has(kinds) or not having:
            return self
        first, *others = having
        return replace(
            having[first], name=first, lanes={name: having[name] for name in others}, comparing=self.comparing,
            live=self.live, whole=self.whole,
        )  # fmt: skip

    @property
    def quartiles(self) -> tuple[View, View] | None:
        """The first and the third of several seeds, where it is their median."""
        fan = self.fan
        return None if fan is None else (View(fan.low, fan.low_record), View(fan.high, fan.high_record))

    @property
    def reading(self) -> Frame:
        """The frame whose numbers are to be read."""
        return self.read or self.frame

    @property
    def score(self) -> Frame | None:
        last = self.scored or self.reading
        return last if "validation_loss" in last.scalars else None


class State(Protocol):
    """What a plot draws, reduced to arrays: everything a twin or a ghost needs.

    Files keep what is pinned by the names of its class and fields: one that is called otherwise no longer finds them.
    """

    @property
    def step(self) -> int: ...

    @property
    def depth(self) -> int:
        """Number of layers it belongs to; 0 if it fits any network."""


S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class Probe:
    """What lies under the pointer: lines to read, the layer (-1 none) and where the hair line goes."""

    text: str
    layer: int = -1
    x: float | None = None


def layer_name(layer: LayerInfo) -> str:
    """``dense 3 · 100 ReLU``."""
    name = layer.name or f"{_title(Layer, layer.kind)} {layer.label}"
    return f"{name} · {layer.units} {_title(Activation, layer.activation)}".rstrip()


def _title(base: type[Part], kind: str) -> str:
    """How forms call it; what is not registered, as an output layer is not, goes by its kind."""
    part = kinds(base).get(kind)
    return kind if part is None else title_of(part)
