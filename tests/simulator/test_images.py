"""Images from a folder and from a table: what is read, how it is scaled, and what is refused in one sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simulator.arrays.numeric import Array, Stream, stream
from simulator.data import Csv, DataError, Digits, Images, Wine, prepare
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.training.training import Training

RNG = stream(0, Stream.DATA)


def write(path: Path, pixels: Array, mode: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path)


def stripes(folder: Path, each: int = 12, size: int = 9) -> Path:
    """Two classes that only their direction tells apart."""
    rng = np.random.default_rng(0)
    for n in range(each):
        wave = np.add.outer((np.arange(size) + n) % 3 * 80, np.zeros(size, int)) + rng.integers(0, 60, (size, size))
        write(folder / "across" / f"{n}.png", wave.astype(np.uint8))
        write(folder / "down" / f"{n}.png", wave.T.astype(np.uint8))
    return folder


def grey(path: Path, value: int = 100, size: int = 4) -> None:
    write(path, np.full((size, size), value, np.uint8))


def test_each_subfolder_is_a_class_in_the_order_of_names(tmp_path: Path) -> None:
    for place, (label, count) in enumerate((("b two", 1), ("a", 2), ("c", 1))):
        for n in range(count):
            grey(tmp_path / label / f"{n}.png", 51 * (place + 1))
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "readme.md").write_text("no class")
    raw = Images(path=str(tmp_path), size=2).load(RNG)
    assert raw.class_names == ("a", "b two", "c")
    assert raw.y.tolist() == [0, 0, 1, 2]
    assert raw.shape == (1, 2, 2)
    np.testing.assert_allclose(raw.x[:, 0], [0.4, 0.4, 0.2, 0.6])


def test_pixels_keep_their_places(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 2, 3).repeat(2, axis=1)
    for label in ("a", "b"):
        write(tmp_path / label / "0.png", pixels)
    raw = Images(path=str(tmp_path), size=4, color="color").load(RNG)
    assert raw.shape == (3, 4, 4)
    np.testing.assert_allclose(raw.x[0].reshape(3, 4, 4) * 255, np.moveaxis(pixels, 2, 0))
    assert raw.feature_names[:2] == ("red row 0 column 0", "red row 0 column 1")
    assert len(raw.feature_names) == 48


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("color", ["grey", "color"])
def test_every_kind_of_file_reads_alike(tmp_path: Path, mode: str, color: Any) -> None:
    """White is 1 and black is 0, whatever the file's own form."""
    for label, value in (("black", 0), ("white", 255)):
        folder = tmp_path / label
        if mode == "I;16":
            write(folder / "x.png", np.full((3, 5), value * 257, np.uint16))
        else:
            write(folder / ("x.tif" if mode == "CMYK" else "x.png"), np.full((3, 5), value, np.uint8), mode)
    raw = Images(path=str(tmp_path), size=4, color=color).load(RNG)
    np.testing.assert_allclose(raw.x[0], 0, atol=1e-6)
    np.testing.assert_allclose(raw.x[1], 1, atol=1e-6)


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[:, 2:, 3] = 0
    for label in ("a", "b"):
        write(tmp_path / label / "0.png", pixels)
    raw = Images(path=str(tmp_path), size=4).load(RNG)
    np.testing.assert_array_equal(raw.x[0].reshape(4, 4), [[1, 1, 0, 0]] * 4)


def test_scaling_treats_all_pixels_of_a_channel_alike(tmp_path: Path) -> None:
    data = prepare(Images(path=str(stripes(tmp_path)), size=9, validation=0.25), 0, "float64")
    assert data.input_shape == (1, 9, 9)
    assert data.x_train.mean() == pytest.approx(0, abs=1e-12)
    assert data.x_train.std() == pytest.approx(1)
    assert np.ptp(data.x_train.std(axis=1)) > 0.01
    raw = Images(path=str(tmp_path), size=9).load(RNG)
    center, spread = raw.x.min(), np.ptp(raw.x)
    unit = prepare(Images(path=str(tmp_path), size=9, scale="unit", validation=0.0), 0, "float64")
    np.testing.assert_allclose(np.sort(unit.x_train.sum(axis=0)), np.sort(((raw.x - center) / spread).sum(axis=1)))


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    for label in ("a", "b"):
        grey(tmp_path / label / "0.png", 51)
    images = Images(path=str(tmp_path), size=2, scale="none", validation=0.0)
    before = prepare(images, 0, "float64").x_train
    grey(tmp_path / "a" / "0.png", 255, size=5)
    grey(tmp_path / "b" / "0.png", 255, size=5)
    np.testing.assert_allclose((before, prepare(images, 0, "float64").x_train), (np.full((4, 2), 0.2), np.ones((4, 2))))


