"""What the window is made of, for those who connect its parts."""

from __future__ import annotations

from msgspec import Struct

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea
from ui.builder.builder import Builder
from ui.doctor.strip import FindingsStrip
from ui.forms.training import TrainingPanel
from ui.window.status import Banner, StatusLine
from ui.window.transport import TransportBar


class WindowParts(Struct, frozen=True):
    """Each once; the document is the bench's."""

    bench: Bench
    plots: PlotArea
    builder: Builder
    training: TrainingPanel
    findings: FindingsStrip
    transport: TransportBar
    banner: Banner
    status: StatusLine
