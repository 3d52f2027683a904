"""What the window is made of, for those who connect its parts."""

from __future__ import annotations

from dataclasses import dataclass

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea
from ui.builder.builder import Builder
from ui.doctor.strip import FindingsStrip
from ui.forms.training import TrainingPanel
from ui.window.status import Banner, StatusLine
from ui.window.transport import Transport


@dataclass(frozen=True)
class Parts:
    """Each once; the document is the bench's."""

    bench: Bench
    plots: PlotArea
    builder: Builder
    training: TrainingPanel
    findings: FindingsStrip
    transport: Transport
    banner: Banner
    status: StatusLine
