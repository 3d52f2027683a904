"""Saving a file: every read is whole, what cannot be written leaves what was there, and nothing else is touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from simulator.system.atomic import replacing, write_atomic
from simulator.system.regular_file import UnfitFileError
from tests.simulator.small_disk import fill, full_disk, read_only_disk

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


NOBODY = """
import os, sys
from pathlib import Path
from simulator.system.atomic import write_atomic
if os.geteuid() == 0:  # An administrator may write anywhere.
    os.setgid(65534)
    os.setuid(65534)
try:
    write_atomic(Path(sys.argv[1]), b"new")
except PermissionError as error:
    print(error.filename)
"""


@unix
@pytest.mark.parametrize("locked", ["x", "."])
def test_a_file_or_folder_that_a_person_may_only_read_is_an_error(locked: str) -> None:
    # In a folder that everybody may enter.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "x"
        path.write_bytes(b"old")
        folder.chmod(0o777)
        (folder / locked).chmod(0o555)
        done = in_process(NOBODY, path)
        folder.chmod(0o755)
        assert done.stdout.decode().strip() == str(path)
        assert path.read_bytes() == b"old"
        assert names(folder) == {"x"}


@unix
def test_a_disk_that_can_only_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with read_only_disk(tmp_path), pytest.raises(OSError, match="Read-only") as told:
        write_atomic(path, b"new")
    assert told.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"x"}


@unix
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("room", [0, 4096])
def test_on_a_full_disk_the_old_content_stays(tmp_path: Path, linked: bool, room: int) -> None:
    path = tmp_path / "x"
    with full_disk(tmp_path) as is_disk:
        # Written without a flush, which is refused where no disk can be mounted.
        path.write_bytes(b"old" * 100)
        if linked:
            os.link(path, tmp_path / "peer")
        if is_disk:
            fill(tmp_path, room)
        before = names(tmp_path)
        with pytest.raises(OSError, match="No space") as told:
            write_atomic(path, b"n" * 50_000)
        assert told.value.filename == str(path)
        assert path.read_bytes() == b"old" * 100
        assert names(tmp_path) == before


def in_process(program: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


# -- savers that were killed ------------------------------------------------------------------------------------------

LEFT = """
import os, sys
from pathlib import Path
from simulator.system.atomic import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"half of it")
    stream.flush()
    os.kill(os.getpid(), 9)
"""


def left_behind(path: Path) -> Path:
    """The temporary file of a saver that was killed while it wrote to ``path``."""
    before = names(path.parent)
    with pytest.raises(subprocess.CalledProcessError):
        in_process(LEFT, path)
    (name,) = names(path.parent) - before
    return path.parent / name


@unix
def test_what_a_killed_saver_has_left_goes_when_anything_is_saved_there(tmp_path: Path) -> None:
    stray = left_behind(tmp_path / "x")
    assert stray.read_bytes() == b"half of it"
    write_atomic(tmp_path / "another", b"whole")
    assert names(tmp_path) == {"another"}


@unix
def test_nothing_goes_that_no_killed_saver_has_left(tmp_path: Path) -> None:
    stray = left_behind(tmp_path / "x")
    machine = stray.name.split("-")[1]
    token, dead = stray.name.split("-")[3], stray.name.split("-")[2]
    own = {
        ".q.json.part", "q.part", f".nablascope-{machine}-{dead}-short.part", f".nablascope-{machine}-{dead}.part",
        f".nablascope-00000000-{dead}-{token}", f".nablascope-{machine}-{os.getpid()}-{token}",
        f"nablascope-{machine}-{dead}-{token}", f".nablascope-{machine}-1-{token}",
    }  # fmt: skip
    for name in own:
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / "target").write_bytes(b"mine")
    link, folder = (tmp_path / f".nablascope-{machine}-{dead}-{letter * 16}.part" for letter in "ab")
    link.symlink_to(tmp_path / "target")
    folder.mkdir()
    write_atomic(tmp_path / "x", b"whole")
    assert names(tmp_path) == {*own, "target", link.name, folder.name, "x"}
    assert (tmp_path / "target").read_bytes() == b"mine"


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
import io, os, random, resource, signal, sys
from pathlib import Path
from simulator.system.atomic import write_atomic

def killed_at(moment, save):
    # Save in a process that is killed there: at so many bytes, or before or behind what is done once.
    child = os.fork()
    if child == 0:
        if isinstance(moment, int):
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # The kernel ends it at just this byte.
            resource.setrlimit(resource.RLIMIT_FSIZE, (moment, moment))
        else:
            what, behind = moment
            real = getattr(os, what)
            def kill(*given, **named):
                if behind:
                    real(*given, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            setattr(os, what, kill)
        save()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

path, kills, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
old, new = b"a" * size, b"b" * (size + 1)
draws = random.Random(0)
moments = [(what, behind) for what in ("open", "fsync", "replace", "chmod") for behind in (False, True)]
moments += [0, size, *(draws.randrange(size) for _ in range(kills - len(moments) - 2))]
ended = {}
for moment in moments:
    write_atomic(path, old)
    status = killed_at(moment, lambda: write_atomic(path, new))
    content = path.read_bytes()
    assert content in (old, new), (moment, len(content))
    whose = "old" if content == old else "new"
    ended[status, whose] = ended.get((status, whose), 0) + 1
write_atomic(path, new)
print(ended, sorted(os.listdir(path.parent)))
"""


@unix
@pytest.mark.parametrize(
    ("kills", "size"), [(30, 3_000), (200, 200_000), pytest.param(200, 20_000_000, marks=pytest.mark.slow)]
)
def test_a_saver_that_is_killed_at_any_byte_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, kills: int, size: int
) -> None:
    told = in_process(KILLED, tmp_path / "x", kills, size).stdout.decode()
    assert "(0, 'old')" not in told
    assert "'new'): " in told
    assert "['x']" in told
