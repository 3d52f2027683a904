"""Residual layers: the sum, its gradient, nested stacks, and where a description of one goes wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays.arena import Arena, Scratch
from simulator.arrays.numeric import Array
from simulator.doctor.headline import headline
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.base import BuildContext
from simulator.layers.maxout import MaxoutModule
from simulator.layers.normalization.block import BlockBatchNorm, BlockLayerNorm
from simulator.layers.parameters import Parameters
from simulator.layers.residual import ResidualModule, SignalNorm
from simulator.measures import RECORDED_NAMES
from simulator.measures.histograms import histograms
from simulator.network.network import Network
from simulator.observations.histograms import HistogramsObservation
from simulator.record.frame import frame_of
from simulator.schema.parameter import differences
from simulator.training.training import Training
from tests.simulator.differences import TOLERANCE, bench, check, clear_maximum, plain, relative_error

POSITIONS = ("before", "last", "after")
NORMS: list[dict[str, Any]] = [
    {"kind": "none"},
    *({"kind": kind, "position": position, "epsilon": 0.1} for kind in ("batch", "layer") for position in POSITIONS),
]
LINEAR = {"kind": "linear"}


def dense(units: int, activation: str = "tanh", **fields: Any) -> dict[str, Any]:
    return {"kind": "dense", "units": units, "activation": {"kind": activation}, **fields}


def residual(*layers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"kind": "residual", "layers": list(layers), **fields}


def described(*layers: dict[str, Any], **fields: Any) -> Experiment:
    return Experiment.from_builtins(
        {"precision": "float64", "data": {"kind": "moons", "samples": 60}, "layers": list(layers), "batch_size": 16}
        | fields
    )


def looked(*layers: dict[str, Any], **fields: Any) -> Training:
    made = Training(described(*layers, **fields))
    made.look()
    return made


def modules_of(network: Network, kind: type[Any]) -> list[Any]:
    found, queue = [], list(network.modules)
    while queue:
        module = queue.pop(0)
        queue[:0] = module.children()
        found += [module] if isinstance(module, kind) else []
    return found


def clear(network: Network) -> bool:
    return all(clear_maximum(module.pieces) for module in modules_of(network, MaxoutModule))


# -- gradients --------------------------------------------------------------------------------------------------------


def inner_layers(width: int) -> st.SearchStrategy[dict[str, Any]]:
    """Layers that keep a width, residual ones among them."""
    norm = st.sampled_from([{"kind": "none"}, {"kind": "weight"}, {"kind": "layer", "epsilon": 0.1}])
    plain_ones = st.one_of(
        st.builds(lambda a, n: dense(width, a, normalization=n), st.sampled_from(["tanh", "relu", "linear"]), norm),
        st.builds(lambda r: dense(width, dropout={"kind": "inverted", "rate": r}), st.sampled_from([0.2, 0.5])),
        st.just({"kind": "highway", "units": width}),
        st.just({"kind": "maxout", "units": width}),
    )
    return st.recursive(plain_ones, lambda layers: blocks(st.lists(layers, min_size=1, max_size=2)), max_leaves=3)


def blocks(layers: st.SearchStrategy[list[dict[str, Any]]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda inner, norm, scale, rule: residual(*inner, normalization=norm, branch_scale=scale, scale=rule),
        layers, st.sampled_from(NORMS), st.sampled_from([1.0, 0.5, -0.3]), st.sampled_from(["fixed", "sqrt_depth"]),
    )  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data(), width=st.integers(1, 3), batch=st.integers(2, 4), seed=st.integers(0, 10**6))
def test_gradients_through_nested_stacks(data: st.DataObject, width: int, batch: int, seed: int) -> None:
    inner = st.lists(inner_layers(width), min_size=1, max_size=2)
    layers = data.draw(st.lists(blocks(inner), min_size=1, max_size=2))
    found = bench(plain(layers, "mse", seed, "regression"), width, 1, batch, seed, clear=clear)
    analytic, numeric = found.analytic(), found.numeric()
    if np.linalg.norm(analytic) > 1e-6:
        assert relative_error(analytic, numeric) <= TOLERANCE


@pytest.mark.parametrize("projection", [None, LINEAR])
@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: f"{norm['kind']}-{norm.get('position')}")
def test_every_block_is_right_under_every_norm_first_in_the_network_or_not(
    norm: dict[str, Any], projection: dict[str, Any] | None
) -> None:
    fields = {"normalization": norm, "branch_scale": 0.7} | ({"projection": projection} if projection else {})
    width = 5 if projection else 4
    layers = [residual(dense(3), dense(width), **fields), residual(dense(3), dense(width), **fields)]
    check(bench(plain(layers, "mse", 1, "regression"), 4, 1, 5, 1))


@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: f"{norm['kind']}-{norm.get('position')}")
def test_gradients_on_images(norm: dict[str, Any]) -> None:
    def conv(channels: int) -> dict[str, Any]:
        return {"kind": "convolution", "channels": channels}

    layers = [
        residual(conv(3), projection=LINEAR, normalization=norm),
        residual(conv(2), conv(3), normalization=norm),
        {"kind": "flatten"},
    ]
    check(bench(plain(layers, "mse", 4, "regression"), (2, 3, 4), 1, 3, 4))


@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: f"{norm['kind']}-{norm.get('position')}")
def test_gradients_on_sequences(norm: dict[str, Any]) -> None:
    def recurrent(units: int, output: str = "all") -> dict[str, Any]:
        return {"kind": "recurrent", "units": units, "output": output}

    layers = [
        residual(recurrent(3), projection=LINEAR, normalization=norm),
        residual(recurrent(3), normalization=norm),
        recurrent(2, "last"),
    ]
    check(bench(plain(layers, "mse", 4, "regression"), (4, 2), 1, 3, 4))


# -- identities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gain", "scale"), [(0.1, 1.0), (1.0, 0.1)])
def test_ten_linear_branches_of_a_tenth_multiply_signal_and_gradient_by_2_5937(gain: float, scale: float) -> None:
    branch = dense(2, "linear", initializer={"kind": "identity", "gain": gain})
    made = looked(dense(2, "linear", initializer={"kind": "identity"}), residual(branch, branch_scale=scale, repeat=10))
    first, last, output = made.network.taps[0], made.network.taps[-2], made.network.taps[-1]
    np.testing.assert_allclose(last.a, 2.5937424601 * first.a, rtol=1e-12)
    entering = made.network.output.affine.block.value[:-1] @ output.delta  # type: ignore[operator]
    np.testing.assert_allclose(first.delta, 2.5937424601 * entering, rtol=1e-12)


def test_a_branch_of_scale_0_passes_the_gradient_on_unchanged() -> None:
    made = looked(dense(6), residual(dense(6), branch_scale=0.0))
    kernel = made.network.output.affine.block.value
    tap, output = made.network.taps[0], made.network.taps[-1]
    np.testing.assert_allclose(tap.delta, tap.slope * (kernel[:-1] @ output.delta), rtol=1e-12)  # type: ignore[operator]
    assert not np.any(made.network.taps[1].weight_gradient)


def normal(x: Array, axis: int) -> Array:
    made: Array = (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5)
    return made


@pytest.mark.parametrize(("kind", "axis"), [("batch", 1), ("layer", 0)])
@pytest.mark.parametrize("position", POSITIONS)
def test_where_the_normalisation_sits(position: str, kind: str, axis: int) -> None:
    norm = {"kind": kind, "position": position}
    made = looked(dense(6), residual(dense(6), branch_scale=0.5, normalization=norm))
    module: Any = made.network.modules[1]
    x = made.network.taps[0].a
    kernel = module.inner[0].affine.block.value
    seen = normal(x, axis) if position == "before" else x
    branch = np.tanh(kernel[:-1].T @ seen + kernel[-1][:, None])
    branch = normal(branch, axis) if position == "last" else branch
    total = x + 0.5 * branch
    own = made.network.taps[2]
    np.testing.assert_allclose(own.a, total, rtol=1e-9)
    np.testing.assert_allclose(own.extras["branch"], 0.5 * branch, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(own.extras["skip"], x, rtol=1e-9)
    np.testing.assert_allclose(module.out[:-1], normal(total, axis) if position == "after" else total, rtol=1e-9)


def test_a_projection_maps_the_input_to_the_branchs_width_and_is_measured() -> None:
    made = looked(dense(6), residual(dense(4), projection=LINEAR))
    own = made.network.taps[2]
    assert own.weights is not None
    assert own.weights.shape == (6, 4)
    np.testing.assert_allclose(own.extras["skip"], own.weights.T @ made.network.taps[0].a, rtol=1e-12)
    np.testing.assert_allclose(own.weight_gradient, made.network.taps[0].a @ own.delta.T, rtol=1e-12)  # type: ignore[union-attr]
    same = looked(dense(6), residual(dense(6), projection=LINEAR))
    assert same.network.taps[2].weights is None


@pytest.mark.parametrize(("shape", "units_first"), [((5, 3), (1, 0, 2)), ((3, 2, 4), (0, 1, 2, 3))])
@pytest.mark.parametrize(("spec", "axis"), [(BlockBatchNorm(), 1), (BlockLayerNorm(), 0)])
def test_steps_of_a_sequence_and_positions_of_an_image_are_observations(
    spec: BlockBatchNorm | BlockLayerNorm, axis: int, shape: tuple[int, ...], units_first: tuple[int, ...]
) -> None:
    dtype = np.dtype(np.float64)
    norm = SignalNorm(spec.stage(3), shape)
    Parameters(norm.stage.blocks(), dtype)
    Parameters(norm.stage.states(), dtype)
    norm.allocate(BuildContext(7, Arena(dtype, 10**5), Scratch(dtype), 0, True))
    x = np.random.default_rng(0).normal(2, 5, (math.prod(shape), 7))
    out = np.empty_like(x)
    norm.forward(x, out, training=True)
    flat, found = (array.reshape(*shape, 7).transpose(units_first).reshape(3, -1) for array in (x, out))
    np.testing.assert_allclose(found, normal(flat, axis), rtol=1e-9)


# -- depth ------------------------------------------------------------------------------------------------------------


def test_the_branch_is_divided_by_the_root_of_the_residual_layers_in_the_same_stack() -> None:
    inside = residual(dense(4), scale="sqrt_depth", repeat=4, branch_scale=3.0)
    made = looked(dense(4), residual(inside, scale="sqrt_depth", repeat=2), dense(4), residual(dense(4)))
    factors = [(module.info.label, module.factor) for module in modules_of(made.network, ResidualModule)]
    outer = 1 / math.sqrt(3)
    want = {"2": outer, "3": outer, "5": 1.0} | {f"{o}.{i}": 1.5 for o in (2, 3) for i in (1, 2, 3, 4)}
    assert dict(factors) == pytest.approx(want)


def test_scaled_by_depth_a_stack_of_any_depth_keeps_its_spread_within_a_factor() -> None:
    spread = []
    for depth in (1, 10, 100):
        branch = dense(50, "linear", initializer={"kind": "lecun_normal"})
        made = looked(dense(50, "linear"), residual(branch, scale="sqrt_depth", repeat=depth))
        std = made.values[RECORDED_NAMES.index("activation_std")]
        spread.append(std[-2] / std[0])
    # Each block multiplies the variance by 1 + 1/L.
    np.testing.assert_allclose(spread, [math.sqrt((1 + 1 / n) ** n) for n in (1, 10, 100)], rtol=0.2)


# -- rows and measures ------------------------------------------------------------------------------------------------


def nested() -> Training:
    inside = residual(dense(4), {"kind": "highway", "units": 4})
    return looked(dense(4), residual(dense(4, repeat=2), inside), dense(3))


@pytest.mark.parametrize("count", [1, 9, 10, 12, 100])
def test_labels_of_inner_layers_are_numbers_of_their_own_and_sort_in_depth_order(count: int) -> None:
    infos = looked(dense(4), residual(dense(4, repeat=count))).info.layers
    labels = [info.label for info in infos if info.label.startswith("2.")]
    assert len({float(label) for label in labels}) == len(labels) == count
    assert sorted(labels) == labels
    assert labels[0] == "2." + "0" * (len(str(count)) - 1) + "1"
    assert [info.name.split()[-1] for info in infos[1:-2]] == labels


def test_inner_layers_come_before_their_block_and_name_the_entry_on_top() -> None:
    infos = nested().info.layers
    assert [info.label for info in infos] == ["1", "2.1", "2.2", "2.3.1", "2.3.2", "2.3", "2", "3", "4"]
    assert [info.entry for info in infos] == [0, 1, 1, 1, 1, 1, 1, 2, -1]
    assert [info.kind for info in infos] == [
        "dense", "dense", "dense", "dense", "highway", "residual", "residual", "dense", "output",
    ]  # fmt: skip


def test_the_branch_share_is_the_branchs_part_of_the_two_variances() -> None:
    made = nested()
    row = RECORDED_NAMES.index("branch_share")
    for place, tap in enumerate(made.network.taps):
        assert made.defined[row, place] == (tap.info.kind == "residual")
        if tap.extras.keys() >= {"branch", "skip"}:
            branch, skip = np.var(tap.extras["branch"]), np.var(tap.extras["skip"])
            assert made.values[row, place] == pytest.approx(branch / (branch + skip), rel=1e-10)


@pytest.mark.parametrize(("scale", "share"), [(0.0, 0.0), (1.0, 0.5), (3.0, 0.9)])
def test_a_branch_that_repeats_its_input_has_the_share_of_its_scale(scale: float, share: float) -> None:
    same = dense(5, "linear", initializer={"kind": "identity"})
    made = looked(dense(5), residual(same, branch_scale=scale))
    assert made.values[RECORDED_NAMES.index("branch_share"), 2] == pytest.approx(share, abs=1e-12)


def test_a_share_of_nothing_is_not_defined() -> None:
    made = looked(dense(5, initializer={"kind": "zeros"}), residual(dense(5, initializer={"kind": "zeros"})))
    assert not made.defined[RECORDED_NAMES.index("branch_share"), 2]


@pytest.mark.parametrize("inner", [[dense(4)], [dense(4), dense(4)], [residual(dense(4)), dense(4, "relu")]])
def test_repeated_blocks_are_read_together_and_told_in_depth_order(inner: list[dict[str, Any]]) -> None:
    deep = looked(dense(4), residual(*inner, repeat=5))
    taps = deep.network.taps
    assert len(deep.network.roles["a"].stacks) < len(taps) / 2
    counted = HistogramsObservation().observe(deep)
    for place, tap in enumerate(taps):
        assert deep.values[RECORDED_NAMES.index("activation_std"), place] == pytest.approx(np.std(tap.a), rel=1e-9)
        alone = histograms([tap.a])
        np.testing.assert_array_equal(counted.counts[place], alone.counts[0])
        np.testing.assert_array_equal(counted.edges[place], alone.edges[0])


def test_the_delta_of_a_block_is_the_gradient_of_its_sum() -> None:
    made = looked(dense(4), residual(dense(4)))
    own, output = made.network.taps[2], made.network.taps[-1]
    kernel = made.network.output.affine.block.value
    np.testing.assert_allclose(own.delta, kernel[:-1] @ output.delta, rtol=1e-12)  # type: ignore[operator]


def test_the_line_in_words_compares_layers_that_have_weights() -> None:
    made = looked(residual(dense(2), repeat=3))
    line = headline((), frame_of(made, made.scalars()))
    assert line.startswith("Nothing is wrong: layer 1.1's gradient is")
    assert line.endswith("layer 3.1's.")


# -- description ------------------------------------------------------------------------------------------------------


def test_a_nested_description_survives_the_file() -> None:
    made = described(dense(4), residual(dense(4), residual(dense(4, "relu"), scale="sqrt_depth"), branch_scale=0.2))
    assert Experiment.from_json(made.to_json()) == made
    plain_form = made.to_builtins()["layers"][1]
    assert (plain_form["kind"], plain_form["branch_scale"]) == ("residual", 0.2)
    assert plain_form["layers"][1]["layers"][0]["activation"] == {"kind": "relu"}


NO_SUM = (
    "gets 4 numbers from layer 1 and 5 numbers from its branch, which cannot be added; "
    "give it a linear projection or keep the shape"
)
REFUSED: list[tuple[dict[str, Any], str]] = [
    (residual(dense(4), dense(0)), "expected a whole number ≥ 1, not 0 at layers[1].layers[1].units"),
    (residual(dense(4), residual(dense(4, dropout={"kind": "inverted", "rate": 2}))),
     "expected a number ≤ 0.95, not 2 at layers[1].layers[1].layers[0].dropout.rate"),
    (residual(), "expected a list of length ≥ 1 at layers[1].layers"),
    (residual(dense(4), normalization={"kind": "weight"}),
     "'weight' is not one of none, batch, layer at layers[1].normalization.kind"),
    (residual(dense(4, repeat=999)), "1001 layers are more than the 1000 that a stack may have at layers"),
    (residual(dense(5)), f"layer 2 (residual) {NO_SUM} at layers[1]"),
    (residual(dense(4), residual(dense(5))),
     f"layer 2.2 (residual) {NO_SUM.replace('layer 1', 'layer 2.1')} at layers[1].layers[1]"),
    (residual(dense(4, repeat=2), {"kind": "highway", "units": 9}), "layer 2.3 (highway) carries its "
     "input on, so it needs 9 numbers, one for each of its units, but layer 2.2 gives 4 numbers "
     "at layers[1].layers[1]"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "message"), REFUSED)
def test_what_does_not_fit_is_refused_with_its_place_inside(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        Training(described(dense(4), layer))
    assert str(refused.value) == message


def test_an_unknown_kind_inside_is_told_the_kinds_there_are() -> None:
    with pytest.raises(ExperimentError, match=r"'dens' is not one of .*residual.* at layers\[1\]\.layers\[0\]\.kind"):
        described(dense(4), residual({"kind": "dens"}))


def test_a_projection_cannot_change_the_number_of_positions() -> None:
    smaller = {"kind": "convolution", "channels": 2, "padding": "valid"}
    made = Experiment.from_builtins(plain([residual(smaller, projection=LINEAR)], "mse", 0, "regression"))
    with pytest.raises(ExperimentError, match=r"4 × 4 with 2 .* 2 × 2 with 2 .*changes the width only at layers\[0\]"):
        Network(made, (2, 4, 4), 1, 3)


LIVE = {
    "layers.1.branch_scale": 0.3, "layers.1.scale": "sqrt_depth", "layers.1.normalization.epsilon": 0.1,
    "layers.1.layers.0.dropout.rate": 0.6, "layers.1.layers.1.layers.0.activation.slope": 0.3,
}  # fmt: skip


def adjustable() -> Experiment:
    leaky = dense(4) | {"activation": {"kind": "leaky_relu"}}
    first = dense(4, dropout={"kind": "inverted", "rate": 0.2})
    return described(dense(4), residual(first, residual(leaky), normalization={"kind": "layer"}))


@pytest.mark.parametrize("path", sorted(LIVE))
def test_live_parameters_inside_a_block_act_on_the_next_step(path: str) -> None:
    training = Training(adjustable())
    training.look()
    changed = training.experiment.with_values([(path, LIVE[path])])
    (found,) = differences(training.experiment, changed)
    assert ".".join(map(str, found[0])) == path
    assert training.accepts(changed)
    gradient = training.network.parameters.gradient.copy()
    value = training.network.parameters.value
    training.update_spec(changed)
    training.look()
    # A single residual layer is divided by √1.
    same = path == "layers.1.scale"
    assert np.array_equal(training.network.parameters.gradient, gradient) == same
    assert training.network.parameters.value is value


@pytest.mark.parametrize(
    ("path", "value"),
    [("layers.1.layers.1.layers.0.repeat", 2), ("layers.1.layers.0.activation", {"kind": "relu"}),
     ("layers.1.normalization.position", "last"), ("layers.1.projection", LINEAR), ("layers.1.layers", [dense(4)])],
)  # fmt: skip
def test_structure_inside_a_block_needs_a_new_network(path: str, value: Any) -> None:
    made = adjustable()
    assert not Training(made).accepts(made.with_values([(path, value)]))


def test_inner_layers_draw_by_their_own_place() -> None:
    one = Training(described(dense(4), residual(dense(4), dense(4))))
    other = Training(described(dense(4), residual(dense(4), dense(4), dense(4)), dense(4)))
    kernels = [[m.affine.block.value for m in made.network.modules[1].inner] for made in (one, other)]  # type: ignore[attr-defined]
    for a, b in zip(*kernels, strict=False):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(kernels[1][0], kernels[1][1])


def test_going_on_from_a_checkpoint_is_exact_with_dropout_and_running_averages_inside() -> None:
    noisy = dense(4, dropout={"kind": "inverted", "rate": 0.3}, normalization={"kind": "batch"})
    made = described(dense(4), residual(noisy, residual(noisy), normalization={"kind": "batch", "position": "after"}))
    training = Training(made)
    for _ in range(3):
        training.propose()
        training.apply()
    kept, other = training.checkpoint(), Training(made)
    other.restore(kept)
    for one in (training, other):
        for _ in range(3):
            one.look()
            one.propose()
            one.apply()
    np.testing.assert_array_equal(training.network.parameters.value, other.network.parameters.value)
    np.testing.assert_array_equal(training.network.states.value, other.network.states.value)


def test_evaluation_does_not_touch_the_taps() -> None:
    training = Training(described(dense(4), residual(dense(4), normalization={"kind": "batch"})))
    training.look()
    kept = {name: array.copy() for name, array in training.network.taps[2].extras.items()}
    training.scalars(validate=True)
    for name, array in kept.items():
        np.testing.assert_array_equal(training.network.taps[2].extras[name], array)
