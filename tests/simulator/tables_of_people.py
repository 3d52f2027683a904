"""Awkward tables, each with the options with which pandas reads what is meant."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass, field
from typing import Any

ROWS = [(1.288, 7.9, 0), (0.066, 3.47, 1), (-1.092, 5.06, 0), (-1.022, 2.13, 1), (0.199, 5.27, 0), (0.546, 3.17, 1)]
HEAD = ("height", "weight", "label")


def lines(separator: str = ",", rows: Any = ROWS, head: Any = HEAD, decimal: str = ".") -> str:
    """A plain table."""
    cells = [[str(cell).replace(".", decimal) for cell in row] for row in rows]
    return "".join(separator.join(row) + "\n" for row in ([list(head)] if head else []) + cells)


@dataclass(frozen=True)
class Case:
    """A file's bytes and how pandas is told to read them; ``drop`` are columns that hold nothing."""

    content: bytes
    options: dict[str, Any] = field(default_factory=dict)
    name: str = "table.csv"
    drop: tuple[str, ...] = ()


def text(content: str, written: str = "utf-8", **options: Any) -> Case:
    return Case(content.encode(written), options)


def _zipped(content: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", content)
    return packed.getvalue()


PLAIN = lines()
WORDS = [("Köln", "1,234.5", "a"), ("Aarhus", "2,000", "b"), ("Łódź", "12", "a"), ("Nîmes", "1,000,000.25", "b")]
CASES: dict[str, Case] = {
    "plain": text(PLAIN),
    "semicolon": text(lines(";"), sep=";"),
    "tab": text(lines("\t"), sep="\t"),
    "pipe": text(lines("|"), sep="|"),
    "blanks": text(lines(" "), sep=" "),
    "aligned blanks": text("\n".join(f"{a!s:>10} {b!s:>8} {c!s:>6}" for a, b, c in [HEAD, *ROWS]) + "\n", sep=r"\s+"),
    "aligned words": text(
        "\n".join(f"{a!s:<14}  {b!s:>8}  {c!s:>6}" for a, b, c in [
            ("school years", "weight", "label"), ("< 12 years", 1.5, 0), ("12-15 years", 2.5, 1), ("16+ years", 3.5, 0),
        ]) + "\n",
        sep=r"\s{2,}", engine="python",
    ),
    "decimal comma": text(lines(";", decimal=","), sep=";", decimal=","),
    "decimal comma in quotes": text('a,b\n"1,5",x\n"2,25",y\n"0,75",x\n', decimal=","),
    "decimal comma and thousands": text(
        "a;b\n1.234,5;x\n2.000,25;y\n10.000,75;x\n", sep=";", decimal=",", thousands="."
    ),
    "thousands": text('city,people,kind\n' + "".join(f'{a},"{b}",{c}\n' for a, b, c in WORDS), thousands=","),
    "no header": text(lines(head=None), header=None),
    "no header, words": text(lines(rows=[(*row[:2], "xy"[row[2]]) for row in ROWS], head=None), header=None),
    "no header, whole numbers": text("5,116,0\n1,85,1\n8,183,0\n1,89,1\n", header=None),
    "row names": text("".join(f"{n},{row}" for n, row in zip(["", *"abcdef"], PLAIN.splitlines(True), strict=True))),
    "row names without a name": text(
        "height,weight,label\n" + lines(rows=[(f"r{n}", *row) for n, row in enumerate(ROWS)], head=None)
    ),
    "comments": text("# made by lab 3\n# 2020\n" + PLAIN, comment="#"),
    "comments between rows": text(PLAIN.replace("-1.092", "# half of it\n-1.092"), comment="#"),
    "header behind a comment": text("# " + PLAIN, names=list(HEAD), skiprows=1),
    "title": text("Report of the year\n\n" + PLAIN, skiprows=2),
    "title and note": text("Report,,\nof the year,,\n" + PLAIN, skiprows=2),
    "separator line": text("sep=;\n" + lines(";"), sep=";", skiprows=1),
    "trailing comma": Case(PLAIN.replace("\n", ",\n").encode(), {"index_col": False}, drop=("Unnamed: 3",)),
    "blank lines": text("\n\n" + PLAIN.replace("\n", "\n\n")),
    "empty rows": text(PLAIN + ",,\n,,\n", skipfooter=2, engine="python"),
    "end mark": Case(PLAIN.encode() + b"\x1a", {"skipfooter": 1, "engine": "python"}),
    "byte order mark": text(PLAIN, "utf-8-sig"),
    "UTF-16": text(PLAIN.replace("height", "größe"), "utf-16", encoding="utf-16"),
    "UTF-16 without a mark": text(PLAIN.replace("height", "größe"), "utf-16-le", encoding="utf-16-le"),
    "Latin-1": text(PLAIN.replace("height", "größe"), "latin-1", encoding="latin-1"),
    "cp1252": text(PLAIN.replace("height", "price €"), "cp1252", encoding="cp1252"),
    "carriage returns": text(PLAIN.replace("\n", "\r")),
    "Windows line ends": text(PLAIN.replace("\n", "\r\n")),
    "quotes": text('"height, cm","the ""weight""",label\n"1.5",2,"a, b"\n2.5,3,c\n3.5,4,"a, b"\n'),
    "blanks before quotes": text(
        'a, b, label\n1, 2.5, "y, z"\n4, 5.0, "x, z"\n9, 7.5, "y, z"\n', skipinitialspace=True
    ),
    "a line break in a cell": text('a,b\n1,"x\ny"\n2,z\n3,"x\ny"\n'),
    "single quotes": text("a,b\n1,'x, y'\n2,z\n3,'x, y'\n4,z\n", quotechar="'"),
    "missing": text(PLAIN.replace("5.06", "NA").replace("0.199", "").replace("3.17", "null")),
    "question marks": text(PLAIN.replace("5.06", "?").replace("0.199", "?"), na_values="?"),
    "points for missing": text(PLAIN.replace("5.06", ".").replace("0.199", "-"), na_values=[".", "-"]),
    "same names": text("x,x,label\n" + PLAIN.split("\n", 1)[1]),
    "exponents": text("a,b\n1e-3,x\n2.5E+4,y\n-.5e1,x\n"),
    "gzip": Case(gzip.compress(PLAIN.encode()), {"compression": "gzip"}, "table.csv.gz"),
    "zip": Case(_zipped(PLAIN), {"compression": "zip"}, "table.csv.zip"),
    "years": text("country,1990,1991,1992\n" + "".join(f"c{n},{n}.5,{n + 1},{n * n}\n" for n in range(6))),
    "semicolons with commas in names": text("height, cm;weight, kg;label\n1.5;2;0\n2.5;3;1\n3.5;1;0\n", sep=";"),
    "units below the names": text(PLAIN.replace("label\n", "label\ncm,kg,none\n"), skiprows=[1]),
    "a note below": text(PLAIN + "\nSource: an office\n", skipfooter=1, engine="python"),
    "a note below, with separators": text(PLAIN + '"Source, 2020",,\n', skipfooter=1, engine="python"),
    "a line below the names": text(lines("|").replace("label\n", "label\n----|----|----\n"), sep="|", skiprows=[1]),
    "tabs in a row": text(lines("\t").replace("7.9\t", "7.9\t\t"), sep=r"\t+", engine="python"),
    "names of some columns": Case(
        b"kind,text,,\n" + b"".join(b'%c,"w%d, and so on",,\n' % (kind, n) for n, kind in enumerate(b"ababab")),
        drop=("Unnamed: 3",),
    ),
    "title of two cells": text("Report, 2020,,\n,,\n" + PLAIN, skiprows=2),
    "points between thousands": text("a;b\n1.234.567;x\n2.000.000;y\n10.000.000;x\n", sep=";", thousands="."),
    "narrow blanks between thousands": text(
        "a;b\n1\u202f234.5;x\n2\u202f000.25;y\n10\u202f000.75;x\n", sep=";", thousands="\u202f", engine="python",
    ),
    "markers of databases": text(PLAIN.replace("5.06", "\\N").replace("3.17", "(null)"), na_values=["\\N", "(null)"]),
    "stars for missing": text(PLAIN.replace("5.06", "***").replace("0.199", "*******"), na_values=["***", "*******"]),
    "a spoilt letter": Case(
        "größe,art\n".encode() + "".join(f"{n}.5,grün\n" for n in range(9)).encode() + b"9.5,gr\xffn\n",
        {"encoding_errors": "replace"},
    ),
    "Cyrillic": text(
        "рост;вес;пол\n" + "".join(f"1{n}.5;6{n};{'мужской' if n % 2 else 'женский'}\n" for n in range(60)), "cp1251",
        sep=";", encoding="cp1251",
    ),
    "names again": text(PLAIN + PLAIN, skiprows=[len(ROWS) + 1]),
    "comments of another language": text("// made by lab 3, in May\n// 2020\n" + PLAIN, skiprows=2),
    "comments after percent signs": text("% made by lab 3\n% 2020\n" + PLAIN, skiprows=2),
    "a percent sign in a name": text(PLAIN.replace("height", "% high")),
    "short rows": text("a,b,c\n1,2,3\n4,5\n7,8,9\n1,2,3\n"),
}  # fmt: skip
