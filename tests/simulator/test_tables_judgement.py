"""What columns of a table are taken for, and that each one that is left out has its reason."""

import numpy as np
import pytest

from simulator.data import DataError
from simulator.data.tables.design import design, design_size
from simulator.data.tables.judgement import judge
from simulator.data.tables.reading import read_table


@pytest.fixture
def judged(tmp_path):
    def judged(columns, **choices):
        """Of a table with these columns, name → cells."""
        path = tmp_path / "t.csv"
        rows = zip(*([name, *map(str, cells)] for name, cells in columns.items()), strict=True)
        path.write_text("".join(",".join(row) + "\n" for row in rows))
        return judge(read_table(str(path)), **choices)

    return judged


RNG = np.random.default_rng(0)
X = RNG.normal(size=40).round(3).tolist()
Z = RNG.normal(size=40).round(3).tolist()
Y = [n % 2 for n in range(40)]


def reason(found, name):
    return found.judged(name).reason


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("id", RNG.permutation(1000)[:40].tolist(), "names the rows"),
        ("Index", X, "names the rows"),
        ("row", X, "names the rows"),
        ("n", list(range(1, 41)), "counts the rows"),
        ("n", list(range(40)), "counts the rows"),
        ("key", [f"k{n}" for n in range(40)], "a different text in every row"),
        ("same", ["a"] * 40, "the same value in every row"),
        ("nothing", [""] * 40, "empty"),
        ("gaps", ["NA"] * 30 + [1, 2] * 5, "75\N{NARROW NO-BREAK SPACE}% of its values are missing"),
        ("town", [f"t{n % 25}" for n in range(40)], "text with 25 different values, more than 20"),
    ],
)
def test_a_column_that_is_left_out_says_why(judged, name, cells, why):
    found = judged({name: cells, "x": X, "z": Z, "label": Y})
    assert reason(found, name) == why
    assert found.inputs == ("x", "z")
    assert [each.name for each in found.left_out] == [name]


@pytest.mark.parametrize(
    ("cells", "kind", "names"),
    [
        (X, "number", ["c"]),
        (RNG.permutation(1000)[:40].tolist(), "number", ["c"]),
        (["f", "m"] * 20, "category", ["c=f", "c=m"]),
        (["true", "false"] * 20, "category", ["c=false", "c=true"]),
        ([f"2020-01-{n % 28 + 1:02}" for n in range(40)], "date", ["c"]),
        ([f"{n % 12 + 1}/3/2020" for n in range(40)], "date", ["c"]),
        (["a", "b", "NA", "a"] * 10, "category", ["c=a", "c=b", "c=missing"]),
        (["+", "-"] * 20, "category", ["c=+", "c=-"]),
    ],
)
def test_numbers_texts_and_dates_become_inputs(judged, cells, kind, names):
    found = judged({"c": cells, "x": X, "z": Z, "label": Y})
    assert found.judged("c").kind == kind
    raw = design(found)
    assert raw.feature_names[: len(names)] == tuple(names)
    assert np.isfinite(raw.x).all()
    size = design_size(found)
    assert (size.rows, size.inputs) == raw.x.shape
    assert size.classes == len(raw.class_names)


def test_one_hot_inputs_sum_to_one_in_every_row(judged):
    raw = design(judged({"c": ["a", "b", "", "c"] * 10, "x": X, "label": Y}))
    assert raw.feature_names == ("c=a", "c=b", "c=c", "c=missing", "x")
    assert np.array_equal(raw.x[:, :4].sum(axis=1), np.ones(40))
    assert raw.x[2, :4].tolist() == [0, 0, 0, 1]


def test_dates_are_days(judged):
    raw = design(judged({"day": [f"1970-01-{n % 20 + 2:02}" for n in range(40)], "x": X, "label": Y}))
    assert raw.x[:3, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        (["yes", "no"] * 20, "classification"),
        ([-1, 1] * 20, "classification"),
        (["0.0", "1.0"] * 20, "classification"),
        ([0, 1, 2] * 13 + [0], "classification"),
        (list(range(18, 58)), "regression"),
        (X, "regression"),
        ([1.5, 2.5] * 20, "regression"),
        ([f"2020-01-{n % 28 + 1:02}" for n in range(40)], "regression"),
    ],
)
def test_the_task_is_judged_on_the_whole_column(judged, cells, task):
    assert judged({"x": X, "target": cells}).task == task


def test_the_task_does_not_depend_on_the_first_rows(judged):
    assert judged({"x": X, "target": [0, 1] * 19 + [0.5, 7.25]}).task == "regression"