def test_a_convolution_learns_images_of_ones_own(tmp_path: Path) -> None:
    plain = {
        "data": {"kind": "images", "path": str(stripes(tmp_path)), "size": 9},
        "layers": [{"kind": "convolution", "channels": 4}, {"kind": "pooling", "mode": "global"}],
        "optimizer": {"kind": "adam", "learning_rate": 0.05},
        "batch_size": 16,
    }
    training = Training(Experiment.from_builtins(plain))
    for _ in range(60):
        training.propose(measure=False)
        training.apply()
    assert training.evaluator.validation()["validation_accuracy"] == 1


# -- refusals ---------------------------------------------------------------------------------------------------------


def refusal(path: Path | str, **fields: Any) -> str:
    with pytest.raises(DataError) as error:
        prepare(Images(path=str(path), **fields), 0, "float32")
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal("") == "images: no folder is chosen"
    assert refusal(tmp_path / "none") == "none: no such folder"
    assert refusal(tmp_path / "file") == "file: not a folder but a file"


def test_too_few_classes_and_an_empty_class_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "pets"
    folder.mkdir()
    assert refusal(folder) == "pets: no sub-folder; at least 2 are needed, one for each class"
    grey(folder / "cats" / "1.png")
    assert refusal(folder) == 'pets: only the sub-folder "cats"; at least 2 are needed, one for each class'
    (folder / "dogs").mkdir()
    assert refusal(folder) == 'pets: the folder "dogs" holds no image files'


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n" + bytes(20)])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    grey(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.png").write_bytes(content)
    assert refusal(tmp_path).startswith("b/2.png: ")


def test_a_file_that_breaks_off_is_named(tmp_path: Path) -> None:
    grey(tmp_path / "a" / "1.png")
    write(tmp_path / "b" / "2.png", np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8))
    whole = (tmp_path / "b" / "2.png").read_bytes()
    (tmp_path / "b" / "2.png").write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path, size=8).startswith("b/2.png: a damaged image")


def test_more_pixels_than_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for label in ("a", "b"):
        grey(tmp_path / label / "1.png", size=30)
    monkeypatch.setattr("simulator.data.images.MAX_PIXELS", 899)
    assert refusal(tmp_path, size=8) == "a/1.png: 30 × 30 pixels, at most 899 are supported"
    monkeypatch.setattr("simulator.data.base.MAX_CELLS", 100)
    assert ": 2 images of 8 × 8 pixels do not fit in memory: they need 0.0 GiB; the limit is" in refusal(
        tmp_path, size=8
    )


def test_an_experiment_names_the_data_as_the_place() -> None:
    plain = {"data": {"kind": "images", "path": "/nowhere/pets"}, "layers": [{"kind": "convolution"}]}
    with pytest.raises(ExperimentError) as error:
        Training(Experiment.from_builtins(plain))
    assert str(error.value) == "pets: no such folder at data"


# -- shapes of other data ---------------------------------------------------------------------------------------------


def test_digits_are_images_and_wine_is_none() -> None:
    assert prepare(Digits(), 0, "float32").input_shape == (1, 8, 8)
    assert prepare(Wine(), 0, "float32").input_shape == (13,)


def table(folder: Path) -> str:
    rng = np.random.default_rng(0)
    rows = [",".join(map(str, [*rng.integers(0, 9, 12), "ab"[n % 2]])) for n in range(10)]
    (folder / "pixels.csv").write_text("\n".join([",".join([*(f"p{i}" for i in range(12)), "y"]), *rows]))
    return str(folder / "pixels.csv")


