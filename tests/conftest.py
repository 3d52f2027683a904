"""Every test computes on one core, as the program does with networks of such sizes, and none is timed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from simulator.network.threads import limited_blas

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def one_blas_thread() -> Iterator[None]:
    """Threads of BLAS wait by spinning: where other tests have the cores, a product takes seventeen times as long."""
    with limited_blas(1):
        yield
