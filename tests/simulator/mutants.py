"""Files with something changed in them, of every form that is opened, and what opening them costs.

``python -m tests.simulator.mutants FORM COUNT SEED`` opens so many, one after the other, in a process of its own, and
prints as JSON how many were refused, the longest time, the memory above that of the idle process, and what is wrong;
FORM may be ``all``.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

FORMATS = Path(__file__).parents[1] / "data" / "formats"
KEPT_RUN = FORMATS / "3.nabla"
MOST_SECONDS = 2.0
MOST_MEMORY = 256 * 2**20
SUSPICIOUS = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "pickle.find_class",
    "socket.",
    "subprocess.",
)
"""What begins the names of events that opening a file has no business with."""


@dataclass
class Told:
    """What came of it."""

    count: int = 0
    refused: int = 0
    seconds: float = 0.0
    """The longest."""
    memory: int = 0
    """Bytes above the idle process."""
    wrong: list[str] = field(default_factory=list)
    """What should not have happened."""


# -- forms ------------------------------------------------------------------------------------------------------------


def experiment_bytes() -> bytes:
    from simulator.experiment.files import presets

    return presets()[0].load().to_json()


def run_bytes() -> bytes:
    from simulator.experiment.experiment import Experiment
    from simulator.running.headless.run import run

    layer = {"kind": "dense", "units": 4, "normalization": {"kind": "batch"}, "dropout": {"kind": "inverted"}}
    plain = {"data": {"kind": "moons"}, "layers": [layer], "optimizer": {"kind": "adam"}, "batch_size": 16}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.nabla"
        run(Experiment.from_builtins(plain), steps=12, every=3, save=path)
        return path.read_bytes()


def picture_bytes(kind: str = "PNG") -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    image = Image.effect_noise((24, 24), 90)
    image.convert("RGB").save(stream, kind)
    return stream.getvalue()


def carrier_bytes(ending: str) -> bytes:
    from simulator.experiment.embedded import Embedded, embed
    from simulator.experiment.files import presets

    plain = {
        ".png": picture_bytes(),
        ".svg": b'<svg xmlns="http://www.w3.org/2000/svg"><title>a</title><path d="M0 0"/></svg>',
        ".html": b"<!doctype html><html><head><title>a</title></head><body><p>words</p></body></html>",
    }[ending]
    return embed(plain, ending, Embedded(presets()[0].load(), "Loss", 3))


def table_bytes() -> bytes:
    rows = "".join(f"{n % 7 / 3},{n},{'ab'[n % 2]}word,{n % 2}\n" for n in range(60))
    return f"first,second,third,target\n{rows}".encode()


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def spreadsheet_bytes(ending: str) -> bytes:
    stream = io.BytesIO()
    if ending == ".ods":
        from odf.opendocument import OpenDocumentSpreadsheet
        from odf.table import Table, TableCell, TableRow

        sheets = OpenDocumentSpreadsheet()
        table = Table(name="t")
        for n in range(30):
            row = TableRow()
            for k in (1, 2, 3):
                row.addElement(TableCell(valuetype="float", value=n * k % 7))
            table.addElement(row)
        sheets.spreadsheet.addElement(table)
        sheets.write(stream)
        return stream.getvalue()
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["first", "second", "target"])
    for n in range(30):
        book.active.append([n / 3, f"word {n % 3}", n % 2])
    book.save(stream)
    return stream.getvalue()


def images_bytes() -> bytes:
    return zipped({f"set/{label}/{n}.png": picture_bytes() for label in "ab" for n in range(3)})


def changes_bytes() -> bytes:
    from msgspec.structs import replace

    from simulator.experiment.files import presets
    from simulator.training.ledger import Ledger
    from simulator.training.live_change import LiveChange, LiveChanges
    from simulator.training.surgery import ScaleWeights, Transplant

    before = presets()[0].load()
    after = before.with_values([("optimizer.kind", "adam"), ("schedule.kind", "piecewise")])
    deeper = replace(before, layers=(before.layers[0], replace(before.layers[0], repeat=1), *before.layers[1:]))
    entries = (
        LiveChange(3, after), LiveChange(5, before, True), LiveChange(9, layer="2", units=(0, 3)),
        LiveChange(12, threads=2), LiveChange(14, deeper, surgery=Transplant()),
        LiveChange(15, surgery=ScaleWeights(("1",), 0.5)),
    )  # fmt: skip
    return Ledger.of(LiveChanges(before, 1, entries)).to_json()


def open_changes(path: Path) -> None:
    from simulator.experiment.files import presets
    from simulator.training.ledger import read

    read(path).on(presets()[0].load())


def lesson_bytes() -> bytes:
    return next(FORMATS.glob("*.nabla-lesson")).read_bytes()


def open_lesson(path: Path) -> None:
    """A lesson or a course, with the numbers in its texts."""
    from simulator.lessons.course import read_any
    from simulator.lessons.lesson import Lesson
    from simulator.lessons.text import filled

    opened = read_any(path)
    for lesson in (opened,) if isinstance(opened, Lesson) else opened[1]:
        filled(lesson.text, lesson.numbers(lesson.subject))


def open_experiment(path: Path) -> None:
    from simulator.experiment.files import read

    read(path)


def open_run(path: Path) -> None:
    from simulator.running.nabla.run_file import described, read, taken_up

    described(path)
    taken_up(read(path))


def open_table(path: Path) -> None:
    from simulator.data.table import Csv

    data = Csv(path=str(path)).settled()
    data.load(random.Random())  # type: ignore[arg-type]


def open_images(path: Path) -> None:
    from simulator.data.image_files import holds_images
    from simulator.data.images import Images

    holds_images(path)
    Images(path=str(path), size=8).load(random.Random())  # type: ignore[arg-type]


def open_image(path: Path) -> None:
    """As one of a folder."""
    from simulator.data.images import Images

    Images(path=str(path.parent.parent), size=8).load(random.Random())  # type: ignore[arg-type]


@dataclass(frozen=True)
class Form:
    """A kind of file: how one is made, and how it is opened."""

    name: str
    make: Callable[[], bytes]
    open: Callable[[Path], None]


FORMS = {
    "experiment": Form("x.json", experiment_bytes, open_experiment),
    "run": Form("x.nabla", run_bytes, open_run),
    "run with lanes": Form("x.nabla", KEPT_RUN.read_bytes, open_run),
    "changes": Form("changes.json", changes_bytes, open_changes),
    "lesson": Form("x.nabla-lesson", lesson_bytes, open_lesson),
    "course": Form("x.nabla-lesson", lambda: (FORMATS / "courses" / "1.nabla-lesson").read_bytes(), open_lesson),
    "carrying picture": Form("x.png", lambda: carrier_bytes(".png"), open_experiment),
    "carrying drawing": Form("x.svg", lambda: carrier_bytes(".svg"), open_experiment),
    "carrying page": Form("x.html", lambda: carrier_bytes(".html"), open_experiment),
    "table": Form("x.csv", table_bytes, open_table),
    "packed table": Form("x.csv.gz", lambda: gzip.compress(table_bytes(), mtime=0), open_table),
    "zipped table": Form("x.zip", lambda: zipped({"x.csv": table_bytes()}), open_table),
    "spreadsheet": Form("x.xlsx", lambda: spreadsheet_bytes(".xlsx"), open_table),
    "open spreadsheet": Form("x.ods", lambda: spreadsheet_bytes(".ods"), open_table),
    "zipped images": Form("x.zip", images_bytes, open_images),
    **{
        f"{kind} image": Form(f"images/b/x.{kind.lower()}", lambda kind=kind: picture_bytes(kind), open_image)
        for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
    },
}


# -- mutants ----------------------------------------------------------------------------------------------------------


def mutant(whole: bytes, draws: random.Random) -> bytes:
    """The file with bytes changed, left out, put in or moved; of an archive also a member changed and packed anew."""
    if whole.startswith(b"PK") and draws.random() < 0.5:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
            packing = archive.infolist()[-1].compress_type
        name = draws.choice(sorted(parts))
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", packing) as archive:
            for each, content in parts.items():
                archive.writestr(each, scratched(content, draws) if each == name else content)
        return stream.getvalue()
    return scratched(whole, draws)


def scratched(content: bytes, draws: random.Random) -> bytes:
    """With one to eight places changed."""
    changed = bytearray(content)
    for _ in range(draws.choice((1, 1, 2, 8))):
        place = draws.randrange(len(changed) + 1)
        kind = draws.randrange(4)
        if kind == 0 and place < len(changed):
            changed[place] = draws.randrange(256)
        elif kind == 1:
            del changed[place : place + draws.choice((1, 3, 100))]
        elif kind == 2:
            changed[place:place] = draws.choice((b"0", b"9" * 30, b"null", b"-", b"{", b"]", bytes(64), b"\xff" * 8))
        else:
            changed[place:place] = bytes(changed[:50])
    return bytes(changed)


def fault_of(sentence: str) -> str:
    """What is wrong with what a person is told; ``""``: nothing."""
    if "\n" in sentence or "Traceback" in sentence:
        return "more than one line"
    return "" if 10 < len(sentence) < 700 else f"{len(sentence)} characters"


def open_mutants(form: Form, count: int, seed: int, folder: Path) -> Told:
    """Open so many mutants of a form."""
    told, draws, whole = Told(), random.Random(seed), form.make()
    path = folder / form.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if "image" in form.name:
        (folder / "images" / "a").mkdir()
        (folder / "images" / "a" / "x.png").write_bytes(picture_bytes())
    path.write_bytes(whole)
    form.open(path)  # What it imports is imported, and the whole file opens.
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    watched = [True]
    sys.addaudithook(lambda event, given: _watch(told, watched, event))
    for _ in range(count):
        path.write_bytes(mutant(whole, draws))
        open_one(form, path, told)
    watched.clear()
    told.memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle)
    return told


def _watch(told: Told, watched: list[bool], event: str) -> None:
    if watched and event.startswith(SUSPICIOUS):
        told.wrong.append(f"it did {event}")


def open_one(form: Form, path: Path, told: Told) -> None:
    began = time.process_time()
    told.count += 1
    try:
        form.open(path)
    except ValueError as error:
        told.refused += 1
        if fault := fault_of(str(error)):
            told.wrong.append(f"{fault}: {str(error)[:200]}")
    except Exception as error:
        kept = Path(tempfile.gettempdir()) / f"mutant-{len(told.wrong)}{path.suffix}"
        kept.write_bytes(path.read_bytes())
        told.wrong.append(f"{type(error).__name__}: {str(error)[:200]} ({kept})")
    told.seconds = max(told.seconds, time.process_time() - began)


def told_of(name: str, count: int, seed: int) -> Told:
    """Open mutants of a form in a folder of its own."""
    with tempfile.TemporaryDirectory() as made:
        return open_mutants(FORMS[name], count, seed, Path(made))


if __name__ == "__main__":
    warnings.simplefilter("error")
    what, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    names = list(FORMS) if what == "all" else [what]
    print(json.dumps({name: asdict(told_of(name, count, seed)) for name in names}))
