"""What other programs read of a run's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from main import main
from simulator import run
from tests.peers.networks import NETWORKS, named

pytestmark = pytest.mark.peers


def test_tensorboard_reads_scalars_and_the_benchs_own_histograms(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    result = run(named(NETWORKS["dense"]), steps=3, out=tmp_path / "run", analyses=())
    assert main(["export", str(tmp_path / "run"), "--to", "tensorboard", "--out", str(tmp_path / "out")]) == 0
    events = reader.EventAccumulator(str(tmp_path / "out"))
    events.Reload()
    losses = [event.value for event in events.Scalars("loss")]
    np.testing.assert_allclose(losses, result.history.series("loss").last, rtol=1e-6)
    counted = events.Histograms("activation/1")[-1].histogram_value
    assert counted.num == sum(counted.bucket) == 8 * 7


def test_parquet_holds_the_cells_of_the_tables(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run(named(NETWORKS["dense"]), steps=3, out=tmp_path / "run", analyses=())
    assert main(["export", str(tmp_path / "run"), "--to", "parquet", "--out", str(tmp_path / "out")]) == 0
    lines = (tmp_path / "run" / "steps.csv").read_text().splitlines()
    table = parquet.read_table(tmp_path / "out" / "steps.parquet")
    assert table.column_names == lines[0].split(",")
    assert table["loss"].to_pylist() == [float(line.split(",")[1]) for line in lines[1:]]
