"""What a section tells: tables to read and plain data for the JSON file; and the machine it ran on."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

PACKAGES = ("numpy", "scipy", "msgspec", "PySide6-Essentials", "pyqtgraph", "torch")


@dataclass(frozen=True)
class Options:
    """How thorough a run is."""

    quick: bool = False
    """As little as shows that everything runs; the numbers mean nothing."""
    threads: tuple[int, ...] = (1, 2)
    """BLAS thread counts of the tables of ratios."""
    draw: Path | None = None
    """Where the scaling section is drawn."""

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 11

    @property
    def processes(self) -> int:
        """In which a net is measured that has processes of its own."""
        return 1 if self.quick else 5

    @property
    def rounds_apart(self) -> int:
        """In each of them."""
        return 1 if self.quick else 5

    @property
    def block_seconds(self) -> float:
        return 0.001 if self.quick else 0.06


@dataclass
class Table:
    title: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def text(self) -> str:
        """As a Markdown table with even columns."""
        lines = [tuple(self.header), *(tuple(row) for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        rule = tuple("-" * width for width in widths)
        shown = [lines[0], rule, *lines[1:]]
        body = (" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in shown)
        return f"{self.title}\n\n" + "\n".join(f"| {line} |" for line in body)


@dataclass
class Section:
    """One section's result."""

    tables: list[Table] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        return "\n\n".join([table.text() for table in self.tables] + self.notes)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _known(pool: dict[str, Any]) -> list[str]:
    """A library of matrix products, its version, and the processor that its kernels are for."""
    return [str(pool[key]) for key in ("internal_api", "version", "architecture") if pool.get(key)]


def machine() -> dict[str, Any]:
    """Where the numbers come from."""
    importlib.import_module("numpy")
    by_environment = " (kernels named by the environment)" if "OPENBLAS_CORETYPE" in os.environ else ""
    blas = sorted({" ".join(_known(pool)) + by_environment for pool in threadpool_info()})
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "others at work (load average)": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "blas": blas,
        "versions": {package: _version(package) for package in PACKAGES},
    }


def written(report: Path, name: str, text: str) -> None:
    """Put a section's text into a report: in place of the section of that name, or at its end."""
    document = report.read_text(encoding="utf-8") if report.exists() else "# Benchmark\n"
    heading = f"\n## {name}\n"
    before, found, after = document.partition(heading)
    rest = after[after.index("\n## ") :] if found and "\n## " in after else ""
    report.write_text(f"{before}{heading}\n{text}\n{rest}", encoding="utf-8")
