"""Every data set prepares to what training expects; split, scale and noise touch only what they should."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.data import (
    AnyData,
    Circles,
    Clusters,
    Csv,
    Data,
    DataError,
    Diabetes,
    Digits,
    Gaussian,
    Moons,
    Plane,
    Spirals,
    Wine,
    Xor,
    prepare,
    split_sizes,
)
from simulator.data.scaling import Scaling, mean_in_order
from simulator.schema.parameter import builtins_of, kinds, parameters, summary_of

KINDS = kinds(Data)
OFFLINE = sorted(set(KINDS) - {"csv", "images"})
FIELDS = ("x_train", "y_train", "x_val", "y_val")


def same(a, b, names):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


def test_the_kinds_of_the_file_format_are_registered():
    expected = "digits breast_cancer wine diabetes moons circles spirals xor clusters plane gaussian csv images "
    expected += "adding copying temporal_order sine digit_rows"
    assert set(KINDS) == set(expected.split())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_decodes_from_its_name_alone_and_explains_its_knobs(kind):
    data = msgspec.convert({"kind": kind}, AnyData)
    assert msgspec.convert(builtins_of(data), AnyData) == data
    assert summary_of(type(data)).endswith(".")
    assert data.title
    for field in parameters(type(data)):
        assert field.knob.help.endswith("."), field.name
        assert not field.live


@pytest.mark.parametrize(
    ("field", "value"), [("validation", 1.0), ("validation", -0.1), ("label_noise", 1.5), ("scale", "log")]
)
def test_values_outside_the_range_of_a_knob_are_refused(field, value):
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({"kind": "moons", field: value}, AnyData)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", OFFLINE)
def test_every_kind_prepares_to_finite_columns_of_samples(kind, dtype):
    data = KINDS[kind](label_noise=0.1)
    made = prepare(data, 3, dtype)
    n_train, n_val = made.train_samples, made.validation_samples
    assert (n_train, n_val) == split_sizes(n_train + n_val, 0.2)
    assert math.prod(made.input_shape) == made.x_train.shape[0]
    steps = made.input_shape[0] if len(made.input_shape) == 2 else 1
    assert len(made.feature_names) == made.x_train.shape[0] // steps
    assert made.x_val.shape == (made.x_train.shape[0], n_val)
    assert made.y_train.shape == (made.outputs * max(1, data.answers), n_train)
    assert made.y_val.shape == (made.outputs * max(1, data.answers), n_val)
    for name in FIELDS:
        array = getattr(made, name)
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert not array.flags.writeable
        assert np.isfinite(array).all()
    assert len(set(made.feature_names)) == len(made.feature_names)


@pytest.mark.parametrize("kind", OFFLINE)
def test_targets_are_one_hot_labels_or_one_row(kind):
    made = prepare(KINDS[kind](), 0, np.float64)
    if made.task == "regression":
        assert (made.outputs, made.labels_train, made.labels_val, made.class_names) == (1, None, None, ())
        return
    assert made.outputs == len(made.class_names) == len(set(made.class_names))
    for labels, y in ((made.labels_train, made.y_train), (made.labels_val, made.y_val)):
        assert labels.dtype == np.int64
        assert not labels.flags.writeable
        assert np.array_equal(y, np.eye(made.outputs)[labels].reshape(len(labels), -1).T)
    assert set(made.labels_train.ravel()) == set(range(made.outputs))


@pytest.mark.parametrize("kind", OFFLINE)
def test_the_seed_decides_the_data(kind):
    made = KINDS[kind](label_noise=0.2).load(np.random.default_rng(5))
    again = KINDS[kind](label_noise=0.2).load(np.random.default_rng(5))
    assert np.array_equal(made.x, again.x)
    assert np.array_equal(made.y, again.y)
    assert not same(prepare(KINDS[kind](), 0, np.float64), prepare(KINDS[kind](), 1, np.float64), ["x_train"])


@pytest.mark.parametrize("kind", ["moons", "circles", "spirals", "xor", "clusters", "plane", "gaussian"])
def test_drawn_data_changes_with_the_seed_and_not_only_in_order(kind):
    a, b = (KINDS[kind]().load(np.random.default_rng(seed)) for seed in (0, 1))
    assert not np.array_equal(np.sort(a.x, axis=0), np.sort(b.x, axis=0))


def test_a_prepared_data_set_is_remembered():
    assert prepare(Moons(), 11, np.float32) is prepare(Moons(), 11, "float32")
    assert prepare(Moons(), 11, np.float32) is not prepare(Moons(), 11, np.float64)


# --- splitting


@given(st.integers(1, 10_000), st.floats(0.0, 1.0, exclude_max=True))
def test_the_split_holds_out_the_rounded_share_and_keeps_a_training_sample(samples, validation):
    train, held_out = split_sizes(samples, validation)
    assert train + held_out == samples
    assert train >= 1
    assert held_out == min(round(validation * samples), samples - 1)


@settings(max_examples=20)
@given(st.integers(2, 80), st.floats(0.0, 0.999), st.integers(0, 2**31))
def test_the_split_is_a_permutation_of_all_samples(samples, validation, seed):
    made = prepare(Plane(samples=samples, validation=validation, scale="none"), seed, np.float64)
    joined = np.concatenate([made.x_train, made.x_val], axis=1)
    drawn = prepare(Plane(samples=samples, validation=0.0, scale="none"), seed, np.float64).x_train
    assert np.array_equal(joined, drawn)
    assert made.validation_samples == split_sizes(samples, validation)[1]


def test_nothing_held_out_leaves_empty_validation_arrays():
    made = prepare(Digits(validation=0.0), 0, np.float32)
    assert made.x_val.shape == (64, 0)
    assert made.y_val.shape == (10, 0)
    assert made.labels_val.shape == (0,)


# --- scaling

columns = st.lists(
    st.lists(st.floats(-1e300, 1e300, allow_subnormal=False), min_size=3, max_size=3), min_size=1, max_size=12
)


@given(columns)
def test_unit_scale_maps_every_column_onto_zero_to_one(rows):
    x = np.array(rows)
    u = Scaling.of(x, "unit")(x)
    varies = x.min(axis=0) < x.max(axis=0)
    assert np.array_equal(u.min(axis=0), np.zeros(3))
    assert np.array_equal(u.max(axis=0), np.where(varies, 1.0, 0.0))


@given(columns)
def test_standard_scale_gives_mean_zero_and_deviation_one_or_zero_for_constants(rows):
    x = np.array(rows)
    u = Scaling.of(x, "standard")(x)
    low, high = x.min(axis=0), x.max(axis=0)
    with np.errstate(over="ignore", under="ignore"):
        clear = high / 2 - low / 2 > 1e-6 * np.maximum(abs(low), abs(high))
    assert np.allclose(u[:, clear].mean(axis=0), 0.0, atol=1e-6)
    assert np.allclose(u[:, clear].std(axis=0), 1.0, atol=1e-6)
    assert (u[:, low == high] == 0.0).all()


def test_standard_scale_is_the_textbook_formula():
    x = np.random.default_rng(0).normal(3.0, 7.0, size=(50, 4))
    assert np.allclose(Scaling.of(x, "standard")(x), (x - x.mean(axis=0)) / x.std(axis=0), rtol=1e-13)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 17])
@pytest.mark.parametrize("count", [1, 2, 100, 3001])
def test_columns_that_lie_as_such_are_scaled_to_the_bits_of_rows(count, width):
    rows = np.random.default_rng(count).normal(3.0, 7.0, (count, width))
    columns = np.asfortranarray(rows)
    assert np.array_equal(mean_in_order(columns, axis=0), rows.mean(axis=0))
    scaled = Scaling.of(columns, "standard", mean=mean_in_order)(columns)
    assert np.array_equal(scaled, Scaling.of(rows, "standard")(rows))


def test_which_zero_stands_first_is_of_no_effect():
    zeros = np.random.default_rng(0).choice([0.0, -0.0], (40, 5))
    for x in (zeros, np.asfortranarray(zeros)):
        assert not np.signbit(Scaling.of(x, "standard").center).any()


def test_a_large_table_is_scaled_in_pieces_as_a_small_one_is(monkeypatch):
    whole = prepare(Wine(), 0, np.float64)
    monkeypatch.setattr("simulator.data.base.BLOCK_NUMBERS", 5 * (whole.train_samples + whole.validation_samples))
    pieces = prepare(Wine(label_noise=0.5), 0, np.float64)  # Another one, which is not remembered.
    assert same(whole, pieces, ("x_train", "x_val"))


def test_no_scale_leaves_the_values_alone():
    made = prepare(Digits(scale="none", validation=0.0), 0, np.float64)
    assert (made.x_train.min(), made.x_train.max()) == (0.0, 16.0)


@pytest.mark.parametrize("scale", ["standard", "unit"])
def test_statistics_come_from_the_training_split_only(scale):
    made = prepare(Wine(scale=scale), 0, np.float64)
    plain = prepare(Wine(scale="none"), 0, np.float64)
    scaling = Scaling.of(plain.x_train.T, scale)
    assert np.allclose(made.x_train, scaling(plain.x_train.T).T, rtol=1e-9, atol=1e-12)
    assert np.allclose(made.x_val, scaling(plain.x_val.T).T, rtol=1e-9, atol=1e-12)


def test_a_feature_that_is_constant_in_training_divides_by_one():
    scaling = Scaling.of(np.full((4, 1), 0.1), "standard")
    assert scaling(np.array([[0.1], [0.6]])) == pytest.approx(np.array([[0.0], [0.5]]), abs=1e-15)


def test_regression_targets_are_scaled_by_the_same_rule():
    standard = prepare(Diabetes(), 0, np.float64)
    assert standard.y_train.mean() == pytest.approx(0.0, abs=1e-12)
    assert standard.y_train.std() == pytest.approx(1.0)
    unit = prepare(Diabetes(scale="unit"), 0, np.float64)
    assert (unit.y_train.min(), unit.y_train.max()) == (0.0, 1.0)
    assert prepare(Diabetes(scale="none"), 0, np.float64).y_train.max() > 300


def test_values_that_do_not_fit_the_precision_are_refused_in_words(tmp_path):
    path = tmp_path / "big.csv"
    path.write_text("a,b\n1e300,1\n2e300,2\n3e300,3\n")
    data = Csv(path=str(path), target="b", scale="none", validation=0.0)
    with pytest.raises(DataError, match="too large for float32"):
        prepare(data, 0, np.float32)
    assert prepare(data, 0, np.float64).x_train.max() == 3e300
    assert np.isfinite(prepare(msgspec.structs.replace(data, scale="standard"), 0, np.float32).x_train).all()


# --- label noise and independent streams


@settings(max_examples=25)
@given(st.floats(0.0, 1.0), st.integers(2, 6), st.integers(0, 1000))
def test_label_noise_replaces_exactly_its_share_by_another_class(noise, classes, seed):
    clean = prepare(Clusters(samples=97, classes=classes), seed, np.float32)
    noisy = prepare(Clusters(samples=97, classes=classes, label_noise=noise), seed, np.float32)
    assert (noisy.labels_train != clean.labels_train).sum() == round(noise * clean.train_samples)
    assert noisy.labels_train.max() < classes
    assert same(clean, noisy, ["x_train", "x_val", "y_val", "labels_val"])


def test_more_label_noise_keeps_the_labels_already_replaced():
    clean, some, more = (prepare(Clusters(label_noise=p), 0, np.float32).labels_train for p in (0.0, 0.2, 0.5))
    changed = some != clean
    assert np.array_equal(more[changed], some[changed])


def test_replacing_labels_reaches_every_other_class():
    clean = prepare(Clusters(samples=5000, classes=3), 0, np.float32).labels_train
    noisy = prepare(Clusters(samples=5000, classes=3, label_noise=1.0), 0, np.float32).labels_train
    shares = np.bincount((noisy - clean) % 3, minlength=3) / len(clean)
    assert shares == pytest.approx([0.0, 0.5, 0.5], abs=0.04)


def test_noise_on_targets_has_the_named_share_of_their_deviation_and_leaves_validation_alone():
    clean = prepare(Plane(samples=20_000, scale="none"), 0, np.float64)
    noisy = prepare(Plane(samples=20_000, scale="none", label_noise=0.5), 0, np.float64)
    assert (noisy.y_train - clean.y_train).std() == pytest.approx(0.5 * clean.y_train.std(), rel=0.03)
    assert same(clean, noisy, ["x_train", "x_val", "y_val"])


@pytest.mark.parametrize("kind", [Moons, Circles, Spirals, Xor])
def test_noise_moves_the_points_and_changes_neither_split_nor_labels(kind):
    still, noisy = (prepare(kind(noise=noise, scale="none"), 4, np.float64) for noise in (0.0, 0.01))
    assert same(still, noisy, ["labels_train", "labels_val"])
    distance = np.linalg.norm(still.x_train - noisy.x_train, axis=0)
    assert 0.0 < distance.max() < 0.1


def test_the_share_held_out_changes_neither_the_samples_nor_their_order():
    a = prepare(Gaussian(samples=60, features=3, validation=0.1, scale="none"), 2, np.float64)
    b = prepare(Gaussian(samples=60, features=3, validation=0.5, scale="none"), 2, np.float64)
    assert np.array_equal(b.x_train, a.x_train[:, :30])
    assert np.array_equal(b.labels_train, a.labels_train[:30])


# --- the drawn kinds


def test_circles_without_noise_lie_on_radius_one_and_one_half():
    raw = Circles(noise=0.0).load(np.random.default_rng(0))
    assert np.linalg.norm(raw.x, axis=1) == pytest.approx(np.where(raw.y == 0, 1.0, 0.5))


def test_xor_without_noise_is_the_sign_of_the_product():
    raw = Xor(noise=0.0).load(np.random.default_rng(0))
    assert np.array_equal(raw.y == 0, raw.x.prod(axis=1) > 0)
    assert {(a > 0, b > 0) for a, b in raw.x} == {(True, True), (True, False), (False, True), (False, False)}


def test_spirals_turn_as_often_as_asked():
    raw = Spirals(noise=0.0, turns=2.0, samples=2000).load(np.random.default_rng(0))
    arm = raw.x[raw.y == 0]
    angle = np.unwrap(np.arctan2(arm[:, 1], arm[:, 0]))
    assert (angle[-1] - angle[0]) / (2 * np.pi) == pytest.approx(2.0 * 0.95, rel=1e-3)


def test_moons_without_noise_do_not_touch():
    raw = Moons(noise=0.0).load(np.random.default_rng(0))
    upper, lower = raw.x[raw.y == 0], raw.x[raw.y == 1]
    assert np.linalg.norm(upper[:, None] - lower[None], axis=2).min() > 0.2


def test_clusters_sit_on_the_unit_circle_with_the_named_spread():
    raw = Clusters(samples=3000, classes=3, spread=0.1).load(np.random.default_rng(0))
    for index in range(3):
        members = raw.x[raw.y == index]
        assert np.linalg.norm(members.mean(axis=0)) == pytest.approx(1.0, abs=0.02)
        assert members.std(axis=0) == pytest.approx([0.1, 0.1], rel=0.1)


def test_gaussian_noise_is_standard_normal_with_labels_of_every_class():
    raw = Gaussian().load(np.random.default_rng(0))
    assert raw.x.shape == (1000, 500)
    assert raw.x.mean() == pytest.approx(0.0, abs=0.01)
    assert raw.x.std() == pytest.approx(1.0, abs=0.01)
    assert set(raw.y) == set(range(10))


def test_noise_that_would_fill_the_memory_is_refused():
    with pytest.raises(DataError, match="do not fit in memory"):
        prepare(Gaussian(samples=1_000_000, features=10_000), 0, np.float32)


@pytest.mark.parametrize("kind", ["moons", "circles", "spirals", "xor", "clusters", "plane"])
def test_the_smallest_sample_count_works(kind):
    made = prepare(KINDS[kind](samples=2), 0, np.float64)
    assert np.isfinite(made.x_train).all()
    assert made.train_samples == 2


# --- the bundled kinds


@pytest.mark.parametrize("kind", ["digits", "breast_cancer", "wine", "diabetes"])
def test_bundled_tables_equal_scikit_learns(kind):
    from sklearn import datasets

    options = {"scaled": False} if kind == "diabetes" else {}
    theirs = getattr(datasets, f"load_{kind}")(**options)
    ours = KINDS[kind]().load(np.random.default_rng(0))
    assert np.array_equal(ours.x, theirs.data)
    assert np.array_equal(ours.y, theirs.target)
    assert ours.feature_names == tuple(map(str, theirs.feature_names))
    if kind in ("digits", "breast_cancer"):
        assert ours.class_names == tuple(map(str, theirs.target_names))


# --- points for the decision boundary


def test_points_are_the_scaled_samples_of_both_splits():
    made = prepare(Moons(samples=100), 0, np.float32)
    points = made.points()
    assert points.validation.sum() == 20
    assert np.array_equal(points.x[~points.validation], made.x_train.T.astype(np.float64))
    assert np.array_equal(points.x[points.validation], made.x_val.T.astype(np.float64))
    assert np.array_equal(points.target, np.concatenate([made.labels_train, made.labels_val]))


def test_points_are_at_most_a_thousand_in_the_proportion_of_the_splits():
    points = prepare(Plane(samples=7001, validation=0.3), 0, np.float32).points()
    assert len(points.x) == len(points.target) == len(points.validation) == 1000
    assert points.validation.mean() == pytest.approx(0.3, abs=0.002)
    assert points.target.dtype == np.float64


def test_data_with_other_than_two_inputs_has_no_points():
    assert prepare(Wine(), 0, np.float32).points() is None


@pytest.mark.parametrize("scale", ["standard", "unit"])
def test_one_training_sample_is_its_own_centre(scale):
    data = Plane(samples=2, validation=0.5, noise=0.0)
    made = prepare(msgspec.structs.replace(data, scale=scale), 0, np.float64)
    plain = prepare(msgspec.structs.replace(data, scale="none"), 0, np.float64)
    assert np.array_equal(made.x_train, np.zeros((2, 1)))
    assert np.array_equal(made.x_val, plain.x_val - plain.x_train)
