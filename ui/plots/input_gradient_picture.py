"""What the loss does with each pixel of an image, or each value of a sequence, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.arrays.numeric import Floats, frozen
from simulator.layers.base import layer_kinds
from simulator.observations.base import Observed
from simulator.observations.feature_maps import Maps
from simulator.observations.input_gradient import InputGradient, InputGradientObservation
from ui.chart.colour_tables import diverging_table
from ui.chart.legend import Note
from ui.chart.table import Table
from ui.plots.base import Probe, View
from ui.plots.costly import CostlyPlot
from ui.plots.feature_maps import MapState, TileIndex, TilePlot
from ui.plots.input_gradient import InputGradientPlot, norm_words


@dataclass(frozen=True)
class PictureState(MapState):
    """One picture for each channel of each sample, as if they were a layer's."""

    gradient: InputGradient
    seconds: float


class InputGradientPicture(CostlyPlot[MapState], TilePlot):
    key = "input_gradient_picture"
    spoken_as = (("value", "input gradients"),)
    preset = "convolution"
    title = "Input gradient image"
    side = "backward"
    shape = "square"
    least_height = 230
    observations = (InputGradientObservation(picture=True),)
    kinds = layer_kinds(lambda layer: layer.structured)
    only_kinds = False
    noun = "pictures"
    bar_name = "N ∂C/∂x"
    colour_table = staticmethod(diverging_table)
    explain = (
        "How the loss of a sample would change with each pixel, for the first samples of the batch, channel by "
        "channel; of a sequence, time runs to the right. Green: a brighter pixel raises the loss; blue and hatched: it "
        "lowers it. Noise without a shape means that the network does not look at what is in the picture."
    )
    formula = InputGradientPlot.formula + "; the ground's colour: 0, one colour scale for all"
    empty_text = InputGradientPlot.empty_text

    def understand(self, result: InputGradient, observed: Observed[InputGradient], view: View) -> MapState:
        pictures = pictures_of(result)
        maps = Maps(frozen(pictures), None, len(pictures), 1)
        return PictureState(observed.step, view.frame.info.depth, {0: maps}, result, observed.seconds)

    def heading(self, layer: int) -> str:
        return "first samples"

    def _gradient_of(self, maps: Maps) -> InputGradient:
        """Whose pictures these are: those that are shown or pinned."""
        (gradient,) = [
            state.gradient
            for state in (self.state, self.ghost)
            if isinstance(state, PictureState) and state.layers[0] is maps
        ][:1]
        return gradient

    def tile_text(self, maps: Maps, tile: int) -> str:
        gradient = self._gradient_of(maps)
        sample, channel = divmod(tile, channels_of(gradient))
        several = f", channel {channel + 1}" if channels_of(gradient) > 1 else ""
        return f"sample {gradient.samples[sample]}{several}"

    def remark(self, state: MapState) -> str:
        assert isinstance(state, PictureState)
        return norm_words(state.gradient)

    def notes(self, state: MapState) -> Sequence[Note]:
        assert isinstance(state, PictureState)
        return [*super().notes(state), *self.age(state.step, state.seconds)]

    def layer_pointed(self, layer: int) -> None:
        """It is of no layer."""

    def probe(self, state: MapState, pane: int, x: float, y: float) -> Probe | None:
        probed = super().probe(state, pane, x, y)
        return None if probed is None else replace(probed, layer=-1)

    def tile_columns(self, maps: Maps, tile: TileIndex) -> dict[str, TileIndex]:
        gradient = self._gradient_of(maps)
        sample, channel = np.divmod(tile, channels_of(gradient))
        return {"sample": gradient.samples[sample], "channel": channel + 1}

    def rows(self, state: MapState) -> Table:
        columns = super().rows(state).columns
        return Table({name: column for name, column in columns.items() if name != "layer"})


def channels_of(gradient: InputGradient) -> int:
    """Pictures of each sample."""
    return gradient.shape[0] if len(gradient.shape) == 3 else 1


def pictures_of(gradient: InputGradient) -> Floats:
    """(pictures, height, width): channel by channel of an image; features × steps of a sequence."""
    if len(gradient.shape) == 3:
        return gradient.gradients.reshape(-1, *gradient.shape[1:])
    return gradient.gradients.reshape(-1, *gradient.shape).swapaxes(1, 2)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(InputGradientPicture)
