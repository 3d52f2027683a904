"""A CSV file of one's own: what is read, and the sentence that says what is wrong and where."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.data import Csv, DataError, columns_of, delimited, prepare, preview

HEADER = "age,height,kind\n"
GOOD = HEADER + "1,10,b\n2,20,a\n3,30,b\n4,40,a\n"


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "people.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def load(path, **fields):
    return Csv(path=path, **{"target": "kind", **fields}).load(np.random.default_rng(0))


def fault(path, **fields):
    with pytest.raises(DataError) as caught:
        load(path, **fields)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 220
    return message


def test_all_columns_but_the_target_are_inputs(write):
    raw = load(write(GOOD))
    assert raw.feature_names == ("age", "height")
    assert raw.class_names == ("a", "b")
    assert np.array_equal(raw.x, [[1, 10], [2, 20], [3, 30], [4, 40]])
    assert raw.y.tolist() == [1, 0, 1, 0]


def test_chosen_columns_come_in_the_chosen_order_and_others_may_hold_text(write):
    raw = load(write("name,a,b,kind\nx y,1,2,u\n,3,4,v\n"), columns=("b", "a"))
    assert raw.feature_names == ("b", "a")
    assert np.array_equal(raw.x, [[2, 1], [4, 3]])


def test_regression_reads_the_target_as_a_number(write):
    raw = load(write(GOOD), target="height", columns=("age",), task="regression")
    assert raw.y.tolist() == [10.0, 20.0, 30.0, 40.0]
    assert raw.class_names == ()


def test_a_table_prepares_like_any_other_data(write):
    made = prepare(Csv(path=write(GOOD), target="kind", validation=0.25), 0, np.float32)
    assert made.x_train.shape == (2, 3)
    assert made.y_train.shape == (2, 3)
    assert made.validation_samples == 1
    assert prepare(Csv(path=write(GOOD), target="age", columns=("height",), task="regression"), 0, "f8").outputs == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_and_a_byte_order_mark_are_understood(write, delimiter, end, start):
    content = GOOD.replace(",", delimiter).replace("\n", end).encode()
    for path in (write(start + content), write(start + content.removesuffix(end.encode()))):
        assert load(path).x.shape == (4, 2)
        assert columns_of(path) == ("age", "height", "kind")


def test_quotes_blank_lines_and_spaces_are_understood(write):
    raw = load(write('\n" age ", height,"the ""kind"""\n\n 1 ,"2", a b \n3,4,"c,d"\n\n\n'), target='the "kind"')
    assert np.array_equal(raw.x, [[1, 2], [3, 4]])
    assert raw.class_names == ("a b", "c,d")
    assert raw.feature_names == ("age", "height")


def test_a_quoted_line_break_is_part_of_its_cell(write):
    path = write('"a\nb",kind\n1,"x\ny"\n2,z\nq,z\n')
    assert fault(path) == 'people.csv, line 6, column "a b": "q" is not a number'
    assert load(write('"a\nb",kind\n1,"x\ny"\n2,z\n')).class_names == ("x y", "z")


def test_classes_are_sorted_by_value_when_all_are_numbers(write):
    raw = load(write("x,kind\n0,10\n0,9\n0,1.0\n0,1\n0,-2.5\n"))
    assert raw.class_names == ("-2.5", "1", "9", "10")
    assert raw.y.tolist() == [3, 2, 1, 1, 0]


def test_classes_are_sorted_as_text_when_one_is_text(write):
    assert load(write("x,kind\n0,10\n0,9\n0,b\n")).class_names == ("10", "9", "b")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20))
