"""What can be written on request, with the columns of each file."""

from __future__ import annotations

from simulator.observations.tables import ANALYSES, Analysis


def analyses_list() -> str:
    """A line for each analysis: what it is, and its files."""
    return "\n".join(f"- `{name}`: {_described(analysis)} {_files(analysis)}" for name, analysis in ANALYSES.items())


def _described(analysis: Analysis) -> str:
    return " ".join((analysis.__doc__ or "").split())


def _files(analysis: Analysis) -> str:
    return " ".join(
        f"`{file}`: {', '.join(columns).replace('_', chr(92) + '_')}." for file, columns in analysis.columns.items()
    )
