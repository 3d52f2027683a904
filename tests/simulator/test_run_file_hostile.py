"""Files that are no run: each is told in one sentence, quickly, and nothing of it is executed."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.running.headless.run import run
from simulator.running.nabla.run_file import read, taken_up
from tests.simulator.mutants import scratched

MOST_MEMORY = 256 * 2**20
MOST_SECONDS = 2.0
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A run file of a small net with dropout, norm and Adam."""
    layer = {"kind": "dense", "units": 4, "normalization": {"kind": "batch"}, "dropout": {"kind": "inverted"}}
    experiment = Experiment.from_builtins(
        {"data": {"kind": "moons"}, "layers": [layer], "optimizer": {"kind": "adam"}, "batch_size": 16}
    )
    path = tmp_path_factory.mktemp("whole") / "run.nabla"
    run(experiment, steps=12, every=3, save=path)
    return path.read_bytes()


def members(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def refusal(path: Path, content: bytes) -> str | None:
    """The sentence with which a file is refused; None where it is a run."""
    path.write_bytes(content)
    try:
        taken_up(read(path))
    except ExperimentError as error:
        return str(error)
    return None


def check_sentence(sentence: str) -> None:
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert 10 < len(sentence) < 500


def changed(whole: bytes, name: str, change: Callable[[Any], Any]) -> bytes:
    parts = members(whole)
    plain = json.loads(parts[name])
    parts[name] = json.dumps(change(plain) or plain).encode()
    return packed(parts)


def safetensors(header: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


BENT: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda whole: b"",
    "text": lambda whole: b"not a zip at all",
    "cut short": lambda whole: whole[: len(whole) // 2],
    "without its end": lambda whole: whole[:-1],
    "with something behind": lambda whole: whole + b"PK",
    "a path that climbs out": lambda whole: packed({**members(whole), "../../evil.py": b"1"}),
    "an absolute path": lambda whole: packed({**members(whole), "/etc/passwd": b"1"}),
    "a pickle": lambda whole: packed({**members(whole), "record/history.pkl": b"cos\nsystem\n(S'true'\ntR."}),
    "a member too many": lambda whole: packed({**members(whole), "record/unit_values.npy/x": b"1"}),
    "a member too few": lambda whole: packed(
        {name: content for name, content in members(whole).items() if name != "weights.safetensors"}
    ),
    "a bomb": lambda whole: packed({**members(whole), "weights.safetensors": bytes(2**24)}, zipfile.ZIP_DEFLATED),
    "a pickled array": lambda whole: packed({**members(whole), "record/history_low.npy": pickled()}),
    "an array without end": lambda whole: packed({**members(whole), "record/history_low.npy": endless()}),
    "a shape of many digits": lambda whole: packed({**members(whole), "record/history_low.npy": many_digits()}),
    "an endless header": lambda whole: packed(
        {**members(whole), "weights.safetensors": struct.pack("<Q", 2**63) + b"{}"}
    ),
    "weights of nothing": lambda whole: packed(
        {**members(whole), "weights.safetensors": safetensors({"parameters": {
            "dtype": "F32", "shape": [2**40], "data_offsets": [0, 0]}})}
    ),
    "weights of another network": lambda whole: packed(
        {**members(whole), "weights.safetensors": safetensors({"parameters": {
            "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))}
    ),
    "weights of another type": lambda whole: packed(
        {**members(whole), "weights.safetensors": safetensors({"parameters": {
            "dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, bytes(4))}
    ),
    "no format": lambda whole: changed(whole, "manifest.json", lambda plain: plain.pop("format") and None),
    "a format of words": lambda whole: changed(whole, "manifest.json", lambda plain: {**plain, "format": "x" * 10**6}),
    "a list": lambda whole: changed(whole, "manifest.json", lambda _plain: [1]),
    "another network": lambda whole: changed(whole, "experiment.json", lambda plain: {**plain, "layers": []}),
    "another batch": lambda whole: changed(whole, "experiment.json", lambda plain: {**plain, "batch_size": 5}),
    "another optimiser": lambda whole: changed(
        whole, "experiment.json", lambda plain: {**plain, "optimizer": {"kind": "sgd"}}
    ),
    "other data": lambda whole: changed(whole, "experiment.json", lambda plain: {**plain, "data": {"kind": "wine"}}),
    "no experiment": lambda whole: changed(whole, "experiment.json", lambda plain: {"layers": 3}),
    "a step below 0": lambda whole: changed(whole, "sampler.json", lambda plain: {**plain, "step": -1}),
    "another step": lambda whole: changed(whole, "sampler.json", lambda plain: {**plain, "step": 13}),
    "a million slots": lambda whole: changed(whole, "sampler.json", lambda plain: {**plain, "slots": 10**6}),
    "no sampler": lambda whole: changed(whole, "sampler.json", lambda plain: {**plain, "sampler": None}),
    "a generator of its own": lambda whole: whole_text(whole, b'"PCG64"', b'"MT199"'),
    "a state beyond the generator's": lambda whole: whole_text(
        whole, b'"inc":{"integer":"', b'"inc":{"integer":"9999999'
    ),
    "coming changes of another network": lambda whole: packed(
        {**members(whole), "coming.json": coming({"layers": []}, step=99)}
    ),
    "coming changes of the past": lambda whole: packed({**members(whole), "coming.json": coming(None, step=3)}),
    "coming changes of a layer that is not": lambda whole: packed(
        {**members(whole), "coming.json": coming(None, step=99, layer="77", units=[0])}
    ),
    "no coming changes": lambda whole: packed({**members(whole), "coming.json": b"[1"}),
    "no record": lambda whole: changed(whole, "record/record.json", lambda _plain: {"version": 1}),
}  # fmt: skip


def coming(fields: dict[str, Any] | None, **rest: Any) -> bytes:
    """One change that is still to act, of an experiment of its own."""
    experiment = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 3}]}
    return json.dumps({"experiment": experiment, "threads": 0, "entries": [{"fields": fields, "rest": rest}]}).encode()


def whole_text(whole: bytes, before: bytes, after: bytes) -> bytes:
    parts = members(whole)
    assert before in parts["sampler.json"]
    return packed({**parts, "sampler.json": parts["sampler.json"].replace(before, after)})


def pickled() -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"cos\nsystem\n(S'false'\ntR."


def endless() -> bytes:
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 9), }" % 2**60
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def many_digits() -> bytes:
    """What a careless pattern would try in more ways than can be counted."""
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (" + b"1" * 60000 + b"!"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("kind", BENT)
def test_what_is_no_run_is_refused_in_one_sentence(kind: str, whole: bytes, tmp_path: Path) -> None:
    sentence = refusal(tmp_path / "bent.nabla", BENT[kind](whole))
    assert sentence is not None
    check_sentence(sentence)


def test_a_file_of_a_later_format_names_the_version_that_it_needs(whole: bytes, tmp_path: Path) -> None:
    content = changed(whole, "manifest.json", lambda plain: {**plain, "format": 99, "needs": "3.1.4", "more": [1]})
    sentence = refusal(tmp_path / "late.nabla", content)
    assert sentence is not None
    assert "3.1.4" in sentence


def test_a_link_or_a_pipe_is_no_run(whole: bytes, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members(whole).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, content)
    sentence = refusal(tmp_path / "link.nabla", stream.getvalue())
    assert sentence is not None
    assert "regular" in sentence
    os.mkfifo(tmp_path / "pipe.nabla")
    with pytest.raises(ExperimentError, match="pipe"):
        read(tmp_path / "pipe.nabla")


def mutant(whole: bytes, draws: random.Random) -> bytes:
    """The file with bytes changed, left out, put in or moved; or a member changed and packed anew."""
    if draws.random() < 0.5:
        parts = members(whole)
        name = draws.choice(sorted(parts))
        return packed({**parts, name: scratched(parts[name], draws)})
    return scratched(whole, draws)


def check_mutants(whole: bytes, path: Path, count: int, seed: int) -> None:
    draws = random.Random(seed)
    refused = 0
    for _ in range(count):
        content = mutant(whole, draws)
        sentence = refusal(path, content)
        if sentence is not None:
            check_sentence(sentence)
            refused += 1
    # Some change only numbers: those are runs still.
    assert refused > count / 2


def test_three_hundred_mutants_are_each_told_in_one_sentence(whole: bytes, tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        check_mutants(whole, tmp_path / "mutant.nabla", 300, 0)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_ten_thousand_mutants_are_each_told_in_one_sentence(whole: bytes, tmp_path: Path) -> None:
    check_mutants(whole, tmp_path / "mutant.nabla", 10_000, 1)
