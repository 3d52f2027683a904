"""What a convolution looks for: its kernels as images."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.feature_maps import Maps
from ui.chart.colour_tables import diverging_table
from ui.chart.tiles import Tiles, flowing
from ui.plots.feature_maps import TileIndex, TilePlot
from ui.style.numbers import integer


class Kernels(TilePlot):
    key = "kernels"
    spoken_as = (("value", "weights"),)
    preset = "convolution"
    title = "Kernels"
    side = "forward"
    shape = "square"
    least_height = 230
    noun = "kernels"
    bar_name = "weight"
    colour_table = staticmethod(diverging_table)
    needs_kernels = True
    explain = (
        "The weights of a convolution: one small image per channel, or per channel and input where several come "
        "in, the longer of the two across. Point at another layer, in any plot or in the stack, to see its "
        "kernels. Noise that never becomes a pattern is a kernel that no gradient reaches."
    )
    formula = (
        r"$W_{ci}$ at each place of the window; ground's colour: 0, hatched: below 0; one colour scale for all kernels"
    )
    empty_text = "Add a convolution to see what its kernels look for."

    def values(self, maps: Maps) -> Floats:
        """Row by row of the picture: the more numerous of channels and inputs go across."""
        assert maps.kernels is not None
        kernels = maps.kernels.swapaxes(0, 1) if self._channels_across(maps) else maps.kernels
        return kernels.reshape(-1, *kernels.shape[2:])

    @staticmethod
    def _channels_across(maps: Maps) -> bool:
        return maps.kernels is None or maps.kernels.shape[0] >= maps.kernels.shape[1]

    def tiles(self, maps: Maps) -> Tiles:
        assert maps.kernels is not None
        channels, inputs, height, width = maps.kernels.shape
        if min(channels, inputs) == 1:
            return flowing(max(channels, inputs), height, width)
        return Tiles(min(channels, inputs), max(channels, inputs), height, width)

    def tile_text(self, maps: Maps, tile: int) -> str:
        channel, source = self._place(maps, np.array([tile]))
        return f"channel {channel[0]}" + (f", input {source[0]}" if maps.inputs > 1 else "")

    def _place(self, maps: Maps, tile: TileIndex) -> tuple[TileIndex, TileIndex]:
        """Channel and input of tiles, counted from 1."""
        assert maps.kernels is not None
        down, across = np.divmod(tile, max(maps.kernels.shape[:2]))
        return (across + 1, down + 1) if self._channels_across(maps) else (down + 1, across + 1)

    def tile_columns(self, maps: Maps, tile: TileIndex) -> dict[str, TileIndex]:
        channel, source = self._place(maps, tile)
        return {"channel": channel, "input": source}

    def left_out(self, maps: Maps) -> str:
        assert maps.kernels is not None
        shown, inputs = maps.kernels.shape[:2]
        parts = [f"{shown} of {integer(maps.channels)} channels"] if shown < maps.channels else []
        parts += [f"{inputs} of {integer(maps.inputs)} inputs"] if inputs < maps.inputs else []
        return ", ".join(parts)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(Kernels)
