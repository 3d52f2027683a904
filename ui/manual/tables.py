"""What can be written on request, with the columns of each file."""

from __future__ import annotations

from simulator.observations.tables import ANALYSES


def analyses_table() -> str:
    """A row for each file of each analysis."""
    rows = [
        f"| `{name}` | `{file}` | {', '.join(f'`{column}`' for column in columns)} |"
        for name, analysis in ANALYSES.items()
        for file, columns in analysis.columns.items()
    ]
    return "\n".join(["| name | file | columns |", "|---|---|---|", *rows])
