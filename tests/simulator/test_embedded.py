"""Experiments inside pictures and reports: they come out as they went in, and nothing else of the file is believed."""

from __future__ import annotations

import io
import json
import os
import random
import re
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import nablascope
from simulator.commands.command_line import carry_out
from simulator.experiment.embedded import CONTAINERS, MOST_TEXT, NAME, Embedded, embed, extract
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import presets, reach_of, read
from tests.simulator.mutants import scratched
from tests.thinned import thinned

AWKWARD = 'a <b> & "c" --> ]]> </template></metadata> ∂W é \U0001f600 \\ \t end'
PLAIN = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 3}], "name": AWKWARD, "seed": 2**62}
EXPERIMENT = Experiment.from_builtins(PLAIN)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9"><title>x &lt;</title><g/></svg>'
HTML = b'<!DOCTYPE html>\n<html lang="en"><head><title>x</title></head><body><p>y</p></body></html>'
MOST_SECONDS, MOST_MEMORY = 2.0, 256 * 2**20


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (9, 7), (3, 200, 90)).save(stream, "PNG")
    return stream.getvalue()


def apng() -> bytes:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (9, 7), (shade, 0, 0)) for shade in (0, 90, 250)]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:], duration=40)
    return stream.getvalue()


CONTENTS = {".png": png, ".apng": apng, ".svg": lambda: SVG, ".html": lambda: HTML, ".htm": lambda: HTML}
kinds = pytest.mark.parametrize("ending", sorted(CONTAINERS))


def written(folder: Path, ending: str, carried: Embedded | None = None) -> Path:
    path = folder / f"picture{ending}"
    content = CONTENTS[ending]()
    path.write_bytes(content if carried is None else embed(content, ending, carried))
    return path


def test_every_kind_of_container_is_tried() -> None:
    assert CONTENTS.keys() == CONTAINERS.keys()


@kinds
def test_an_experiment_comes_out_as_it_went_in(ending: str, tmp_path: Path) -> None:
    carried = Embedded(EXPERIMENT, title=AWKWARD, step=12_345)
    found = extract(written(tmp_path, ending, carried))
    assert found.experiment == EXPERIMENT
    assert (found.title, found.step, found.version) == (" ".join(AWKWARD.split()), 12_345, nablascope.__version__)
    assert "step 12 345" in found.sentence.replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("ending", "preset"), thinned(sorted(CONTAINERS), [preset.id for preset in presets()]))
def test_every_preset_opens_again_from_what_carries_it(ending: str, preset: str, tmp_path: Path) -> None:
    experiment = nablascope.load(preset)
    path = written(tmp_path, ending, Embedded(experiment))
    assert nablascope.load(path) == read(path) == experiment


def test_what_is_shown_stays_to_the_last_bit() -> None:
    carried = Embedded(EXPERIMENT)
    for content in (png(), apng()):
        after = Image.open(io.BytesIO(embed(content, ".png", carried)))
        with Image.open(io.BytesIO(content)) as before, after:
            assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1)
            for frame in range(getattr(before, "n_frames", 1)):
                before.seek(frame)
                after.seek(frame)
                assert after.tobytes() == before.tobytes()
    for ending, content in ((".svg", SVG), (".html", HTML)):
        element = re.compile(rb"\n<metadata id=.*</metadata>|<template id=.*</template>\n")
        assert element.sub(b"", embed(content, ending, carried)) == content


def test_text_that_another_program_has_packed_or_written_anew_is_read(tmp_path: Path) -> None:
    with Image.open(io.BytesIO(embed(png(), ".png", Embedded(EXPERIMENT)))) as image:
        text = image.text[NAME].encode()
    chunks = {
        b"zTXt": NAME.encode() + b"\0\0" + zlib.compress(text),
        b"iTXt": NAME.encode() + b"\0\0\0en\0title\0" + text,
        b"iTXt ": NAME.encode() + b"\0\1\0\0\0" + zlib.compress(text),
    }
    for kind, content in chunks.items():
        path = tmp_path / "again.png"
        path.write_bytes(with_chunk(kind.strip(), content))
        assert read(path) == EXPERIMENT
    drawing = embed(SVG, ".svg", Embedded(EXPERIMENT)).partition(b"?>")[2].replace(b"<svg ", b'<svg xmlns:svg="y" ')
    prefixed = re.sub(rb"<(/?)(svg|metadata)\b", rb"<\1svg:\2", drawing)
    (tmp_path / "inkscape.svg").write_bytes(b"<!DOCTYPE svg>" + prefixed)
    assert read(tmp_path / "inkscape.svg") == EXPERIMENT


