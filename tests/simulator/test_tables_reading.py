"""Tables as people have them are read as they are meant: beside pandas with the right options, cell by cell."""

import io
import math
import string
import zipfile

import numpy as np
import openpyxl
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.data import DataError
from simulator.data.tables.column import NUMBER
from simulator.data.tables.dates import days_of
from simulator.data.tables.numbers import number_in
from simulator.data.tables.reading import TableReading, column_names, read_table
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


@pytest.mark.parametrize("name", CASES)
def test_read_as_it_was_taken_a_table_is_the_same(name, write):
    path = write(CASES[name].content, CASES[name].name)
    first = read_table(path)
    again = read_table(path, first.taken)
    assert again.taken == first.taken
    assert again.names == first.names
    assert [cells(column) for column in again.columns] == [cells(column) for column in first.columns]


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
        ("(1,200.50)", ".", -1200.5), ("₹1,23,456", ".", 123456), ("1 234 567,5", ",", 1234567.5),
        ("1.234.567", ",", 1234567),
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
    "other bytes": (bytes(range(1, 256)) * 20, "table.csv: not a text file"),
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
    assert read_table(str(path), TableReading(sheet="second")).names == ("y", "z")
    with pytest.raises(DataError, match='there is no sheet "third"'):
        read_table(str(path), TableReading(sheet="third"))


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["12 kg", "7.5 kg", "3 kg"], [12, 7.5, 3]),
        (["12", "7.5 kg", "NA"], [12, 7.5, None]),
        (["12.3 b", "7.5", ": ", "2 e", ": z"], [12.3, 7.5, None, 2, None]),
        (["***", "-.12", ".5"], [None, -0.12, 0.5]),
        (["1e999", "2.5", "-3e400"], [None, 2.5, None]),
        (["12 kg", "7 cm"], None),
        (["12", "7 apples", "3 pears"], None),
        (["4 x 4", "2 x 2"], None),
        (["a", "12", "7 kg"], None),
        (["12", "s"], None),
    ],
)
def test_numbers_with_a_unit_or_flags_are_numbers_where_all_are(write, words, numbers):
    found = cells(read_table(write("n\tx\n" + "".join(f"1.5\t{word}\n" for word in words))).columns[1])
    if numbers is None:
        assert any(isinstance(cell, str) for cell in found)
    else:
        assert found == numbers


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (["1970-01-02", "1970-01-03 12:00:00"], [1, 2.5]),
        (["2.1.1970 06:00", "3.1.1970 00:00"], [1.25, 2]),
        (["01/20/1970 6:00 AM", "01/02/1970 6:00 PM"], [19.25, 1.75]),
        (["1970Q1", "1970Q2"], [0, 90]),
        (["1970-M02", "1970M03"], [31, 59]),
        (["06:00", "36:30"], [0.25, 36.5 / 24]),
        (["1:00:30", "0:00:30"], [3630 / 86400, 30 / 86400]),
        (["Jan 2 00:00:00", "Feb  1 12:00:00"], [-25566, -25535.5]),
        (["2020-01-02", "soon"], None),
        (["1-2-3-4"], None),
    ],
)
def test_dates_and_times_are_days(words, days):
    found = days_of(words)
    assert (None if found is None else found.tolist()) == days


def test_names_in_two_lines_are_joined_where_one_does_not_tell_them_apart(write):
    rows = "".join(f"{n},{n}.5,{n}.25,{n * n}\n" for n in range(9))
    assert read_table(write(",A,A,B\n,x,y,x\n" + rows)).names == ("column 1", "A x", "A y", "B x")
    table = read_table(write("kind,close,open,volume\nticker,SPY,SPY,SPY\nday,,,\n" + rows))
    assert table.names == ("kind", "close", "open", "volume")
    assert table.rows == 9


def test_what_a_database_prints_is_its_table(write):
    body = "".join(f" {n} | {n}.5 | a\n" for n in range(9))
    table = read_table(write(" id | score | kind \n----+-------+------\n" + body + "(9 rows)\n", "out.txt"))
    assert (table.names, table.rows, table.below) == (("id", "score", "kind"), 9, 1)
    body = "".join(f"| {n} | {n}.5 | a |\n" for n in range(9))
    edge = "+---+-----+---+\n"
    table = read_table(write(edge + "| id | score | kind |\n" + edge + body + edge, "out.txt"))
    assert (table.names[1:], table.rows) == (("id", "score", "kind"), 9)


