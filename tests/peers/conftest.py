"""What other libraries compute is looked for where that is asked for: importing them takes longer than many tests."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without ``-m peers`` or ``-m slow`` PyTorch and Keras, a gigabyte and half a minute, are not imported."""
    unasked = "not peers" in config.getoption("markexpr")
    return True if unasked and collection_path.name.startswith("test_") else None
