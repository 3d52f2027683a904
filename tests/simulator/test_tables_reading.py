"""Tables as people have them are read as they are meant: beside pandas with the right options, cell by cell."""

import io
import math
import string

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.data import DataError
from simulator.data.tables.column import NUMBER
from simulator.data.tables.numbers import number_in
from simulator.data.tables.reading import Reading, column_names, read_table
from tests.simulator.tables_of_people import CASES


@pytest.fixture
def write(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def cells(column):
    """A column's values as numbers, texts and None."""
    codes = np.full(len(column.values), NUMBER) if column.codes is None else column.codes
    pairs = zip(column.values.tolist(), codes.tolist(), strict=True)
    return [value if code == NUMBER else column.words[code] if code >= 0 else None for value, code in pairs]


def plain(value):
    """What pandas read, likewise."""
    if value is None or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.strip() if isinstance(value, str) else float(value)


@pytest.mark.parametrize("name", CASES)
def test_every_cell_is_what_pandas_reads_with_the_right_options(name, write):
    case = CASES[name]
    meant = pandas.read_csv(io.BytesIO(case.content), **case.options).drop(columns=list(case.drop))
    if not isinstance(meant.index, pandas.RangeIndex):
        meant = meant.reset_index(names="Unnamed: 0")
    table = read_table(write(case.content, case.name))
    assert len(table.columns) == len(meant.columns)
    for at, column in enumerate(table.columns):
        assert cells(column) == [plain(value) for value in meant.iloc[:, at]], column.name
    if case.options.get("header", 0) is None:
        assert table.taken.header == "no"
        assert table.names == tuple(f"column {at + 1}" for at in range(len(meant.columns)))
    else:
        unnamed = [str(name).startswith("Unnamed") for name in meant.columns]
        expected = [f"column {at + 1}" if un else str(n) for at, (un, n) in enumerate(zip(unnamed, meant, strict=True))]
        assert [" ".join(name.split()) for name in expected] == list(table.names)
    assert column_names(write(case.content, case.name)) == table.names


WORD = st.text(alphabet=string.ascii_letters, min_size=2, max_size=8).filter(lambda word: number_in(word) is None)
TRICKY = st.text(alphabet=string.ascii_letters + " ,;|\"'-.", min_size=1, max_size=12).map(
    lambda text: "w" + text + "z"
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)


@st.composite
def written_tables(draw):
    """(names, rows, text): a random table in a random dialect."""
    names = draw(st.lists(WORD.map(lambda word: f"n {word}"), min_size=2, max_size=5, unique_by=str.lower))
    kinds = draw(st.lists(st.sampled_from(["number", "word"]), min_size=len(names), max_size=len(names)))
    kinds[0] = "number"
    cell = {"number": NUMBERS, "word": TRICKY}
    rows = draw(st.lists(st.tuples(*(cell[kind] for kind in kinds)), min_size=3, max_size=12))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))

    def told(value):
        return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)

    lines = [delimiter.join(f'"{name}"' for name in names), *(delimiter.join(map(told, row)) for row in rows)]
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    return names, rows, draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


@given(written_tables())
def test_a_table_that_is_written_in_any_dialect_reads_back_equal(tmp_path_factory, written):
    names, rows, content = written
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(content)
    table = read_table(str(path))
    assert table.names == tuple(names)
    assert [tuple(row) for row in zip(*map(cells, table.columns), strict=True)] == [
        tuple(" ".join(cell.split(" ")) if isinstance(cell, str) else cell for cell in row) for row in rows
    ]


@given(NUMBERS)
def test_numbers_are_read_to_the_last_bit(value):
    assert number_in(repr(value)) == value
    assert number_in(repr(value).replace(".", ","), ",") == value


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1,234", ".", 1234), ("1,234,567.5", ".", 1234567.5), ("1.234,5", ",", 1234.5), ("1,5", ",", 1.5),
        ("1 234", ".", 1234), ("1\u202f234,5", ",", 1234.5), ("1'234.5", ".", 1234.5), ("7.9%", ".", 7.9),
        ("7,9 %", ",", 7.9), ("$12", ".", 12), ("-$1,200.50", ".", -1200.5), ("€ 3", ".", 3), ("12 €", ".", 12),
        ("\N{MINUS SIGN}3", ".", -3), ("\N{EN DASH}3.5", ".", -3.5), ("1.5D-3", ".", 0.0015), ("1d2", ".", 100),
        (".5", ".", 0.5), ("5.", ".", 5), ("+2", ".", 2),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text, decimal, number):
    assert number_in(text, decimal) == number


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1.2.3", "12:30", "2020-01-02", "1,2,3", "1_000", "0x10", "nan", "inf", "1e999", "1,23", "٣", "--1"],
)
def test_what_is_no_number_is_none(text):
    assert number_in(text) is None


