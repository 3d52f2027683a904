"""What can change the last digits of a run: versions, the processor's kernels, the linear algebra and its threads."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from simulator.system.json_text import readable_json
from simulator.system.version import __version__


class Environment(Struct, frozen=True):
    """Where numbers were computed."""

    nablascope: str
    python: str
    numpy: str
    system: str
    """``Linux x86_64``"""
    blas: str
    """Library and version of the matrix products."""
    kernel: str
    """Which processor these are made for."""
    instructions: str
    """The processor's extensions that numpy uses."""
    threads: int
    """Of the matrix products."""

    def to_json(self) -> bytes:
        return readable_json(self)

    def differences(self, other: Environment) -> tuple[str, ...]:
        """What is another there, as ``numpy 2.1 instead of 2.0``."""
        names = [name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name)]
        return tuple(f"{name} {getattr(other, name)} instead of {getattr(self, name)}" for name in names)


def environment(threads: int) -> Environment:
    """This program on this machine, with so many threads for matrix products."""
    blas = _blas()
    return Environment(
        nablascope=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        system=f"{platform.system()} {platform.machine()}",
        blas=f"{blas.get('internal_api', 'unknown')} {blas.get('version') or ''}".strip(),
        kernel=str(blas.get("architecture") or "unknown"),
        instructions=_instructions(),
        threads=threads,
    )


def _blas() -> Mapping[str, Any]:
    """The library that numpy's products are made with; nothing where none is known."""
    from threadpoolctl import threadpool_info

    known = [library for library in threadpool_info() if library.get("user_api") == "blas"]
    own = [library for library in known if "numpy" in str(library.get("filepath"))]
    return next(iter([*own, *known]), {})


def _instructions() -> str:
    config: Any = np.show_config(mode="dicts")
    extensions = config.get("SIMD Extensions", {})
    return " ".join([*extensions.get("baseline", ()), *extensions.get("found", ())]) or "unknown"
