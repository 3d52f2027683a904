"""What a lane comes to beside the base, over seeds: medians, quartiles, and pairs of equal seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.schema.numbers import integer, number, spread_text

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment

VERDICT_COLUMNS = (
    "lane", "quantity", "step", "median", "low", "high", "difference", "difference_low", "difference_high",
    "paired_wins", "pairs",
)  # fmt: skip
COMPARED = ("loss", "accuracy", "validation_loss", "validation_accuracy", "gradient_norm")
"""What every step says of a network."""
IN_SENTENCES = COMPARED[:2]
"""Of what of it a sentence is said."""
BETTER = {"loss": -1, "accuracy": 1, "validation_loss": -1, "validation_accuracy": 1}
"""The way in which a quantity gets better; of what stands in no order there are no wins."""
BY_CHANCE = 0.1
"""Probability of so uneven a count by chance, above which nothing is told of a difference; five of five have 0.062."""
LEAST_PAIRS = 5
"""Fewer cannot come below it."""
QUARTILES = (0.5, 0.25, 0.75)


Spread = tuple[float, float, float]
"""Median, first and third quartile."""


class Verdict(Struct, frozen=True):
    """One quantity of one lane at one step, over seeds; None is what is not defined.

    ``difference`` is the lane's minus the base's over ``pairs`` of equal seeds; in ``wins`` of them the lane is better,
    in ``losses`` it is worse.
    """

    spread: Spread | None
    difference: Spread | None = None
    wins: int | None = None
    losses: int | None = None
    pairs: int = 0


def quantile(values: Sequence[float], share: float) -> float:
    """Of sorted values, between neighbours by a straight line; NaN counts as beyond all others.

    Source: Hyndman and Fan (1996), definition 7.
    """
    ordered = sorted(values, key=lambda value: (math.isnan(value), value))
    at = share * (len(ordered) - 1)
    below, above, part = ordered[math.floor(at)], ordered[math.ceil(at)], at - math.floor(at)
    return below if below == above or not part else below + part * (above - below)


def judge(quantity: str, values: Mapping[int, float], base: Mapping[int, float] | None) -> Verdict:
    """A lane's ``values`` by seed against the ``base``'s; None for the base itself."""
    spread = _quartiles(list(values.values()))
    pairs = [(values[seed], base[seed]) for seed in values if seed in base] if base else []
    if not pairs:
        return Verdict(spread)
    difference, way = _quartiles([mine - its for mine, its in pairs]), BETTER.get(quantity)
    if way is None:
        return Verdict(spread, difference, pairs=len(pairs))
    wins = sum(_better(mine, its, way) for mine, its in pairs)
    losses = sum(_better(its, mine, way) for mine, its in pairs)
    return Verdict(spread, difference, wins, losses, len(pairs))


def _quartiles(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    median, low, high = (quantile(values, share) for share in QUARTILES)
    return median, low, high


def _better(mine: float, its: float, way: int) -> bool:
    """What is no number is worse than any number."""
    if math.isnan(mine) or math.isnan(its):
        return math.isnan(its) and not math.isnan(mine)
    return way * mine > way * its


def sign_test(wins: int, losses: int) -> float:
    """Probability of at least so uneven a count if either were as likely: Σ_{k ≥ max} 2 C(n, k) / 2ⁿ, at most 1.

    Source: the two-sided sign test, ties left out (Conover 1999, Practical Nonparametric Statistics, §3.4).
    """
    count, most = wins + losses, max(wins, losses)
    tail: int = sum(math.comb(count, k) for k in range(most, count + 1))
    return min(1.0, tail / 2 ** (count - 1)) if count else 1.0


def sentence(lane: str, quantity: str, step: int, verdict: Verdict) -> str:
    """``B: loss lower by 0.31 [0.25, 0.36] at step 500; better in 10 of 10 paired seeds (sign test, p = 0.002)``."""
    name, at = quantity.replace("_", " "), f"at step {integer(step)}"
    if verdict.spread is None or verdict.difference is None or verdict.wins is None or verdict.losses is None:
        return f"{lane}: no {name} of an equal seed to be compared with"
    if math.isnan(verdict.difference[0]):
        return f"{lane}: {name} {number(verdict.spread[0])} {at}, so its difference is no number"
    if verdict.wins == verdict.losses == 0:
        return f"{lane}: {name} equal {at}"
    apart = f"{_way(verdict.difference[0])} {_apart(verdict)} {at}"
    if verdict.pairs == 1:
        return f"{lane}: {name} {apart}, with one seed"
    chance = sign_test(verdict.wins, verdict.losses)
    counted = f"better in {verdict.wins} of {verdict.pairs} paired seeds (sign test, p = {number(chance, 2)})"
    if verdict.pairs < LEAST_PAIRS:
        return f"{lane}: {name} {apart}; {counted}, too few to tell from chance"
    if chance > BY_CHANCE:
        return f"{lane}: {name} within the spread of seeds {at}; {counted}"
    return f"{lane}: {name} {apart}; {counted}"


def sentences(
    lane: str, step: int, verdicts: Mapping[str, Verdict], *, same_loss: bool, same_batches: bool, base: str
) -> Iterator[str]:
    """A sentence for each quantity; losses of two kinds are on no common scale, so neither is higher."""
    if not same_loss:
        yield f"{lane}: its loss is of another kind, and not to be compared"
    apart = "" if same_batches else f", on other batches than {base}"
    for quantity, verdict in verdicts.items():
        if same_loss or not quantity.endswith("loss"):
            yield f"{sentence(lane, quantity, step, verdict)}{apart if verdict.difference is not None else ''}"


def verdict_sentences(
    networks: Mapping[str, Experiment], ends: Mapping[str, Mapping[str, Mapping[int, float]]], step: int
) -> Iterator[str]:
    """What came of each network beside the first; ``ends``: network → quantity → seed → value at ``step``."""
    base, ours = next(iter(networks.items()))
    for name, own in networks.items():
        if name == base:
            continue
        verdicts = {
            quantity: judge(quantity, ends[name][quantity], ends[base].get(quantity))
            for quantity in IN_SENTENCES
            if ends[name].get(quantity)
        }
        yield from sentences(
            name, step, verdicts, same_loss=type(own.loss) is type(ours.loss),
            same_batches=own.data == ours.data and own.batch_size == ours.batch_size, base=base,
        )  # fmt: skip


def _way(difference: float) -> str:
    return "lower by" if difference < 0 else "higher by"


def _apart(verdict: Verdict) -> str:
    """The size of the difference, and its quartiles counted in the same direction."""
    assert verdict.difference is not None
    sign = -1 if verdict.difference[0] < 0 else 1
    middle, *ends = (sign * value for value in verdict.difference)
    if verdict.pairs == 1:
        return number(middle)
    return spread_text(middle, *ends)


Columns = Mapping[str, Mapping[int, Mapping[int, float]]]
"""Quantity → step → seed → value."""


def rows(lane: str, columns: Columns, base: Columns | None) -> Iterator[dict[str, object]]:
    """The table's rows of a lane; None for the base itself."""
    for quantity, steps in columns.items():
        for step, values in steps.items():
            verdict = judge(quantity, values, None if base is None else base[quantity].get(step, {}))
            yield {"lane": lane, "quantity": quantity, "step": step, **_cells(verdict, base is None)}


def _cells(verdict: Verdict, is_base: bool) -> dict[str, object]:
    cells: dict[str, object] = dict(_named(("median", "low", "high"), verdict.spread))
    cells |= _named(("difference", "difference_low", "difference_high"), verdict.difference)
    return {**cells, "paired_wins": verdict.wins, "pairs": None if is_base else verdict.pairs}


def _named(names: tuple[str, str, str], spread: Spread | None) -> dict[str, str | None]:
    return {name: None if spread is None else repr(value) for name, value in zip(names, spread or names, strict=True)}