def test_a_row_with_its_first_cell_only_is_a_row_where_others_follow(write):
    table = read_table(write("town,x,y\na,,\n" + "b,1,2\n" * 5 + "c,,\nd,,\n"))
    assert (table.rows, table.below) == (6, 2)


def test_lines_and_cells_that_do_not_end_are_refused(write, monkeypatch):
    from simulator.data.tables import reading, source

    long = write(f"a,b\n1,{'x' * 200_000}\n2,y\n")
    with pytest.raises(
        DataError, match="line 2: a quote that is not closed, or more than 131\u202f072 characters in a cell"
    ):
        read_table(long)
    monkeypatch.setattr(source, "LONGEST_LINE", 1000)
    with pytest.raises(DataError, match="line 2: more than 1000 characters in a line"):
        read_table(long)
    monkeypatch.setattr(reading, "MAX_COLUMNS", 3)
    with pytest.raises(DataError, match="4 columns, at most 3 can be read"):
        read_table(write("a,b,c,d\n1,2,3,4\n5,6,7,8\n"))


def test_a_spreadsheet_whose_sheet_is_damaged_is_refused(book, tmp_path):
    with zipfile.ZipFile(book({"data": TABLE})) as whole, zipfile.ZipFile(tmp_path / "damaged.xlsx", "w") as made:
        for name in whole.namelist():
            content = whole.read(name)
            made.writestr(name, content.replace(b"<v>1.5</v>", b"<v>&e;</v") if "sheet1" in name else content)
    with pytest.raises(DataError, match='sheet "data": cannot be read'):
        read_table(str(tmp_path / "damaged.xlsx"))


def test_zeros_in_a_text_are_passed_over(write):
    table = read_table(write(b"a,b\0\n" + b"1.5,x\n" * 40 + b"2.5,\0y\n"))
    assert table.names == ("a", "b")
    assert cells(table.columns[1])[-1] == "y"


def test_a_text_of_another_encoding_than_was_said_is_refused(write):
    path = write(("a;b\n" + "1,5;grün\n" * 50).encode("latin-1"))
    with pytest.raises(DataError, match="not utf-8 text"):
        read_table(path, TableReading(encoding="utf-8"))


@pytest.fixture
def book(tmp_path):
    def book(sheets, name="book.xlsx"):
        """A workbook with these sheets, name → rows."""
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
        made.save(tmp_path / name)
        return tmp_path / name

    return book


TABLE = [("x", "kind"), (1.5, "a"), (2.5, "b"), (3.5, "a")]


def test_the_first_sheet_with_a_table_is_taken(book):
    path = book({"cover": [("Report",), ("of the year",)], "nothing": [], "data": TABLE, "more": TABLE})
    table = read_table(str(path))
    assert (table.taken.sheet, table.names) == ("data", ("x", "kind"))
    with pytest.raises(DataError, match="the file is empty"):
        read_table(str(path), TableReading(sheet="nothing"))


def test_files_go_by_what_they_are_and_not_by_their_names(book, write):
    assert read_table(str(book({"data": TABLE}, "book.csv"))).sheets == ("data",)
    for name in ("text.xls", "text.xlsx", "text.ods"):
        assert read_table(write("x\tkind\n1.5\ta\n2.5\tb\n", name)).names == ("x", "kind")


def test_a_sheet_that_is_too_large_for_its_cells_is_refused(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(("x", "y"))
    made.active["XFD1048576"] = 1
    made.save(tmp_path / "far.xlsx")
    with pytest.raises(DataError, match=r"a sheet of 1.048.576 rows and 16.384 columns"):
        read_table(str(tmp_path / "far.xlsx"))


@pytest.mark.parametrize(("separator", "quote"), [(",", "'"), (",", '"'), ("\t", "'")])
def test_an_arff_file_may_use_tabs_and_either_quotes(write, separator, quote):
    rows = "".join(f"{n}.5{separator}{quote}b c{quote}\n" for n in range(3))
    path = write(f"@relation r\n@attribute x\tnumeric\n@attribute y {{'b c'}}\n@data\n{rows}", "x.arff")
    assert [cells(column) for column in read_table(path).columns] == [[0.5, 1.5, 2.5], ["b c"] * 3]


def test_an_arff_file_is_read(write):
    path = write(
        "% a comment\n@relation r\n@attribute 'sepal length' numeric\n@attribute kind {a,b}\n@data\n1.5,a\n?,'b'\n",
        "x.arff",
    )
    table = read_table(path)
    assert table.names == ("sepal length", "kind")
    assert [cells(column) for column in table.columns] == [[1.5, None], ["a", "b"]]
