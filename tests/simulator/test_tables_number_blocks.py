"""Lines of plain numbers, and a word, are read many at once, to the bit and the line as they are read one by one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.data import DataError
from simulator.data.table import Csv
from simulator.data.tables.column import in_one_matrix, matrix
from simulator.data.tables.number_blocks import numbers_in
from simulator.data.tables.reading import read_table
from tests.thinned import thinned

DIGITS = st.text("0123456789", max_size=8)
NUMBERS = st.builds(
    lambda sign, whole, dot, fraction: sign + whole + dot + (fraction if dot else ""),
    st.sampled_from(["", "-"]), DIGITS, st.sampled_from(["", "."]), DIGITS,
).filter(lambda text: any(map(str.isdigit, text)))  # fmt: skip


def bits(values):
    return np.asarray(values, np.float64).view(np.int64).tolist()


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5), st.sampled_from(",;\t|"), st.booleans())
def test_a_number_is_what_float_reads_to_the_last_bit(rows, delimiter, windows):
    text = ("\r\n" if windows else "\n").join(delimiter.join(row) for row in rows)
    values = numbers_in(text, delimiter, 2)
    if values is None:
        assert any(sum(map(str.isdigit, cell)) > 15 for row in rows for cell in row)
    else:
        assert bits(values) == bits([[float(cell) for cell in row] for row in rows])


@pytest.mark.parametrize(
    "text",
    ["1,2\n3\n", "1\n2,3,4\n", "1,\n", "1,2,3\n4\n", "\n1,2\n", "1e5,2\n", "+1,2\n", "1-2,3\n", "1.2.3,4\n", "-,2\n",
     ".,2\n", "1, 2\n", '"1",2\n', "1\r2,3\n", "12345678901234567,1\n", "nan,1\n", "\u0661,2\n", "-.,2\n", "--,-\n",
     "#1,2\n"],
)  # fmt: skip
def test_whatever_else_stands_in_a_line_is_left_to_be_read_cell_by_cell(text):
    assert numbers_in(text, ",", 2) is None


ODD = {
    "nothing": "",
    "a comment": "# a comment\n",
    "a blank line": "\n",
    "a missing value": "7,,1\n",
    "a word": "7,word,1\n",
    "an exponent": "7,1.5e3,1\n",
    "a quoted number": '7,"3",1\n',
    "a quote over two lines": '7,"a\nb",1\n',
    "the names again": "first,second,label\n",
    "a rule": "---,---,---\n",
    "a short row": "7,8\n",
}


LABELS = {"last": lambda a, b, label: (a, b, label), "first": lambda a, b, label: (label, a, b)}
WORDS = {"numbers": "012", "words": ("setosa", "von Jordan", "Müller")}


def table(path, odd, between=",", *, side="last", words="numbers"):
    """500 rows of plain numbers and a label, of which one is odd, and a note below them."""
    ordered = LABELS[side]
    lines = [ordered(str(i % 97), str(-0.125 * i), WORDS[words][i % 3]) for i in range(500)]
    rows = [",".join(line) + "\n" for line in lines]
    odd = ",".join(ordered("first", "second", "label")) + "\n" if odd == ODD["the names again"] else odd
    head = ",".join(ordered("first", "second", "label")) + "\n"
    text = "".join([head, *rows[:300], odd, *rows[300:], "Source: an almanac\n"])
    path.write_text(text.replace(",", between), encoding="utf-8")
    return read_table(str(path))


@pytest.mark.parametrize(("odd", "side", "words"), thinned(list(ODD), list(LABELS), list(WORDS)))
def test_a_file_is_read_in_blocks_as_it_is_row_by_row(odd, side, words, tmp_path, monkeypatch):
    monkeypatch.setattr("simulator.data.tables.number_blocks.BLOCK_CHARACTERS", 500)  # Few hold the odd row.
    quick = table(tmp_path / "quick.csv", ODD[odd], side=side, words=words)
    slow = table(tmp_path / "slow.csv", ODD[odd], ", ", side=side, words=words)
    assert quick.lines.tolist() == slow.lines.tolist()
    assert quick.below == slow.below == 1
    assert quick.head == slow.head
    for own, other in zip(quick.columns, slow.columns, strict=True):
        assert bits(own.values) == bits(other.values)
        assert (own.words, own.missing, own.different) == (other.words, other.missing, other.different)
        assert own.categories[1].tolist() == other.categories[1].tolist()


def test_a_row_that_is_too_long_is_told_by_its_line(tmp_path):
    with pytest.raises(DataError, match=r"line 302: 4 cells"):
        table(tmp_path / "long.csv", "1,2,3,4\n")


def test_what_is_wrong_is_told_in_the_order_of_lines(tmp_path, monkeypatch):
    """Lines are read before those above them are understood."""
    monkeypatch.setattr("simulator.data.tables.number_blocks.BLOCK_CHARACTERS", 100)
    monkeypatch.setattr("simulator.data.tables.source.LONGEST_LINE", 100)
    for odd, told in (("1,2,3,4\n", "line 302: 4 cells"), ("7,8,9\n", "line 333: more than 100 characters")):
        with pytest.raises(DataError, match=told):
            table(tmp_path / "long.csv", odd + "7,8,9\n" * 30 + "7" * 200 + ",8,9\n")


def test_a_long_file_of_numbers_is_read_as_it_is_without_a_second_thread(tmp_path, monkeypatch):
    long = table(tmp_path / "long.csv", "7,8,1\n" * 3000)
    monkeypatch.setattr("simulator.data.tables.number_blocks.BLOCK_CHARACTERS", 1000)
    short = table(tmp_path / "short.csv", "7,8,1\n" * 3000)
    assert long.lines.tolist() == short.lines.tolist() == [*range(2, 3502)]
    for one, other in zip(long.columns, short.columns, strict=True):
        assert bits(one.values) == bits(other.values)


def test_columns_of_one_matrix_are_its_samples_without_a_copy():
    whole = matrix(4, 7)
    whole[:] = np.arange(28).reshape(4, 7)
    inner = in_one_matrix([whole[i, :5] for i in (1, 2, 3)])
    assert inner is not None
    assert np.array_equal(inner, whole[1:, :5].T)
    assert np.shares_memory(inner, whole)
    assert in_one_matrix([whole[i, :5] for i in (0, 1, 3)]) is None
    assert in_one_matrix([whole[i, :5] for i in (2, 1, 0)]) is None
    assert in_one_matrix([whole[0, :5], whole[1, :5].copy()]) is None


@pytest.mark.slow
def test_samples_that_lie_in_the_table_as_they_are_equal_those_that_are_copied(tmp_path):
    """Rows enough for one matrix of all columns, and a target between the inputs or at their end."""
    path = tmp_path / "large.csv"
    x = np.random.default_rng(0).integers(0, 256, (4000, 1100))
    labels = np.arange(4000) % 4
    names = ",".join(f"p{i}" for i in range(1100))
    np.savetxt(path, np.column_stack([x, labels]), fmt="%d", delimiter=",", header=f"{names},label", comments="")
    raw = Csv(path=str(path), target="label").load(np.random.default_rng(0))
    assert np.array_equal(raw.x, x)
    assert np.array_equal(raw.y, labels)
    assert not raw.x.flags.writeable
    raw = Csv(path=str(path), target="p500", task="regression").load(np.random.default_rng(0))
    assert np.array_equal(raw.x, np.column_stack([x[:, :500], x[:, 501:], labels]))
    assert math.isclose(raw.y.mean(), x[:, 500].mean())


@given(st.lists(st.tuples(*[st.from_regex(r"[0-9]{1,5}", fullmatch=True)] * 3), min_size=1, max_size=9))
def test_a_number_of_a_few_digits_is_what_float_reads(rows):
    values = numbers_in("\n".join(";".join(row) for row in rows), ";", 3)
    assert bits(values) == bits([[float(cell) for cell in row] for row in rows])
