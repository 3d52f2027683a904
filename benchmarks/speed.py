"""How fast it is, on this machine: ``uv run benchmarks/speed.py`` prints tables, ``--json FILE`` keeps them as data.

All ratios come from interleaved rounds within one run. PyTorch is optional; where it is installed, the same step in
PyTorch is measured too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.report import Options, machine  # noqa: E402

SECTIONS = {
    "step": "benchmarks.step",
    "convolution": "benchmarks.convolution",
    "recurrent": "benchmarks.recurrent",
    "threads": "benchmarks.choice",
    "scaling": "benchmarks.scaling",
    "memory": "benchmarks.memory",
    "where": "benchmarks.where",
    "preflight": "benchmarks.preflight",
    "start": "benchmarks.start",
    "window": "benchmarks.window",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION",
                        help=f"which of {', '.join(SECTIONS)}; all if left out")  # fmt: skip
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="BLAS threads of the tables of ratios")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables as a document")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw the scaling section as SVG")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the numbers mean nothing")
    return parser


def _document(result: dict[str, Any], told: dict[str, str]) -> str:
    """The tables under headings, with the machine they come from."""
    about = "\n".join(f"- {key}: {value}" for key, value in result["machine"].items())
    head = f"# Benchmark\n\nWritten by `uv run benchmarks/speed.py --markdown FILE`.\n\n{about}\n"
    return head + "".join(f"\n## {name}\n\n{text}\n" for name, text in told.items())


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    options = Options(quick=given.quick, threads=tuple(given.threads), draw=given.draw)
    told: dict[str, str] = {}
    result: dict[str, Any] = {"machine": machine(), "quick": options.quick, "sections": {}}
    for key, value in result["machine"].items():
        print(f"{key}: {value}")
    for name in given.sections:
        section = import_module(SECTIONS[name]).run(options)
        result["sections"][name] = section.data
        told[name] = section.text()
        print(f"\n## {name}\n\n{told[name]}", flush=True)
        if given.markdown is not None:
            given.markdown.write_text(_document(result, told), encoding="utf-8")
        # After each section: a later one that fails does not take the others with it.
        if given.json is not None:
            given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