def with_chunk(kind: bytes, content: bytes, check: int | None = None, length: int | None = None) -> bytes:
    whole = png()
    chunk = struct.pack(">I", len(content) if length is None else length) + kind + content
    return whole[:33] + chunk + struct.pack(">I", zlib.crc32(kind + content) if check is None else check) + whole[33:]


def compressed(text: bytes, marks: bytes = b"\0\0") -> bytes:
    return NAME.encode() + marks + zlib.compress(text, 9)


def svg_with(text: bytes, before: bytes = b"") -> bytes:
    return before + b'<svg><metadata id="' + NAME.encode() + b'">' + text + b"</metadata></svg>"


def carried_text(**fields: Any) -> bytes:
    plain = {"nablascope": 1, "title": "", "step": 0, "version": "", "experiment": PLAIN} | fields
    return json.dumps({name: value for name, value in plain.items() if value is not None}).encode()


BILLION = b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
) + b"]>"  # fmt: skip
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": (".png", lambda: b""),
    "text": (".png", lambda: b"hello"),
    "an svg that is empty": (".svg", lambda: b""),
    "no xml": (".svg", lambda: b"{}"),
    "a page without any": (".html", lambda: HTML),
    "a picture without any": (".png", lambda: png()),
    "a drawing without any": (".svg", lambda: SVG),
    "cut short": (".png", lambda: embed(png(), ".png", Embedded(EXPERIMENT))[:200]),
    "a chunk that goes on for ever": (".png", lambda: with_chunk(b"tEXt", b"x", length=2**32 - 1)),
    "a chunk beyond the end": (".png", lambda: with_chunk(b"tEXt", NAME.encode() + b"\0{}", length=2**25)),
    "a long text": (".png", lambda: with_chunk(b"tEXt", NAME.encode() + b"\0" + b" " * (MOST_TEXT + 2))),
    "a wrong check": (".png", lambda: with_chunk(b"tEXt", NAME.encode() + b"\0" + carried_text(), check=1)),
    "a bomb": (".png", lambda: with_chunk(b"zTXt", compressed(bytes(2**26)))),
    "a bomb in another language": (".png", lambda: with_chunk(b"iTXt", compressed(bytes(2**26), b"\0\1\0\0\0"))),
    "packed nonsense": (".png", lambda: with_chunk(b"zTXt", NAME.encode() + b"\0\0xyz")),
    "a million chunks": (".png", lambda: png()[:33] + (struct.pack(">I", 0) + b"IDAT" + bytes(4)) * 300_000),
    "a billion laughs": (".svg", lambda: svg_with(b"&j;", BILLION)),
    "an external entity": (
        ".svg", lambda: svg_with(b"&x;", b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>')),
    "an external subset": (".svg", lambda: svg_with(b"{}", b'<!DOCTYPE svg SYSTEM "file:///dev/zero">')),
    "a parameter entity": (
        ".svg", lambda: svg_with(b"{}", b'<!DOCTYPE svg [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>')),
    "a long element": (".svg", lambda: svg_with(b" " * (MOST_TEXT + 2))),
    "a long attribute": (".svg", lambda: b'<svg a="' + b"x" * 2**26),
    "a deep drawing": (".svg", lambda: b"<g>" * 2**20),
    "a page without end": (".html", lambda: b'<template id="' + NAME.encode() + b'">' + b"{" * 2**25),
    "no json": (".svg", lambda: svg_with(b"{")),
    "json of another kind": (".svg", lambda: svg_with(b"[1, 2]")),
    "deep json": (".svg", lambda: svg_with(b'{"nablascope":1,"experiment":' + b"[" * 10**5)),
    "deep and whole json": (
        ".svg", lambda: svg_with(b'{"nablascope":1,"experiment":' + b"[" * 10**5 + b"]" * 10**5 + b"}")),
    "no format": (".svg", lambda: svg_with(carried_text(nablascope=None))),
    "a format of words": (".svg", lambda: svg_with(carried_text(nablascope="x" * 10**5))),
    "a format of many digits": (".svg", lambda: svg_with(b'{"nablascope":' + b"9" * 5000 + b"}")),
    "no experiment": (".svg", lambda: svg_with(carried_text(experiment=None))),
    "an experiment that is none": (".svg", lambda: svg_with(carried_text(experiment={"layers": 3}))),
    "a key twice": (".svg", lambda: svg_with(carried_text().replace(b'"seed":', b'"seed": 1, "seed":'))),
    "a step of words": (".svg", lambda: svg_with(carried_text(step="x"))),
    "not a number": (".svg", lambda: svg_with(carried_text().replace(b'"units": 3', b'"units": NaN'))),
}  # fmt: skip


def slowness() -> float:
    """How many times as long as a usual machine takes now for a million sums, at least 1."""
    begun, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number * number
    return max(1.0, (time.process_time() - begun) / 0.04)


def refusal(path: Path) -> str:
    begun = time.process_time()
    with pytest.raises(ExperimentError) as caught:
        read(path)
    assert time.process_time() - begun < MOST_SECONDS * slowness()
    return str(caught.value)


def check_sentence(sentence: str, path: Path) -> None:
    assert "\n" not in sentence
    assert path.name in sentence
    assert 10 < len(sentence) < 700


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_carries_no_experiment_is_told_in_one_sentence(kind: str, tmp_path: Path) -> None:
    ending, content = HOSTILE[kind]
    path = tmp_path / f"hostile{ending}"
    path.write_bytes(content())
    check_sentence(refusal(path), path)


@pytest.mark.parametrize("kind", ["a bomb", "a billion laughs", "a long attribute", "a long text", "deep json"])
def test_what_unpacks_to_much_takes_little_memory(kind: str, tmp_path: Path) -> None:
    ending, content = HOSTILE[kind]
    path = tmp_path / f"hostile{ending}"
    path.write_bytes(content())
    tracemalloc.start()
    try:
        refusal(path)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@kinds
def test_a_pipe_or_a_folder_carries_nothing(ending: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    for name in ("pipe", "folder", "missing"):
        check_sentence(refusal(tmp_path / f"{name}{ending}"), tmp_path / f"{name}{ending}")


def test_a_later_format_names_the_version_that_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "later.svg"
    path.write_bytes(svg_with(carried_text(nablascope=2, needs="3.1.4", more=[1], experiment=None)))
    assert "3.1.4" in refusal(path)


def test_what_a_picture_names_beyond_its_folder_is_asked_for_as_of_any_experiment(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    table = tmp_path / "elsewhere" / "secret.csv"
    table.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    named = Experiment.from_builtins({**PLAIN, "data": {"kind": "csv", "path": str(table)}})
    (tmp_path / "here").mkdir()
    reach = reach_of(written(tmp_path / "here", ".png", Embedded(named)))
    assert reach is not None
    assert reach.target == table


def test_a_run_without_a_screen_begins_from_a_picture(tmp_path: Path) -> None:
    picture, plain = written(tmp_path, ".svg", Embedded(EXPERIMENT)), tmp_path / "plain.json"
    nablascope.save(EXPERIMENT, plain)
    tables = []
    for target in (picture, plain):
        asked = ["run", str(target), "--steps", "3", "--out", str(tmp_path / target.stem), "--no-plots"]
        assert carry_out(asked) == 0
        tables.append((tmp_path / target.stem / "layers.csv").read_bytes())
    assert tables[0] == tables[1]


def test_a_picture_of_something_else_is_no_target_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["run", str(written(tmp_path, ".png")), "--steps", "3", "--out", str(tmp_path / "out")]
    assert carry_out(asked) == 2
    assert capsys.readouterr().err.startswith("error: picture.png carries no experiment")
    assert not (tmp_path / "out").exists()


def mutants(content: bytes, count: int, seed: int) -> list[bytes]:
    draws = random.Random(seed)
    return [scratched(content, draws) for _ in range(count)]


def check_mutants(folder: Path, ending: str, count: int, seed: int) -> None:
    path = written(folder, ending, Embedded(EXPERIMENT))
    for content in mutants(path.read_bytes(), count, seed):
        path.write_bytes(content)
        try:
            assert isinstance(read(path), Experiment)
        except ExperimentError as error:
            check_sentence(str(error), path)


@kinds
def test_mutants_are_each_told_in_one_sentence(ending: str, tmp_path: Path) -> None:
    check_mutants(tmp_path, ending, 150, 0)


@pytest.mark.slow
@kinds
def test_ten_thousand_mutants_are_each_told_in_one_sentence(ending: str, tmp_path: Path) -> None:
    check_mutants(tmp_path, ending, 10_000, 1)
