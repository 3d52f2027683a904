"""The files that come with the program: presets, data sets, icons; in a checkout, a wheel and a built program alike."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
"""Holds ``presets``, ``data`` and ``icons``."""
