"""Saving a file: every read is whole, what cannot be written leaves what was there, and nothing else is touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simulator.system.atomic import replacing, write_atomic
from simulator.system.regular_file import UnfitFileError

unix = pytest.mark.skipif(sys.platform == "win32", reason="links and rights are others there")
ROOT = Path(__file__).parents[2]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("length", [1, 100, 255])
def test_a_name_of_any_length_is_saved_and_nothing_else_stands_there(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("x" * length)
    for content in (b"one", b"another"):
        write_atomic(path, content)
        assert path.read_bytes() == content
    assert names(tmp_path) == {path.name}


def test_files_of_others_that_look_like_temporary_ones_stay(tmp_path: Path) -> None:
    (tmp_path / ".q.json.part").write_bytes(b"mine")
    write_atomic(tmp_path / "q.json", b"new")
    assert (tmp_path / ".q.json.part").read_bytes() == b"mine"


@unix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_access_rights_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomic(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@unix
def test_a_new_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomic(tmp_path / "saved", b"")
    assert (tmp_path / "saved").stat().st_mode == (tmp_path / "usual").stat().st_mode


@unix
def test_a_symbolic_link_is_followed_even_to_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link, chain = tmp_path / "folder" / "target", tmp_path / "link", tmp_path / "chain"
    link.symlink_to(Path("folder") / "target")
    chain.symlink_to(link)
    for content in (b"one", b"another"):
        write_atomic(chain, content)
        assert target.read_bytes() == content
    assert link.is_symlink()
    assert chain.is_symlink()
    assert names(tmp_path / "folder") == {"target"}


@unix
def test_a_file_with_several_names_stays_one_file(tmp_path: Path) -> None:
    path, peer = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"a long old content")
    os.link(path, peer)
    write_atomic(path, b"new")
    assert path.read_bytes() == peer.read_bytes() == b"new"
    assert path.samefile(peer)
    assert names(tmp_path) == {"a", "b"}


@unix
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "nowhere", "file for a folder"])
def test_what_is_no_place_for_a_file_is_an_error_that_names_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "nowhere":
        path = tmp_path / "gone" / "x"
    else:
        path.write_bytes(b"")
        path = path / "x"
    before = names(tmp_path)
    with pytest.raises(OSError) as told:
        write_atomic(path, b"new")
    assert told.value.filename == str(path)
    assert told.value.strerror
    assert names(tmp_path) == before


@unix
def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(UnfitFileError, match="a device"):
        write_atomic(Path(os.devnull), b"new")


def test_an_error_while_the_content_is_made_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def half(path: Path) -> None:
        with replacing(path) as stream:
            stream.write(b"new")
            raise KeyError("half of it")

    with pytest.raises(KeyError):
        half(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"x"}


FULL = """
import os, resource, signal, sys
from pathlib import Path
from simulator.system.atomic import write_atomic
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(path, b"n" * 5000)
except OSError as error:
    print(error.filename, error.strerror)
"""


@unix
@pytest.mark.parametrize("linked", [False, True])
def test_where_there_is_no_room_the_old_content_stays(tmp_path: Path, linked: bool) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    if linked:
        os.link(path, tmp_path / "peer")
    before = names(tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert str(path).encode() in told.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == before


@unix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write anywhere")
def test_a_file_or_folder_that_may_only_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    for locked in (path, tmp_path):
        locked.chmod(0o555)
        with pytest.raises(PermissionError):
            write_atomic(path, b"new")
        locked.chmod(0o755)
    assert path.read_bytes() == b"old"


def test_of_two_that_save_at_once_every_read_is_whole(tmp_path: Path) -> None:
    path, contents = tmp_path / "x", [bytes([letter]) * 50_000 for letter in b"ab"]
    write_atomic(path, contents[0])
    savers = [threading.Thread(target=lambda c=c: [write_atomic(path, c) for _ in range(50)]) for c in contents]
    for saver in savers:
        saver.start()
    read = 0
    while any(saver.is_alive() for saver in savers):
        assert path.read_bytes() in contents
        read += 1
    for saver in savers:
        saver.join()
    assert read
    assert names(tmp_path) == {"x"}


KILLED = """
import sys
from pathlib import Path
from simulator.system.atomic import write_atomic
print(flush=True)
while True:
    for letter in b"ab":
        write_atomic(Path(sys.argv[1]), bytes([letter]) * 200_000)
"""


@unix
@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_a_saver_that_is_killed_leaves_a_whole_file(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "x"
    contents = [bytes([letter]) * 200_000 for letter in b"ab"]
    for number in range(kills):
        saver = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert saver.stdout is not None
        saver.stdout.readline()
        threading.Event().wait(0.01 + number % 17 / 1000)
        saver.kill()
        saver.communicate()
        assert not path.exists() or path.read_bytes() in contents
