"""The landscape: functions with their derivatives, races by their closed forms, steps taken apart, what is read off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import ExperimentError
from simulator.landscape.entry import MomentumAsPrinted
from simulator.landscape.function import ClosedForm, Function
from simulator.landscape.functions import FUNCTIONS, Minima, NoisyRavine, Ravine, Saddle, Typed
from simulator.landscape.landscape import Landscape
from simulator.landscape.paths_file import COLUMNS, paths_csv
from simulator.landscape.race import RacedPath, race
from simulator.landscape.readings import base_of, curvature, steps_to, turning_share
from simulator.landscape.step_terms import step_terms
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import concrete, kind_of, kinds

KAPPA = 50.0
CLOSED = [part() for part in concrete(Function) if issubclass(part, ClosedForm)]
FORMULAS = [
    Typed(expression=text)
    for text in (
        "sin(x)*cos(y) + tan(x/5)", "exp(-x^2/2)*y - 3/(2 + x*y)", "log(x*x + 1) + sqrt(y**2 + 2)",
        "abs(x) + tanh(y)^3", "min(x, y*y) + max(x - y, 2)", "atan(x*y) + sinh(x/3) + cosh(y/3)",
        "(2 + sin(x))**(y/2) - -x + pi*e", "x**1 + y**0",
    )
]  # fmt: skip


def raced(rule: dict[str, Any], steps: int, kappa: float = KAPPA, start: tuple[float, float] = (1.0, 1.0)) -> RacedPath:
    plain = {
        "function": "ravine", "set": {"condition": kappa}, "optimizers": {"a": rule}, "start": start, "steps": steps,
    }  # fmt: skip
    return race(plain)["a"]


# -- functions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [*CLOSED, *FORMULAS], ids=repr)
def test_gradient_and_hessian_are_those_of_central_differences(function: ClosedForm) -> None:
    rng, h = np.random.default_rng(0), 1e-5
    (x0, x1), (y0, y1) = function.window
    x, y = rng.uniform(x0, x1, 50), rng.uniform(y0, y1, 50)
    gx, gy = function.gradient(x, y)
    xx, xy, yy = function.hessian(x, y)
    near = {"rtol": 1e-4, "atol": 1e-4 * float(np.abs(function.value(x, y)).max() + 1)}
    np.testing.assert_allclose(gx, (function.value(x + h, y) - function.value(x - h, y)) / (2 * h), **near)
    np.testing.assert_allclose(gy, (function.value(x, y + h) - function.value(x, y - h)) / (2 * h), **near)
    (gx1, gy1), (gx0, gy0) = function.gradient(x + h, y), function.gradient(x - h, y)
    np.testing.assert_allclose(xx, (gx1 - gx0) / (2 * h), **near)
    np.testing.assert_allclose(xy, (gy1 - gy0) / (2 * h), **near)
    np.testing.assert_allclose(yy, (function.gradient(x, y + h)[1] - function.gradient(x, y - h)[1]) / (2 * h), **near)


@pytest.mark.parametrize("function", CLOSED, ids=repr)
def test_at_a_minimum_the_gradient_is_0_and_the_hessian_positive_and_the_first_is_the_lowest(
    function: ClosedForm,
) -> None:
    for x, y in function.minima:
        assert np.hypot(*function.gradient(x, y)) < 1e-10
        assert curvature(function, (x, y)).smallest > 0
        assert function.value(*function.minima[0]) <= function.value(x, y)
        assert all(low <= at <= high for at, (low, high) in zip((x, y), function.window, strict=True))


@pytest.mark.parametrize("part", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_function_says_its_formula_and_starts_within_what_is_shown(part: type[Function]) -> None:
    assert part.formula.count("$$") >= 2
    if issubclass(part, ClosedForm):
        assert all(low <= at <= high for at, (low, high) in zip(part.start, part.window, strict=True))


def test_there_are_four_minima_and_one_is_the_deepest() -> None:
    depths = [float(Minima().value(*point)) for point in Minima().minima]
    assert len(depths) == 4
    assert depths[0] == pytest.approx(2 * -39.16616570377142)
    assert depths[1] > depths[0] + 10


# -- closed forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "kappa"), [(0.03, 50.0), (0.001, 1000.0), (1.5, 1.0)])
def test_gradient_descent_on_the_ravine_is_a_power_of_each_coordinate(rate: float, kappa: float) -> None:
    path, k = raced({"kind": "sgd", "learning_rate": rate}, 300, kappa), np.arange(301)
    np.testing.assert_allclose(path.places[:, 0], (1 - rate) ** k, rtol=0, atol=1e-12)
    np.testing.assert_allclose(path.places[:, 1], (1 - rate * kappa) ** k, rtol=0, atol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_momentum_diverges_just_above_its_limit_and_converges_just_below(nesterov: bool, beta: float) -> None:
    limit = 2 * (1 + beta) / ((1 + 2 * beta if nesterov else 1) * KAPPA)
    rule = {"kind": "sgd", "momentum": beta, "nesterov": nesterov}
    below, above = (raced({**rule, "learning_rate": limit * by}, 3000, start=(0.0, 1.0)) for by in (0.99, 1.01))
    assert abs(below.places[-1, 1]) < 1e-3
    assert not abs(above.places[-1, 1]) < 1e3


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_at_the_best_pair_the_contraction_is_that_of_a_double_root(kappa: float) -> None:
    rho = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
    rule = {"kind": "sgd", "learning_rate": 4 / (1 + math.sqrt(kappa)) ** 2, "momentum": rho**2}
    path = raced(rule, 400, kappa)
    for coordinate in path.places.T:
        assert abs(coordinate[400] / coordinate[200]) ** (1 / 200) == pytest.approx(rho, rel=0.01)


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_the_first_step_of_adam_is_the_rate_in_each_coordinate(kind: str) -> None:
    path = raced({"kind": kind, "learning_rate": 0.02, **({"weight_decay": 0.0} if kind == "adamw" else {})}, 1)
    np.testing.assert_allclose(np.abs(path.places[1] - path.places[0]), 0.02, rtol=1e-6)


def test_momentum_as_printed_climbs_where_momentum_descends() -> None:
    fields = {"learning_rate": 0.01, "momentum": 0.9}
    climbs, descends = (raced({"kind": kind, **fields}, 100) for kind in ("momentum_as_printed", "sgd"))
    assert (np.diff(climbs.values) > 0).all()
    assert descends.values[-1] < 1e-2 * descends.values[0]
    np.testing.assert_array_equal(climbs.places[1] - climbs.places[0], descends.places[0] - descends.places[1])


def test_gradient_descent_stays_at_a_saddle_that_it_meets_head_on() -> None:
    rule = {"kind": "sgd", "learning_rate": 0.1}
    plain = {"function": "saddle", "optimizers": {"a": rule}, "start": [1, 0], "steps": 200}
    assert np.abs(race(plain)["a"].places[-1]).max() < 1e-8
    assert race({**plain, "start": [1, 1e-6]})["a"].places[-1] == pytest.approx([0.0, 1.0], abs=1e-3)


@pytest.mark.parametrize("kind", kinds(Schedule))
def test_every_schedule_sets_the_rate_of_each_step(kind: str) -> None:
    path = raced({"kind": "sgd", "learning_rate": 0.01, "schedule": {"kind": kind}}, 30)
    schedule = kinds(Schedule)[kind]()
    shares = np.cumprod([1.0, *(1 - schedule.rate(0.01, step) for step in range(30))])
    np.testing.assert_allclose(path.places[:, 0], shares, rtol=1e-12)


def test_what_diverges_goes_on_to_infinity_and_is_no_error() -> None:
    path = raced({"kind": "sgd", "learning_rate": 10.0}, 2000)
    assert not np.isfinite(path.values[-1])
    assert math.isnan(turning_share(path, 2000))
    assert paths_csv([path]).splitlines()[-1].split(",")[2] in ("nan", "inf", "-inf")


# -- noise -------------------------------------------------------------------------------------------------------------


def test_noise_is_that_of_its_seed_the_same_for_all_and_none_at_0() -> None:
    plain = {
        "function": "noisy_ravine", "set": {"condition": KAPPA, "sigma": 2.0},
        "optimizers": {"a": {"kind": "sgd", "learning_rate": 0.0}, "b": {"kind": "adam", "learning_rate": 0.0}},
        "steps": 500,
    }  # fmt: skip
    paths = race(plain)
    draws = paths["a"].gradients - np.array([1.0, KAPPA])
    np.testing.assert_array_equal(paths["a"].gradients, paths["b"].gradients)
    assert draws.std() == pytest.approx(2.0, rel=0.1)
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.15
    np.testing.assert_array_equal(race(plain)["a"].gradients, paths["a"].gradients)
    assert not np.array_equal(race({**plain, "set": {"seed": 1}})["a"].gradients, paths["a"].gradients)
    still = race({**plain, "set": {"sigma": 0.0, "condition": KAPPA}, "optimizers": {"a": {"kind": "sgd"}}})["a"]
    np.testing.assert_array_equal(still.places, raced({"kind": "sgd"}, 500).places)


# -- one step taken apart ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*kinds(Optimizer), kind_of(MomentumAsPrinted)])
def test_the_terms_of_a_step_are_its_update_together(kind: str) -> None:
    variants = [{}, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}] if kind == "sgd" else [{}]
    for fields in variants:
        path = raced({"kind": kind, "learning_rate": 0.01, **fields}, 6)
        for step in range(path.steps):
            terms = step_terms(path, step)
            assert terms is not None
            np.testing.assert_allclose(terms.gradient + terms.velocity + terms.decay, terms.update, atol=1e-12)
            np.testing.assert_allclose(np.abs(terms.gradient), terms.preconditioner * np.abs(terms.slope), rtol=1e-9)
    assert step_terms(path, path.steps) is None


# -- what is read off --------------------------------------------------------------------------------------------------


def test_curvature_is_read_where_the_path_stands() -> None:
    here = curvature(Ravine(condition=KAPPA), (3.0, -2.0))
    assert (here.smallest, here.largest, here.condition) == (1.0, KAPPA, KAPPA)
    assert math.isnan(curvature(Saddle(), (0.0, 0.0)).condition)


def test_turns_and_steps_to_the_minimum_are_counted() -> None:
    rate = 1.5 / KAPPA
    path, function = raced({"kind": "sgd", "learning_rate": rate}, 200, start=(0.0, 1.0)), Ravine(condition=KAPPA)
    assert turning_share(path, 100) == 1.0
    assert math.isnan(turning_share(path, 1))
    k = steps_to(path, base_of(function, function), 1e-3)
    assert k == math.ceil(math.log(1e-3 / (KAPPA / 2)) / (2 * math.log(0.5)))
    assert steps_to(raced({"kind": "momentum_as_printed"}, 50), 0.0, 1e-3) is None
    slopes = np.hypot(*path.gradients.T)
    assert steps_to(path, None, 1e-3) == int(np.argmax(slopes <= 1e-3))
    assert turning_share(raced({"kind": "sgd", "learning_rate": 0.5 / KAPPA}, 50), 50) == 0.0


# -- the form of a landscape -------------------------------------------------------------------------------------------


def test_a_landscape_is_read_back_as_it_was_written() -> None:
    plain = {
        "function": "noisy_ravine", "set": {"condition": 10.0, "sigma": 0.5, "seed": 3},
        "optimizers": {
            "one": {"kind": "adam", "learning_rate": 0.1, "schedule": {"kind": "cosine", "t_max": 50}},
            "two": {"kind": "momentum_as_printed"},
        },
        "start": [-1.0, 2.5], "steps": 20,
    }  # fmt: skip
    landscape = Landscape.from_builtins(plain)
    assert landscape.function == NoisyRavine(condition=10.0, sigma=0.5, seed=3)
    assert Landscape.from_builtins(landscape.to_builtins()) == landscape
    assert race(landscape.to_builtins())["one"].places[0] == pytest.approx([-1.0, 2.5])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"function": "hill"}, "'hill' is not one of ravine"),
        ({"set": {"condition": 0.5}}, "condition"),
        ({"set": {"depth": 1}}, "ravine has no field 'depth'"),
        ({"optimizers": {}}, "1 to 6"),
        ({"optimizers": {str(i): {"kind": "sgd"} for i in range(7)}}, "1 to 6"),
        ({"optimizers": {"a": {"kind": "magic"}}}, "magic"),
        ({"optimizers": {"a": {"kind": "sgd", "learning_rate": -1}}}, "optimizers.a.learning_rate"),
        ({"optimizers": {"a": {"kind": "sgd", "schedule": {"kind": "step", "gamma": 0}}}}, "a.schedule.gamma"),
        ({"optimizers": {" ": {"kind": "sgd"}}}, "1 to 80 characters"),
        ({"start": [1, float("nan")]}, "finite"),
        ({"start": [1]}, "start"),
        ({"steps": -1}, "steps"),
        ({"steps": 10_000_000}, "steps"),
        ({"spets": 1}, "unknown field 'spets'"),
        ({"function": "typed", "set": {"expression": "x +"}}, "cannot be read"),
        ([], "an object"),
    ],
)  # fmt: skip
def test_what_is_no_landscape_is_refused_in_one_sentence(wrong: Any, told: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        Landscape.from_builtins(wrong)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_table_has_every_step_of_every_path_in_full() -> None:
    path = raced({"kind": "sgd", "learning_rate": 0.01}, 3)
    lines = [line.split(",") for line in paths_csv([path]).splitlines()]
    assert tuple(lines[0]) == COLUMNS == ("optimizer", "step", "x", "y", "value", "gradient_x", "gradient_y")
    assert [line[1] for line in lines[1:]] == ["0", "1", "2", "3"]
    assert [float(each) for each in lines[2][2:]] == [*path.places[1], path.values[1], *path.gradients[1]]
