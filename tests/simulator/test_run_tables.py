"""A run's tables in the forms of other programs."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from main import main
from simulator import run
from simulator.code.events import masked_crc
from simulator.code.tables import EVENTS
from tests.peers.networks import NETWORKS, named


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    run(named(NETWORKS["dense"]), steps=3, out=path, analyses=())
    return path


def test_a_checksum_is_that_of_the_standard() -> None:
    # RFC 3720, B.4: 32 bytes of zeros have 0x8a9136aa.
    crc = 0x8A9136AA
    assert masked_crc(bytes(32)) == (((crc >> 15 | crc << 17) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def test_event_files_hold_a_record_for_each_step_with_whole_checksums(folder: Path, tmp_path: Path) -> None:
    assert main(["export", str(folder), "--to", "tensorboard", "--out", str(tmp_path)]) == 0
    content, events, place = (tmp_path / EVENTS).read_bytes(), [], 0
    while place < len(content):
        length, length_crc = struct.unpack_from("<QI", content, place)
        event = content[place + 12 : place + 12 + length]
        assert length_crc == masked_crc(content[place : place + 8])
        assert struct.unpack_from("<I", content, place + 12 + length)[0] == masked_crc(event)
        events.append(event)
        place += 16 + length
    assert b"brain.Event:2" in events[0]
    assert len(events) == 5
    for tag in (b"loss", b"weight_gradient_norm/1 dense", b"activation/4"):
        assert all(tag in event for event in events[1:])


@pytest.mark.parametrize("form", ["tensorboard", "parquet"])
def test_what_is_no_run_is_refused(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), "--to", form, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "out").exists()