def test_a_table_may_declare_its_images_shape(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert prepare(Csv(path=path, target="y"), 0, "float32").input_shape == (12,)
    data = {"kind": "csv", "path": path, "target": "y", "shape": [3, 2, 2]}
    experiment = Experiment.from_builtins({"data": data, "layers": [{"kind": "convolution", "kernel": 2}]})
    assert Experiment.from_json(experiment.to_json()) == experiment
    training = Training(experiment)
    training.propose()
    assert training.data.input_shape == (3, 2, 2)
    first = training.data.x_train[:, 0]
    np.testing.assert_array_equal(first, prepare(Csv(path=path, target="y"), 0, "float32").x_train[:, 0])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 3, 3), "pixels.csv: images of 1 × 3 × 3 need 9 input columns, not 12"),
        ((3, 4), "pixels.csv: an image shape is channels, height, width, three numbers from 1, not 3 × 4"),
        ((-1, -3, 4), "pixels.csv: an image shape is channels, height, width, three numbers from 1, not −1 × −3 × 4"),
    ],
)
def test_a_shape_that_the_columns_cannot_fill_is_refused(tmp_path: Path, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(DataError) as error:
        prepare(Csv(path=table(tmp_path), target="y", shape=shape), 0, "float32")
    assert str(error.value) == message


# -- files of one's own ------------------------------------------------------------------------------------------


def zipped(folder: Path, target: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, f"{inside}{path.relative_to(folder)}")
    return target


@pytest.mark.parametrize("inside", ["", "set/", "outer/set/"])
def test_a_zip_of_folders_is_read_as_the_folder_itself(tmp_path: Path, inside: str) -> None:
    folder = stripes(tmp_path / "set", each=3)
    from_zip = Images(path=str(zipped(folder, tmp_path / "set.zip", inside)), size=9).load(RNG)
    from_folder = Images(path=str(folder), size=9).load(RNG)
    assert from_zip.class_names == from_folder.class_names
    assert np.array_equal(from_zip.x, from_folder.x)
    assert np.array_equal(from_zip.y, from_folder.y)


def test_a_zip_that_is_none_or_holds_no_classes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match=r"a\.zip: cannot be read"):
        Images(path=str(tmp_path / "a.zip")).load(RNG)
    grey(tmp_path / "flat" / "0.png")
    with pytest.raises(DataError, match="do not lie in one folder for each class"):
        Images(path=str(zipped(tmp_path / "flat", tmp_path / "flat.zip"))).load(RNG)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, what: str) -> None:
    folder = stripes(tmp_path / "set", each=2)
    grey(tmp_path / "secret" / "s.png")
    if what == "file":
        (folder / "across" / "x.png").symlink_to(tmp_path / "secret" / "s.png")
    else:
        (folder / "x").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match="is a link out of the folder"):
        Images(path=str(folder)).load(RNG)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    folder = stripes(tmp_path / "set", each=2)
    (folder / "down" / "x.png").symlink_to(folder / "across" / "0.png")
    assert len(Images(path=str(folder)).load(RNG).x) == 5


@pytest.mark.parametrize("fit", ["resize", "crop"])
def test_images_of_other_sizes_are_stretched_or_cropped_and_it_is_said(tmp_path: Path, fit: Any) -> None:
    wide = np.zeros((4, 12), np.uint8)
    wide[:, 4:8] = 255
    write(tmp_path / "a" / "0.png", wide)
    write(tmp_path / "b" / "0.png", np.full((4, 4), 255, np.uint8))
    raw = Images(path=str(tmp_path), size=4, fit=fit).load(RNG)
    assert (raw.x[0].mean() == 1) == (fit == "crop")
    done = "stretched to it" if fit == "resize" else "cropped to a square and brought to it"
    assert raw.notes == (f"1 of 2 images is not 4 × 4 pixels and was {done}",)
    assert Images(path=str(tmp_path), size=5, fit=fit).load(RNG).notes[0].startswith("2 of 2")


@pytest.mark.parametrize("color", ["grey", "color"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
def test_images_of_every_mode_give_values_from_0_to_1(tmp_path: Path, mode: str, color: Any) -> None:
    ramp = np.linspace(0, 255, 64).reshape(8, 8).astype(np.uint8)
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        if mode in ("I;16", "I"):
            image = Image.fromarray(ramp.astype(np.uint16) * 257)
        elif mode == "F":
            image = Image.fromarray(ramp.astype(np.float32) / 255)
        else:
            image = Image.fromarray(ramp).convert(mode)
        image.save(tmp_path / label / ("0.tif" if mode in ("F", "CMYK") else "0.png"))
    raw = Images(path=str(tmp_path), size=8, color=color).load(RNG)
    assert raw.x.min() >= 0
    assert raw.x.max() <= 1
    if mode not in ("1", "P"):
        np.testing.assert_allclose(raw.x[0].reshape(-1, 8, 8)[0], ramp / 255, atol=0.02)
