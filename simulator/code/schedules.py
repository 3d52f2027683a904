"""Learning-rate schedules as a function of the step, in plain Python: what both libraries understand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.code.equivalents import equivalent
from simulator.parts import schedules as kinds
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import Part

COSINE = "return {low} + ({high} - {low}) * (1 + math.cos(math.pi * {share})) / 2"


def _cosine(high: Any, low: Any, share: str) -> str:
    return COSINE.format(high=high, low=low, share=share)


def _sgdr(spec: kinds.SGDRSchedule, base: float) -> list[str]:
    if spec.t_mult == 1:
        return [_cosine(base, spec.eta_min, f"(step % {spec.t_0} / {spec.t_0})")]
    return [
        f"start, length = 0, {spec.t_0}",
        "while step >= start + length:",
        f"    start, length = start + length, length * {spec.t_mult}",
        _cosine(base, spec.eta_min, "(step - start) / length"),
    ]


def _one_cycle(spec: kinds.OneCycleSchedule, base: float) -> list[str]:
    first = spec.max_lr / spec.div_factor
    top = spec.pct_start * spec.total_steps - 1
    fall = spec.total_steps - 1 - top
    falling = _cosine(spec.max_lr, first / spec.final_div_factor, f"min((step - {top!r}) / {fall!r}, 1)")
    if top <= 0:
        return [falling]
    return [f"if step <= {top!r}:", f"    {_cosine(first, spec.max_lr, f'step / {top!r}')}", falling]


def _cyclical(spec: kinds.CyclicalSchedule, base: float) -> list[str]:
    return [
        f"phase = step / {spec.step_size_up} % 2",
        f"return {base!r} + ({spec.max_lr!r} - {base!r}) * (phase if phase <= 1 else 2 - phase)",
    ]


def _piecewise(spec: kinds.PiecewiseSchedule, base: float) -> list[str]:
    places = sorted(spec.boundaries)[: len(spec.rates)]
    rates = tuple(float(rate) for rate in spec.rates[: len(places)])
    return [f"rates = {(base, *rates)!r}", f"return rates[sum(step >= place for place in {tuple(places)!r})]"]


RATES: Mapping[type[Part], Callable[[Any, float], list[str]]] = {
    kinds.ConstantSchedule: lambda spec, base: [f"return {base!r}"],
    kinds.StepSchedule: lambda spec, base: [f"return {base!r} * {spec.gamma!r} ** (step // {spec.step_size})"],
    kinds.ExponentialSchedule: lambda spec, base: [f"return {base!r} * {spec.gamma!r} ** step"],
    kinds.CosineSchedule: lambda spec, base: [_cosine(base, spec.eta_min, f"min(step / {spec.t_max}, 1)")],
    kinds.SGDRSchedule: _sgdr,
    kinds.CyclicalSchedule: _cyclical,
    kinds.OneCycleSchedule: _one_cycle,
    kinds.WarmupSchedule: lambda spec, base: [
        f"return {base!r} * ({spec.start_factor!r} + {1 - spec.start_factor!r} * min(step / {spec.total_iters}, 1))"
    ],
    kinds.PiecewiseSchedule: _piecewise,
}
"""Kind → the lines of a function of ``step``, given the optimiser's own rate."""


def rate_lines(schedule: Schedule, base: float, library: str) -> list[str]:
    """The body of ``learning_rate(step)``."""
    return equivalent(RATES, schedule, library)(schedule, float(base))