@pytest.mark.parametrize(
    ("cells", "asks"),
    [
        ([n % 8 for n in range(40)] * 3, True),
        ([n % 15 for n in range(40)] * 3, True),
        ([f"c{n % 30}" for n in range(40)] * 3, True),
        ([n % 2 for n in range(40)] * 3, False),
        (X * 3, False),
    ],
)
def test_where_both_tasks_make_sense_it_is_asked(judged, cells, asks):
    assert bool(judged({"x": X * 3, "label": cells}).doubt) == asks


@pytest.mark.parametrize("name", ["target", "label", "class", "y", "Class"])
def test_a_target_goes_by_its_name(judged, name):
    assert judged({name: Y, "x": X, "z": Z}).target == name


def test_the_target_is_else_the_last_that_is_not_left_out(judged):
    assert judged({"x": X, "z": Z, "kind": Y, "key": [f"k{n}" for n in range(40)]}).target == "kind"


def test_lines_below_a_table_are_left_out_and_counted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "x,z,label\n" + "".join(f"{x},{z},{y}\n" for x, z, y in zip(X, Z, Y, strict=True)) + "Source: a\nb\n"
    )
    raw = design(judge(read_table(str(path))))
    assert len(raw.x) == 40
    assert "2 lines below the table left out" in raw.notes


def test_rows_without_a_target_are_left_out_and_counted(judged):
    found = judged({"x": X, "label": ["NA", "", *Y[2:]]})
    assert design_size(found).without_target == 2
    assert len(design(found).x) == 38
    assert set(design(found).class_names) == {"0", "1"}


def test_missing_inputs_are_filled_dropped_or_refused(judged):
    found = judged({"x": [*X[:-2], "NA", "?"], "z": Z, "label": Y})
    assert design(found, "fill").x[-1, 0] == np.median(X[:-2])
    assert len(design(found, "drop").x) == 38
    assert design_size(found, "drop").dropped == 2
    with pytest.raises(DataError, match=r't\.csv, line 40, column "x": the value is missing'):
        design(found, "refuse")


def test_inputs_may_be_chosen_against_the_judgement(judged):
    towns = [f"t{n % 25}" for n in range(40)]
    found = judged({"town": towns, "x": X, "label": Y}, inputs=("town",))
    assert len(design(found).feature_names) == 25


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"target": "w"}, 'there is no column "w" (the first of 2 is "x")'),
        ({"inputs": ("w",)}, 'there is no column "w" (the first of 2 is "x")'),
        ({"target": "label", "inputs": ("label",)}, 'column "label" is the target and cannot be an input too'),
        ({"inputs": ("x", "x")}, "an input column is chosen twice"),
    ],
)
def test_choices_that_cannot_be_are_refused(judged, choices, told):
    with pytest.raises(DataError) as caught:
        judged({"x": X, "label": Y}, **choices)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"x": X}, "one column only"),
        (
            {"key": [f"k{n}" for n in range(40)], "x": X},
            'no column to learn the target from: "key" (a different text in every',
        ),
        ({"a": ["u"] * 40, "b": ["v"] * 40}, "no column can be learnt"),
    ],
)
def test_a_table_with_nothing_to_learn_says_which_columns_it_has(judged, columns, told):
    with pytest.raises(DataError) as caught:
        judged(columns)
    assert told in str(caught.value)


def test_text_cannot_be_a_quantity_and_too_many_classes_are_refused(judged):
    with pytest.raises(DataError, match='"a" is not a number, so it cannot be a quantity'):
        judged({"x": X, "label": ["a", "b"] * 20}, task="regression")
    with pytest.raises(DataError, match=r"2\u202f000 different classes, at most 1000 are supported"):
        judged({"x": X * 50, "label": list(range(2000))}, task="classification")


def test_orange_may_list_values_where_it_names_types(tmp_path):
    path = tmp_path / "t.tab"
    path.write_text("age\tlenses\nyoung old\tnone soft\n\tclass\n" + "young\tnone\nold\tsoft\n" * 20)
    found = judge(read_table(str(path)))
    assert (found.target, found.inputs, found.table.rows) == ("lenses", ("age",), 40)


def test_orange_says_which_column_is_the_class_and_which_are_no_inputs(tmp_path):
    path = tmp_path / "t.tab"
    path.write_text(
        "name\tsex\tage\theight\nstring\td\tc\tc\nmeta\tclass\t\t\nann\tf\t30\t1.7\nbob\tm\t31\t1.8\ncy\tf\t29\t1.6\n"
    )
    found = judge(read_table(str(path)))
    assert (found.target, found.inputs) == ("sex", ("age", "height"))
    path.write_text("mS#name\tcD#sex\tC#age\nann\tf\t30\nbob\tm\t31\ncy\tf\t29\n")
    found = judge(read_table(str(path)))
    assert (found.target, found.inputs) == ("sex", ("age",))