def test_numbers_are_read_to_the_last_bit(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "bits.csv"
    path.write_text("x,y\n" + "".join(f"{value!r},1\n" for value in values))
    delimited_values = delimited.read_columns(str(path), ("x",), None).numbers[:, 0]
    assert np.array_equal(delimited_values, values)


@given(st.text(alphabet="0123456789+-.eE_xnaif١", min_size=1, max_size=8) | st.floats().map(repr))
def test_the_check_for_numbers_agrees_with_the_reader(text):
    try:
        read = bool(np.isfinite(np.loadtxt([text], comments=None)))
    except ValueError:
        read = False
    assert delimited.is_number(text) == read


FAULTS = {
    "empty": ("", "people.csv: the file is empty"),
    "blank": ("\n \n", "people.csv: the file is empty"),
    "header only": (HEADER, "people.csv: at least 2 rows below the header are needed, found 0"),
    "one row": (HEADER + "1,2,a\n", "people.csv: at least 2 rows below the header are needed, found 1"),
    "short row": (
        GOOD + "5,50\n",
        'people.csv, line 6: 2 cells where the header has 3; nothing for column "kind"',
    ),
    "long row": (GOOD + "5,50,a,9\n", "people.csv, line 6: 4 cells where the header has 3"),
    "text": (HEADER + "1,2,a\nabc,2,b\n", 'people.csv, line 3, column "age": "abc" is not a number'),
    "text after blank": (HEADER + "1,2,a\n\n1,x,b\n", 'people.csv, line 4, column "height": "x" is not a number'),
    "decimal comma": (
        "age;kind\n1,5;a\n2;b\n",
        'people.csv, line 2, column "age": "1,5" is not a number',
    ),
    "underscore": (GOOD + "1_0,2,a\n", 'people.csv, line 6, column "age": "1_0" is not a number'),
    "nan": (GOOD + "1,NaN,a\n", 'people.csv, line 6, column "height": "NaN" is not a finite number'),
    "inf": (GOOD + "-inf,1,a\n", 'people.csv, line 6, column "age": "-inf" is not a finite number'),
    "overflow": (GOOD + "1e999,1,a\n", 'people.csv, line 6, column "age": "1e999" is not a finite number'),
    "empty number": (GOOD + "1,,a\n", 'people.csv, line 6, column "height": the cell is empty'),
    "empty label": (GOOD + "1,2, \n", 'people.csv, line 6, column "kind": the cell is empty'),
    "nan label": (GOOD + "1,2,nan\n", 'people.csv, line 6, column "kind": "nan" is no class'),
    "first fault in a row": (GOOD + "x,y,\n", 'people.csv, line 6, column "age": "x" is not a number'),
    "one class": (
        HEADER + "1,2,a\n3,4,a\n",
        'people.csv, column "kind": one class only ("a"), at least 2 are needed',
    ),
    "one class in numbers": (
        HEADER + "1,2,1\n3,4,1.0\n",
        'people.csv, column "kind": one class only ("1"), at least 2 are needed',
    ),
    "same names": ("age,age,kind\n1,2,3\n", 'people.csv, line 1: two columns are named "age"'),
    "no name": ("age,,kind\n1,2,3\n", "people.csv, line 1: column 2 has no name"),
    "no header": (
        "1.5,2,3\n4,5,6\n",
        "people.csv, line 1: a header with the column names is needed, found numbers",
    ),
    "not text": (GOOD.encode() + b"1,2,\xff\n", "people.csv, line 6: not UTF-8 text"),
    "utf-16": (GOOD.encode("utf-16"), "people.csv, line 1: not UTF-8 text"),
    "binary": (b"\0" * 500, "people.csv, line 1: not a text file"),
    "open quote in a label": (
        HEADER + '1,2,"a\n3,4,b\n5,6,c\n',
        "people.csv, line 2: a quote is opened and not closed",
    ),
    "open quote in the header": ('age,"kind\n1,a\n', "people.csv, line 1: a quote is opened and not closed"),
    "target only": ("kind\na\nb\n", 'people.csv: there is no column but the target "kind"'),
    "huge cell": (
        HEADER + "1" * 200_000 + ",2,a\n1,2,b\n",
        "people.csv, line 2: field larger than field limit (131072)",
    ),
    "too many classes": (
        "x,kind\n" + "".join(f"0,{n}\n" for n in range(1001)),
        'people.csv, column "kind": 1001 different classes, at most 1000 are supported',
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_malformed_file_is_named_with_line_and_column(write, name):
    content, message = FAULTS[name]
    assert fault(write(content)) == message


def test_text_in_a_regression_target_is_named(write):
    path = write(GOOD)
    assert fault(path, task="regression") == 'people.csv, line 2, column "kind": "b" is not a number'


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": ""}, "people.csv: no target column is chosen (there are age, height, kind)"),
        ({"target": "sex"}, 'people.csv: there is no column "sex" (there are age, height, kind)'),
        ({"columns": ("agee",)}, 'people.csv: there is no column "agee" (there are age, height, kind)'),
        ({"columns": ("kind",)}, 'people.csv: column "kind" is the target and cannot be an input too'),
        ({"columns": ("age", "age")}, "people.csv: an input column is chosen twice"),
    ],
)
def test_columns_that_cannot_be_used_are_named(write, fields, message):
    assert fault(write(GOOD), **fields) == message


def test_long_cells_and_many_columns_are_shortened_in_messages(write):
    assert "…" in fault(write(GOOD + "y" * 5000 + ",2,a\n"))
    assert "…" in fault(write(",".join(f"{n}{'c' * 500}" for n in range(50)) + "\n"))


def test_files_that_cannot_be_opened_are_named(tmp_path):
    assert fault("") == "CSV file: no file is chosen"
    assert fault(str(tmp_path / "none.csv")) == "none.csv: no such file"
    assert fault(str(tmp_path)).endswith("not a file but a folder")
    assert fault("a\0b.csv").endswith("cannot be read (embedded null byte)")
    assert fault("x" * 5000).endswith("cannot be read (file name too long)")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="a superuser reads every file")
