"""What the machine has left, and how much of it may be used: memory is asked for before it is spent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from simulator.system.text import one_line

GIB = 2**30
LITTLE_MEMORY = 2**26
"""Bytes that are not worth a question."""
CGROUP = Path("/sys/fs/cgroup")
PROC = Path("/proc")

THREADS = "NABLASCOPE_THREADS"
"""Variable of the environment, which worker processes inherit, that gives the threads of matrix products."""


def give_threads(threads: int | None) -> None:
    """Use so many threads for matrix products from now on, here and in worker processes; None changes nothing."""
    if threads is not None:
        os.environ[THREADS] = str(threads)


def given_threads() -> int | None:
    """What :func:`give_threads` was given; None where the number is left to the work."""
    given = os.environ.get(THREADS, "")
    return int(given) if given.isascii() and given.isdigit() and int(given) else None


def free_memory() -> int | None:
    """Bytes that this process could still take; None where the system does not tell."""
    known = [amount for amount in (_available(), _left_of_group(), _left_of_process()) if amount is not None]
    return max(0, min(known)) if known else None


def shortage(amount: int) -> str:
    """``but 1.2 GiB are free`` where ``amount`` bytes are more than that; else ``""``."""
    free = None if amount <= LITTLE_MEMORY else free_memory()
    return "" if free is None or amount <= free else f"but {free / GIB:.1f} GiB are free"


def refuse_shortage(amount: int, what: str) -> None:
    """ValueError where ``what`` needs more bytes than are free: ``the Jacobian needs 2.7 GiB of memory; but …``."""
    if lack := shortage(amount):
        raise ValueError(f"{what} needs {amount / GIB:.1f} GiB of memory; {lack}")


def out_of_memory(error: MemoryError, what: str = "") -> str:
    """One sentence, with what the error itself says: ``there is not enough memory for this network``."""
    reason = one_line(error)
    return f"there is not enough memory{what and f' for {what}'}{reason and f' ({reason})'}"


def _available() -> int | None:
    """Of the whole machine."""
    for line in _lines(PROC / "meminfo"):
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(os.sysconf_names):
        # What is in use is not known: all of it is the most that could be free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _left_of_group() -> int | None:
    """Of the limit of a container, a service or a session: the tightest of the groups that the process is in."""
    amounts = [_left_of(folder, *names) for root, names in _GROUP_FILES for folder in _groups(root)]
    return min((amount for amount in amounts if amount is not None), default=None)


_GROUP_FILES = (
    ("", ("memory.max", "memory.current", "inactive_file")),
    ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
)
"""Of both versions: where the groups are, and the files of limit and use; what of that is a cache that can go."""


def _groups(kind: str) -> Iterator[Path]:
    """The folders of the process's groups, from its own up to the root."""
    own = Path("/")
    for line in _lines(PROC / "self" / "cgroup"):
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if path and (kind in controllers.split(",") if kind else not controllers):
            own = Path(path)
    root = CGROUP / kind
    for group in (own, *own.parents):
        yield root / group.relative_to(group.anchor)


def _left_of(folder: Path, limit_file: str, used_file: str, cache: str) -> int | None:
    limit, used = ("".join(_lines(folder / name)) for name in (limit_file, used_file))
    if not limit.isdigit() or not used.isdigit():
        return None
    pairs = (line.split() for line in _lines(folder / "memory.stat"))
    kept = next((int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] == cache and pair[1].isdigit()), 0)
    return int(limit) - int(used) + kept


def _left_of_process() -> int | None:
    """Of ``ulimit -v``."""
    try:
        import resource
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = "".join(_lines(PROC / "self" / "statm")).partition(" ")[0]
    if limit == resource.RLIM_INFINITY or not pages.isdigit():
        return None
    return limit - int(pages) * resource.getpagesize()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return []