FAULTS = {
    "empty": (b"", "table.csv: the file is empty"),
    "blank": (b"\n \n\n", "table.csv: the file is empty"),
    "names only": (b"a,b,c\n", "table.csv: no rows below the names of the columns"),
    "a cell too many": (
        b"a,b\n1,2\n3,4\n5,6,7\n8,9\n1,2\n",
        'table.csv, line 4: 3 cells where the table has 2, "7" is beyond them',
    ),
    "an open quote": (b'a,b\n1,x\n2,"y\n3,z\n4,w\n', "table.csv, line 3: a quote is opened and not closed"),
    "bytes": (b"\x00\x01\x02" * 200, "table.csv: not a text file"),
    "half a gzip": (b"\x1f\x8b\x08\x00abc", "table.csv: a damaged archive"),
    "half a zip": (b"PK\x03\x04abcdef", "table.csv: a damaged archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(name, write):
    content, sentence = FAULTS[name]
    with pytest.raises(DataError) as caught:
        read_table(write(content))
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 220


def test_files_that_cannot_be_opened_are_named_with_their_folder(tmp_path):
    for path, told in (
        ("", "no file is chosen"), (str(tmp_path / "none.csv"), f"no such file in {tmp_path}"[:60]),
        (str(tmp_path), "not a file but a folder"), ("a\0b.csv", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=told[:30]):
            read_table(path)


def test_a_refusal_shows_no_more_than_a_cell_of_the_file(write):
    secret = "root:x:0:0:" + "s" * 500
    with pytest.raises(DataError) as caught:
        read_table(write(f"a,b\n1,2\n3,4\n5,6,{secret}\n7,8\n9,1\n"))
    assert len(str(caught.value)) < 120


def test_an_archive_of_several_files_is_refused(write):
    import zipfile

    path = write(b"", "two.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n")
        archive.writestr("b.csv", "x,y\n1,2\n")
    with pytest.raises(DataError, match="2 files in the archive, one is expected"):
        read_table(path)


def test_what_unpacks_to_too_much_is_refused(write, monkeypatch):
    import gzip

    from simulator.data.tables import source

    monkeypatch.setattr(source, "MAX_BYTES", 10_000)
    with pytest.raises(DataError, match="unpacks to more than"):
        read_table(write(gzip.compress(b"a,b\n" + b"1,2\n" * 10_000), "bomb.csv.gz"))


def test_a_reading_may_be_ended_and_tells_how_far_it_is(write):
    path = write("a,b\n" + "1.5,x\n" * 50_000)
    told = []

    def end(share):
        told.append(share)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_table(path, progress=end)
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_a_spreadsheet_is_read_sheet_by_sheet(tmp_path, ending):
    path = tmp_path / f"book.{ending}"
    frames = {
        "first": pandas.DataFrame({"x": [1.5, 2.5, None], "kind": ["a", "b", "a"]}),
        "second": pandas.DataFrame({"y": [1, 2], "z": [3, 4]}),
    }
    with pandas.ExcelWriter(path, engine="odf" if ending == "ods" else "openpyxl") as writer:
        for name, frame in frames.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    table = read_table(str(path))
    assert table.sheets == ("first", "second")
    assert [cells(column) for column in table.columns] == [[1.5, 2.5, None], ["a", "b", "a"]]
    assert read_table(str(path), Reading(sheet="second")).names == ("y", "z")
    with pytest.raises(DataError, match='there is no sheet "third"'):
        read_table(str(path), Reading(sheet="third"))


def test_an_arff_file_is_read(write):
    path = write(
        "% a comment\n@relation r\n@attribute 'sepal length' numeric\n@attribute kind {a,b}\n@data\n1.5,a\n?,'b'\n",
        "x.arff",
    )
    table = read_table(path)
    assert table.names == ("sepal length", "kind")
    assert [cells(column) for column in table.columns] == [[1.5, None], ["a", "b"]]
