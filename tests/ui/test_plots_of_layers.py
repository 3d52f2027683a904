"""Plots that come with their layers: through time, gates, branches, kernels and feature maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.layers.recurrent.profile import TimeProfile
from simulator.observations.base import Observation
from simulator.observations.feature_maps import FeatureMapsObservation, Maps
from simulator.observations.gates import GatesObservation
from simulator.observations.observer import observe
from simulator.observations.registry import standard
from simulator.observations.sample import SampleObservation
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.training.run_info import RunInfo
from simulator.training.training import Training
from tests.ui.layer_data import TIMES, gates_of, maps_of, past_of, profiles_of
from tests.ui.plot_data import recorded, run_info, with_results
from tests.ui.real_runs import real
from tests.ui.told import drawn, empty_note
from ui.board.plot_area import PlotArea
from ui.chart.bands import Bands, Caption, Captions, gap_of
from ui.chart.colour_tables import LOST, NOTHING
from ui.chart.guides import Guide
from ui.chart.heat import Heat
from ui.chart.legend import Key, Legend
from ui.chart.marks import Curves
from ui.chart.tiles import Tiles, flowing
from ui.plots import Plot, View, plot_class
from ui.plots.feature_maps import TilePlot
from ui.plots.sample_chooser import SampleChooser
from ui.plots.through_time import ThroughTimePlot, decades_per_step, slope_number, slope_text
from ui.plots.through_time_image import ThroughTimeImage
from ui.style.numbers import number
from ui.style.theme import LIGHT

SPECIAL = ("through_time", "through_time_image", "gates", "branch_share", "feature_maps", "kernels")
ADDING = {"kind": "adding", "samples": 100, "steps": 20}
RECURRENT = [{"kind": "recurrent", "units": 8, "output": "all"}, {"kind": "lstm", "units": 8}]


def run(layers: list[dict[str, Any]], data: dict[str, Any] | None = None, steps: int = 3) -> View:
    """A real run of a few steps, as the bench would show it."""
    training = Training(Experiment.from_builtins({"data": data or {"kind": "digits"}, "layers": layers}))
    record = Record(History(training.columns))
    for step in range(steps + 1):
        training.propose()
        scalars = training.scalars()
        frame = frame_of(training, scalars, observe(training, standard()))
        record.add(frame, (Rows(step, training.columns, training.row(scalars)[np.newaxis]),))
        training.apply()
    return View(frame, record)


def shown(key: str, given: View, qtbot: QtBot) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(420, 280)
    plot.refresh(given)
    return plot


def captions(plot: Plot[Any]) -> list[Caption]:
    """Of all states, from the top down."""
    return [caption for mark in plot.drawing.marks_of(Captions) for caption in mark.captions]


def times_of(frame: Frame) -> Mapping[str, TimeProfile]:
    return frame.result(TimeProfilesObservation()) or {}


def maps_seen(frame: Frame) -> Mapping[str, Maps]:
    return frame.result(FeatureMapsObservation()) or {}


def synthetic(frame: Frame, depth: int, results: Mapping[Observation[Any], Any] | None = None, **changes: Any) -> View:
    usual: dict[Observation[Any], Any] = {
        TimeProfilesObservation(): profiles_of(depth),
        GatesObservation(): gates_of(depth, False),
        FeatureMapsObservation(): maps_of(depth),
    }
    now = with_results(structs.replace(frame, **changes), {**usual, **(results or {})})
    return View(now, recorded(History(("loss",)), None, past_of(run_info(depth), 5)))


@pytest.fixture(scope="module")
def dense() -> View:
    return run([{"kind": "dense", "units": 8}])


@pytest.fixture(scope="module")
def recurrent() -> View:
    return run(RECURRENT, ADDING)


@pytest.fixture(scope="module")
def convolutional() -> View:
    layers: list[dict[str, Any]] = [
        {"kind": "convolution", "channels": 4},
        {"kind": "pooling"},
        {"kind": "convolution", "channels": 3},
    ]
    return run([*layers, {"kind": "flatten"}])


@pytest.mark.parametrize("key", SPECIAL)
def test_a_network_without_such_layers_leaves_the_plot_empty_with_a_word(key: str, dense: View, qtbot: QtBot) -> None:
    plot = shown(key, dense, qtbot)
    assert plot.state is None
    assert empty_note(plot).text().startswith("Add a ")
    assert not empty_note(plot).isHidden()
    assert not plot.default
    assert plot.kinds


@pytest.mark.parametrize("key", SPECIAL)
def test_what_was_drawn_goes_with_its_network(key: str, dense: View, qtbot: QtBot) -> None:
    measures, defined = {"branch_share": np.array([0.1, 0.2])}, {"branch_share": np.ones(2, np.bool_)}
    plot = shown(key, synthetic(dense.frame, 2, measures=measures, defined=defined), qtbot)
    assert plot.state is not None
    other = structs.replace(dense.frame, info=structs.replace(dense.frame.info, run=2))
    plot.refresh(View(other, Record(dense.history)))
    assert plot.state is None
    assert not empty_note(plot).isHidden()


# -- through time ------------------------------------------------------------------------------------------------------


def test_a_slope_is_told_in_decades_per_step_back() -> None:
    assert decades_per_step(np.array([10.0 ** (-0.25 * t) for t in range(40, 0, -1)])) == pytest.approx(-0.25)
    assert decades_per_step(np.array([0.0, np.nan, 1.0, 10.0])) == pytest.approx(-1.0)
    assert slope_text(np.array([10.0 ** (0.5 * t) for t in range(9, 0, -1)])) == "+0.5 decades/step back"
    assert slope_text(np.array([0.0, 1.0])) == "no slope: 0 or not finite"


def test_a_slope_does_not_count_steps_whose_gradient_has_underflowed() -> None:
    fallen = np.array([1e-44] * 300 + [10.0 ** (-0.1 * t) for t in range(300, -1, -1)])
    assert decades_per_step(fallen) == pytest.approx(-0.1)
    assert decades_per_step(np.array([1e-42, 1e-41, 1e-40])) == pytest.approx(-1.0)


def test_real_profiles_are_drawn_with_every_time_step(recurrent: View, qtbot: QtBot) -> None:
    plot = shown("through_time", recurrent, qtbot)
    table = plot.table().columns
    assert table["layer"] == ["1"] * 20 + ["2"] * 20
    assert table["time"] == [*range(1, 21)] * 2
    assert table["hidden_gradient_norm"][20:] == times_of(recurrent.frame)["2"].hidden_gradient_norm.tolist()
    assert recurrent.first is not None
    assert table["hidden_gradient_norm_step_0"][:20] == times_of(recurrent.first)["1"].hidden_gradient_norm.tolist()


def test_a_plain_layer_loses_more_per_step_than_an_lstm_that_remembers() -> None:
    data = {**ADDING, "steps": 40}
    plain = run([{"kind": "recurrent", "units": 16, "recurrent_initializer": {"kind": "glorot_uniform"}}], data, 0)
    lstm = run([{"kind": "lstm", "units": 16, "forget_bias": 4.0}], data, 0)
    slopes = [decades_per_step(times_of(view.frame)["1"].hidden_gradient_norm) for view in (plain, lstm)]
    assert slopes[0] < -0.03
    assert abs(slopes[1]) < abs(slopes[0]) / 3


def test_layers_stand_one_below_the_other_on_equal_scales(recurrent: View, qtbot: QtBot) -> None:
    plot = shown("through_time", recurrent, qtbot)
    assert isinstance(plot, ThroughTimePlot)
    assert plot.bands.count == 2
    assert [caption.band for caption in captions(plot)] == [0, 1]
    assert all("decades/step back" in caption.text for caption in captions(plot))
    plot.set_option("apart", False)
    assert plot.bands.count == 1
    assert [caption.row for caption in captions(plot)] == [0, 1]


def test_what_there_is_nothing_of_to_set_apart_offers_no_switch_for_it(
    recurrent: View, dense: View, qtbot: QtBot
) -> None:
    alone = run([{"kind": "recurrent", "units": 4}], ADDING, 0)
    plot = ThroughTimePlot()
    qtbot.addWidget(plot)
    plot.resize(420, 280)
    assert plot.header is not None
    for given, offered in ((None, False), (recurrent, True), (alone, False), (recurrent, True), (dense, False)):
        if given is not None:
            plot.start(given.frame.info)
            plot.refresh(given)
        assert plot.header.options["apart"].isHidden() != offered


def test_an_empty_plot_does_not_ask_for_a_layer_that_is_there(recurrent: View, qtbot: QtBot) -> None:
    plot = ThroughTimePlot()
    qtbot.addWidget(plot)
    assert empty_note(plot).text() == plot.empty_text
    plot.start(recurrent.frame.info)
    assert empty_note(plot).text() == "The first step will fill this plot."


def test_where_there_is_no_room_layers_share_one_axis_and_the_legend_tells_their_slopes(
    recurrent: View, qtbot: QtBot
) -> None:
    plot = shown("through_time", recurrent, qtbot)
    assert isinstance(plot, ThroughTimePlot)
    plot.canvas.lay_out(350, 110)
    assert (plot.bands.count, captions(plot)) == (1, [])
    assert plot.state is not None
    slopes = [slope_number(track.norms) for track in plot.state.tracks]
    keys = plot.legend_keys(plot.state)
    assert [key.short for key in keys[:2]] == [f"1  {slopes[0]}", f"2  {slopes[1]}"]
    assert keys[1].text.endswith("decades/step back")
    plot.canvas.lay_out(350, 400)
    assert (plot.bands.count, len(captions(plot))) == (2, 2)


def test_the_pinned_line_says_whose_it_is_and_how_steep(qtbot: QtBot) -> None:
    view = run([{"kind": "recurrent", "units": 4}], {**ADDING, "steps": 20}, 2)
    plot = shown("through_time", view, qtbot)
    assert isinstance(plot, ThroughTimePlot)
    plot.pin()
    (key,) = [key for key in plot.legend.keys if key.swatch == "dashed"]
    slope = slope_text(times_of(view.frame)["1"].hidden_gradient_norm)
    assert key.text == f"recurrent 1, pinned at step {view.frame.step}  {slope}"


def test_the_read_out_tells_slope_value_and_state(recurrent: View, qtbot: QtBot) -> None:
    plot = shown("through_time", recurrent, qtbot)
    assert isinstance(plot, ThroughTimePlot)
    assert plot.state is not None
    probe = plot.probe(plot.state, 0, 7.0, plot.bands.base(1) + 0.5)
    assert probe is not None
    assert probe.layer == 1
    assert "t = 7 of 20" in probe.text
    assert slope_text(times_of(recurrent.frame)["2"].hidden_gradient_norm) in probe.text
    assert plot.probe(plot.state, 0, 40.0, 0.5) is None


def test_bands_place_and_find_their_values() -> None:
    for upward in (True, False):
        bands = Bands(3, -4.0, 0.0, gap_of(3), upward)
        for band in range(3):
            y = float(bands.place(band, np.array(-1.0)))
            assert bands.at(y) == band
            assert bands.value(band, y) == pytest.approx(-1.0)
            assert bands.extent[0] <= min(bands.base(band), bands.above(band))
            assert max(bands.base(band) + 1, bands.above(band)) <= bands.extent[1] + 1e-12


def test_the_image_has_a_band_per_layer_and_numbers_at_its_bar(recurrent: View, qtbot: QtBot) -> None:
    plot = shown("through_time_image", recurrent, qtbot)
    assert isinstance(plot, ThroughTimeImage)
    assert [caption.text for caption in captions(plot)] == [layer.name for layer in recurrent.frame.info.layers[:2]]
    assert len(plot.bar.ticks) >= 2
    table = plot.table().columns
    assert len(table["time"]) == 2 * 4 * 20
    last = [v for step, label, v in zip(table["first_step"], table["layer"], table["hidden_gradient_norm"], strict=True)
            if (step, label) == (3, "2")]  # fmt: skip
    assert last == times_of(recurrent.frame)["2"].hidden_gradient_norm.tolist()


def test_a_pinned_image_stands_below(recurrent: View, qtbot: QtBot) -> None:
    plot = shown("through_time_image", recurrent, qtbot)
    assert isinstance(plot, ThroughTimeImage)
    plot.pin()
    assert plot.bands.count == 4
    assert sum("pinned at step 3" in caption.text for caption in captions(plot)) == 2
    plot.unpin()
    assert plot.bands.count == 2


def test_time_steps_that_are_zero_or_lost_are_counted(dense: View, qtbot: QtBot) -> None:
    zero = synthetic(dense.frame, 1, results={TimeProfilesObservation(): profiles_of(1, np.zeros_like)})
    assert shown("through_time", zero, qtbot).legend.notes[0].text == f"{TIMES} time steps exactly 0"
    lost = synthetic(dense.frame, 1, results={TimeProfilesObservation(): profiles_of(1, lambda v: v * np.nan)})
    assert shown("through_time", lost, qtbot).legend.notes[0].warning


# -- gates and branches ------------------------------------------------------------------------------------------------


def test_gates_are_rows_with_their_saturated_share(recurrent: View, qtbot: QtBot) -> None:
    plot = shown("gates", recurrent, qtbot)
    assert plot.state is not None
    assert plot.state.names == ("2 forget", "2 input", "2 output")
    assert all(text.startswith("saturated ") for text, *_ in plot.words.words)  # type: ignore[attr-defined]
    table = plot.table().columns
    assert set(table["gate"]) == {"forget", "input", "output"}
    assert sum(int(n) for n in table["count"] if n is not None) == 3 * 8 * 20 * recurrent.frame.info.batch_size


def test_the_branch_of_every_residual_layer_is_a_bar(qtbot: QtBot) -> None:
    block: dict[str, Any] = {"kind": "residual", "layers": [{"kind": "dense", "units": 64}], "repeat": 3}
    given = run([{"kind": "flatten"}, block])
    plot = shown("branch_share", given, qtbot)
    shares = plot.table().columns["branch_share"]
    known = [layer.kind == "residual" for layer in given.frame.info.layers]
    assert [share is not None for share in shares] == known
    assert all(0 < share < 1 for share in shares if isinstance(share, float))


# -- images ------------------------------------------------------------------------------------------------------------


def test_kernels_are_those_of_the_first_convolution_until_one_points_at_another(
    convolutional: View, qtbot: QtBot
) -> None:
    plot = shown("kernels", convolutional, qtbot)
    assert isinstance(plot, TilePlot)
    assert set(plot.table().columns["layer"]) == {"1"}
    plot.highlight(1)
    assert set(plot.table().columns["layer"]) == {"1"}
    plot.highlight(2)
    plot.highlight(-1)
    table = plot.table().columns
    assert set(table["layer"]) == {"3"}
    assert set(table["input"]) == {1, 2, 3, 4}
    kernels = maps_seen(convolutional.frame)["3"].kernels
    assert kernels is not None
    cells = zip(*(table[name] for name in ("channel", "input", "row", "column", "value")), strict=True)
    assert all(kernels[c - 1, i - 1, y - 1, x - 1] == value for c, i, y, x, value in cells)


def test_the_colours_of_kernels_are_even_around_zero(convolutional: View, qtbot: QtBot) -> None:
    plot = shown("kernels", convolutional, qtbot)
    low, middle, high = plot.bar.ticks  # type: ignore[attr-defined]
    assert (low[0], middle, high[0]) == (0.0, (0.5, "0"), 1.0)
    assert low[1] == "−" + high[1]


def test_feature_maps_show_pooling_too_and_tell_their_range(convolutional: View, qtbot: QtBot) -> None:
    plot = shown("feature_maps", convolutional, qtbot)
    maps = maps_seen(convolutional.frame)["1"].maps
    assert plot.table().columns["value"] == maps.ravel().tolist()
    assert " … " in plot.legend.notes[-1].text
    plot.highlight(1)
    assert set(plot.table().columns["layer"]) == {"2"}


def test_a_twin_shows_the_same_layer(convolutional: View, qtbot: QtBot) -> None:
    plot = shown("feature_maps", convolutional, qtbot)
    plot.highlight(2)
    twin = plot.twin(plot.theme)
    qtbot.addWidget(twin)
    assert twin.table() == plot.table()


def test_a_cell_is_found_where_it_was_drawn() -> None:
    tiles = Tiles(2, 3, 4, 5)
    values = np.arange(6.0 * 4 * 5).reshape(6, 4, 5)
    picture = tiles.compose(values)
    assert picture.shape == tiles.extent
    for y, x in np.argwhere(~np.isnan(picture)).tolist():
        place = tiles.at(x + 0.5, y + 0.5)
        assert place is not None
        assert values[place] == picture[y, x]
    for y, x in np.argwhere(np.isnan(picture)).tolist():
        assert tiles.at(x + 0.5, y + 0.5) is None


@pytest.mark.parametrize("count", [1, 2, 7, 8, 16, 37, 64])
def test_tiles_flow_into_the_shape_of_a_plot(count: int) -> None:
    tiles = flowing(count, 6, 6)
    assert tiles.rows * tiles.columns >= count > (tiles.rows - 1) * tiles.columns
    height, width = tiles.extent
    assert count < 4 or 0.6 < width / height < 4


def test_values_that_are_lost_are_amber_and_counted(dense: View, qtbot: QtBot) -> None:
    lost = synthetic(dense.frame, 2, results={FeatureMapsObservation(): maps_of(2, lambda v: v * np.nan)})
    plot = shown("feature_maps", lost, qtbot)
    assert plot.legend.notes[-1].text == "240 values not finite"


# -- the line to beat, and the arrangement -----------------------------------------------------------------------------


def test_the_mean_is_a_line_in_the_loss_of_sequences_only(recurrent: View, dense: View, qtbot: QtBot) -> None:
    plot = shown("loss", recurrent, qtbot)
    level = recurrent.frame.info.baseline_loss
    assert [guide.level.height for guide in plot.drawing.marks_of(Guide) if guide.level] == [level]
    assert any(key.text.startswith("predicting the mean") for key in plot.legend.keys)
    assert plot.table().columns["predicting_the_mean"] == [level] * 4
    low, high = plot.canvas.panes[0].viewRange()[1]
    assert level is not None
    assert low <= level <= high
    assert not any(guide.level for guide in shown("loss", dense, qtbot).drawing.marks_of(Guide))


def test_a_layer_without_weights_is_left_out_of_gradients_over_time_and_not_lost(qtbot: QtBot) -> None:
    inner = {"kind": "residual", "layers": [{"kind": "dense", "units": 8}]}
    given = run([{"kind": "dense", "units": 8}, inner])
    lines, image = shown("gradient_time", given, qtbot), shown("gradient_image", given, qtbot)
    assert not lines.legend.notes
    assert not image.legend.notes
    rows = [set(row) for row in drawn(image, Heat).places.tolist()]
    assert [row == {NOTHING} for row in rows] == [False, False, True, False]
    assert not any(LOST in row for row in rows)
    assert lines.table().columns["2_last"] == [None] * 4
    pane = image.canvas.panes[0]
    probe = image.probe(image.state, 0, 1.0, 2.0)
    assert probe is not None
    assert "no weights of its own" in probe.text
    assert pane.auto[1] == (-0.5, 3.5)


def test_a_line_over_depth_goes_on_past_a_layer_that_has_no_weights(convolutional: View, qtbot: QtBot) -> None:
    plot = shown("gradient_depth", convolutional, qtbot)
    (curves,) = drawn(plot, Curves, "now").curves
    assert [[point.x() for point in curve] for curve in curves] == [[0.0, 2.0, 4.0]]


def test_a_loss_without_accuracy_has_the_whole_plot(recurrent: View, dense: View, qtbot: QtBot) -> None:
    plot = shown("loss", recurrent, qtbot)
    plot.show()
    pane, below = plot.canvas.panes
    qtbot.waitUntil(lambda: bool(pane.geometry().height() > 0.6 * plot.canvas.height()))
    plot.start(dense.frame.info)
    plot.refresh(dense)
    qtbot.waitUntil(lambda: bool(below.geometry().height() > 0.5 * pane.geometry().height()))


@pytest.mark.parametrize(
    ("width", "wanted"), [(300, ["accuracy", "mean"]), (160, ["accuracy", "m"]), (90, ["accuracy"])]
)
def test_a_legend_shortens_before_it_leaves_out(width: int, wanted: list[str]) -> None:
    strip = Legend(LIGHT)
    strip.resize(width, Legend.HEIGHT)
    strip.give_room(0)
    strip.say([Key("accuracy", "text"), Key("mean" * 4, "text", short="m")], ())
    shown = [placed.entry.text[:8] for placed in strip.placed]
    assert shown == [text * 2 if text == "mean" else text for text in wanted]


@pytest.fixture
def area(qtbot: QtBot) -> PlotArea:
    made = PlotArea()
    qtbot.addWidget(made)
    return made


def is_open(area: PlotArea, key: str) -> bool:
    return key in area.board.arrangement.keys


def again(info: RunInfo) -> RunInfo:
    return structs.replace(info, run=info.run + 1)


def test_gates_and_feature_maps_come_with_their_layers(area: PlotArea, dense: View, convolutional: View) -> None:
    area.start(convolutional.frame.info)
    assert is_open(area, "feature_maps")
    area.start(again(run([{"kind": "dense", "units": 6}, {"kind": "highway", "units": 6}]).frame.info))
    assert is_open(area, "gates")
    assert not is_open(area, "feature_maps")
    area.start(again(dense.frame.info))
    assert not is_open(area, "gates")


def test_a_recurrent_network_opens_its_plot_and_closes_it_when_it_goes(
    area: PlotArea, recurrent: View, dense: View
) -> None:
    area.start(dense.frame.info)
    assert not is_open(area, "through_time")
    area.start(recurrent.frame.info)
    assert is_open(area, "through_time")
    assert not is_open(area, "through_time_image")
    area.start(again(dense.frame.info))
    assert not is_open(area, "through_time")


def test_a_plot_that_was_closed_by_hand_stays_closed(area: PlotArea, recurrent: View) -> None:
    area.start(recurrent.frame.info)
    area.toggle_plot("through_time")
    area.start(again(recurrent.frame.info))
    assert not is_open(area, "through_time")
    area.reset_arrangement()
    assert is_open(area, "through_time")


def test_an_arrangement_made_by_hand_is_left_alone(area: PlotArea, recurrent: View) -> None:
    area.toggle_plot("loss")
    area.start(recurrent.frame.info)
    assert not is_open(area, "through_time")


def test_a_restored_arrangement_still_lets_the_plot_go_with_its_network(
    area: PlotArea, recurrent: View, dense: View, qtbot: QtBot
) -> None:
    area.start(recurrent.frame.info)
    other = PlotArea()
    qtbot.addWidget(other)
    assert is_open(other, "through_time")
    other.start(dense.frame.info)
    assert not is_open(other, "through_time")


def test_the_menu_lists_plots_of_some_layers_last(area: PlotArea) -> None:
    menu = QMenu()
    area.fill_menu(menu)
    texts = [action.text() for action in menu.actions() if action.text()]
    special = {plot.title for plot in area.plots.values() if plot.kinds}
    assert set(texts[-len(special) :]) == special
    assert len(texts) == len(area.plots)


# -- the sample that feature maps are of -------------------------------------------------------------------------------


def test_feature_maps_show_the_image_that_goes_in_and_its_class(qtbot: QtBot) -> None:
    pooling = real("pooling")
    plot = shown("feature_maps", pooling, qtbot)
    sample = pooling.frame.result(SampleObservation())
    assert sample is not None
    assert sample.label is not None
    assert f"sample 1: {pooling.frame.info.class_names[sample.label]}" in [key.text for key in plot.legend.keys]
    image = next(mark for mark in plot.drawing.marks_of(Heat) if mark.key == "input")
    maps = next(mark for mark in plot.drawing.marks_of(Heat) if mark.key == "image")
    assert image.rect.right() < maps.rect.left()
    middle = image.rect.center()
    probe = plot.probe(plot.state, 0, middle.x(), middle.y())
    assert probe is not None
    assert probe.text.startswith("input\nsample 1: ")
    assert sample.image is not None
    assert probe.text.split("\n")[-1] in {number(float(value)) for value in sample.image.ravel()}


def test_another_sample_is_asked_for_by_its_number(qtbot: QtBot) -> None:
    pooling = real("pooling")
    plot = shown("feature_maps", pooling, qtbot)
    chooser = plot.findChild(SampleChooser)
    assert isinstance(chooser, SampleChooser)
    assert chooser.number.maximum() == pooling.frame.info.train_samples
    with qtbot.waitSignal(plot.observations_changed):
        chooser.number.setValue(8)
    assert plot.observations == (FeatureMapsObservation(sample=7), SampleObservation(sample=7))
    before = plot.state
    plot.refresh(pooling)  # which does not bring it yet
    assert plot.state is before


def test_a_sample_is_chosen_only_where_there_are_maps_to_see(qtbot: QtBot) -> None:
    plot = shown("feature_maps", real("pooling"), qtbot)
    chooser = plot.findChild(SampleChooser)
    assert isinstance(chooser, SampleChooser)
    assert not chooser.isHidden()
    plot.refresh(real("single"))
    assert chooser.isHidden()


def test_kernels_have_no_image_beside_them(qtbot: QtBot, convolutional: View) -> None:
    plot = shown("kernels", convolutional, qtbot)
    assert not [mark for mark in plot.drawing.marks_of(Heat) if mark.key == "input"]
