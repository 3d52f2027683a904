"""A Dask cluster on this computer, for as long as a map is made on it: what others may join from other computers."""

from __future__ import annotations

import os

from simulator.maps.engines import THREADS, ClusterEngine, dask, variables


class LocalClusterEngine(ClusterEngine):
    """Starts the cluster, and ends it."""

    def __init__(self, jobs: int | None = None) -> None:
        """``jobs`` processes with one thread each; ExperimentError where Dask is not there."""
        distributed = dask()
        with variables(**{THREADS: "1"}):
            self._cluster = distributed.LocalCluster(
                n_workers=jobs or os.cpu_count() or 1, threads_per_worker=1, dashboard_address=None
            )
        try:
            super().__init__(self._cluster.scheduler_address)
        except BaseException:
            self._cluster.close()
            raise

    def close(self) -> None:
        super().close()
        self._cluster.close()