def test_a_file_without_permission_is_named(write):
    path = write(GOOD)
    os.chmod(path, 0)
    assert fault(path) == "people.csv: cannot be read (permission denied)"


def test_ten_million_rows_are_refused_before_they_are_parsed(write, monkeypatch):
    monkeypatch.setattr(delimited, "_parsed", None)
    path = write("a,kind\n" + "1,2\n" * 10_000_000)
    assert fault(path) == "people.csv: more than 5000000 rows are not supported"


def test_a_file_of_too_many_bytes_is_refused_before_it_is_read(write, monkeypatch):
    path = write(GOOD)
    with open(path, "r+b") as file:
        file.truncate(delimited.MAX_BYTES + 2**20)
    monkeypatch.setattr(delimited, "CHUNK", None)
    assert fault(path) == "people.csv: 513 MiB, at most 512 MiB can be read"


def test_more_numbers_than_fit_in_memory_are_refused(write, monkeypatch):
    monkeypatch.setattr(delimited, "MAX_CELLS", 7)
    assert fault(write(GOOD)) == "people.csv: 4 rows of 2 columns do not fit in memory"


def test_a_hundred_thousand_rows_load_and_the_last_can_be_blamed(write):
    rows = HEADER + "1.25,2.5,a\n3.75,5,b\n" * 50_000
    assert load(write(rows)).x.sum() == 50_000 * (1.25 + 2.5 + 3.75 + 5)
    assert fault(write(rows + "1,?,a\n")) == 'people.csv, line 100002, column "height": "?" is not a number'


def test_a_file_that_changed_is_read_again(write):
    data = Csv(path=write(GOOD), target="kind", scale="none", validation=0.0)
    assert prepare(data, 0, np.float64).x_train.max() == 40
    write(GOOD + "5,500,a\n")
    assert prepare(data, 0, np.float64).x_train.max() == 500
    os.remove(data.path)
    with pytest.raises(DataError, match="no such file"):
        prepare(data, 0, np.float64)


# --- what the column picker asks


def test_a_preview_shows_the_first_rows_as_text(write):
    path = write(GOOD)
    assert preview(path, rows=2) == (("1", "10", "b"), ("2", "20", "a"))
    assert len(preview(path)) == 4
    assert preview(write(HEADER)) == ()


@pytest.mark.parametrize("ask", [columns_of, preview])
def test_the_picker_gets_its_faults_in_words(ask, write, tmp_path):
    for path in (write(""), write(b"\xff\xfe"), str(tmp_path), str(tmp_path / "none.csv"), write("a,a\n")):
        with pytest.raises(DataError):
            ask(path)


def test_a_ragged_preview_is_named(write):
    with pytest.raises(DataError, match=r"people.csv, line 3: 1 cell where the header has 3"):
        preview(write(HEADER + "1,2,a\n7\n"))
