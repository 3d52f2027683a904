"""How fast it is, on this machine: ``uv run benchmarks/speed.py`` prints tables, ``--json FILE`` keeps them as data.

All ratios come from interleaved rounds within one run. PyTorch is optional; where it is installed, the same step in
PyTorch is measured too. One section is not of speed: ``doctor`` says how often the doctor is right.
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

from benchmarks.report import Options, machine, written  # noqa: E402

SECTIONS = {
    "step": "benchmarks.step",
    "convolution": "benchmarks.convolution",
    "recurrent": "benchmarks.recurrent",
    "threads": "benchmarks.choice",
    "scaling": "benchmarks.scaling",
    "memory": "benchmarks.memory",
    "analyses": "benchmarks.analyses",
    "doctor": "benchmarks.doctor",
    "where": "benchmarks.where",
    "preflight": "benchmarks.preflight",
    "start": "benchmarks.start",
    "window": "benchmarks.window",
    "cards": "benchmarks.cards",
    "lanes": "benchmarks.lanes",
    "landscape": "benchmarks.landscape",
    "large": "benchmarks.large",
}


UNITS = """\
G are the bare matrix products of a step. L is the limit of a step: these products and the memory that it cannot help
moving, which is parameters, gradients and the optimiser's state, read and written once, and each activation and each
error, written and read once, at the speed at which arrays of those sizes are copied. T is PyTorch's step with the same
measures. All of a row are of the same rounds."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION",
                        help=f"which of {', '.join(SECTIONS)}; all if left out")  # fmt: skip
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="BLAS threads of the tables of ratios")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables as a document")
    parser.add_argument("--into", type=Path, metavar="FILE", help="also put each section in its place in a document")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw the scaling section as SVG")
    parser.add_argument("--keep", action="store_true", help="keep what the JSON file has of other sections")
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the numbers mean nothing")
    return parser


def _document(result: dict[str, Any]) -> str:
    """The tables under headings, with the machine they come from."""
    about = "\n".join(f"- {key}: {value}" for key, value in result["machine"].items())
    calls = result["calls"]
    how = "" if calls == 1 else f" Its sections are of {calls} calls (`--keep`); the machine is told as of the last."
    alone = " `benchmarks/doctor.py` writes\nthe section of the doctor alone, `--sections NAME --into FILE` any other."
    head = (
        f"# Benchmark\n\nWritten by `uv run benchmarks/speed.py --markdown FILE`.{how}{alone}\n\n{UNITS}\n\n{about}\n"
    )
    told = ((name, result["tables"][name]) for name in SECTIONS if name in result["tables"])
    return head + "".join(f"\n## {name}\n\n{text}\n" for name, text in told)


def _where(machine: dict[str, Any]) -> str:
    """On which machine one section alone was measured."""
    load = machine["others at work (load average)"]
    return f"On {machine['processor']}, {machine['cores']} cores, {', '.join(machine['blas'])}, load average {load}."


def _kept(given: argparse.Namespace) -> dict[str, Any]:
    """What a run before has left of its sections."""
    if not (given.keep and given.json is not None and given.json.exists()):
        return {"sections": {}, "tables": {}, "calls": 1}
    before = json.loads(given.json.read_text(encoding="utf-8"))
    return {"sections": before["sections"], "tables": before["tables"], "calls": before.get("calls", 1) + 1}


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    options = Options(quick=given.quick, threads=tuple(given.threads), draw=given.draw)
    result: dict[str, Any] = {"machine": machine(), "quick": options.quick, **_kept(given)}
    for key, value in result["machine"].items():
        print(f"{key}: {value}")
    for name in given.sections:
        section = import_module(SECTIONS[name]).run(options)
        result["sections"][name] = section.data
        result["tables"][name] = section.text()
        print(f"\n## {name}\n\n{section.text()}", flush=True)
        if given.markdown is not None:
            given.markdown.write_text(_document(result), encoding="utf-8")
        if given.into is not None:
            written(given.into, name, f"{section.text()}\n\n{_where(result['machine'])}")
        # After each section: a later one that fails does not take the others with it.
        if given.json is not None:
            given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
