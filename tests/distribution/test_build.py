"""The program for people without Python: what is left out of it, its place in the menu, and that it starts."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from distribution.lean import Entry, is_unused, leading_somewhere, lean
from distribution.needed import closure, needed_distributions, unneeded_modules
from distribution.trial import ROOT, environment, try_program

LINUX = ROOT / "distribution" / "linux"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the menu of Linux")


def test_an_unused_plugin_takes_the_libraries_along_that_only_it_loads() -> None:
    loads = {
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so": {"libgtk.so", "libcairo.so", "libQt6Gui.so"},
        "PySide6/Qt/plugins/platforms/libqxcb.so": {"libQt6Gui.so", "libX11.so"},
        "libgtk.so": {"libcairo.so", "libatk.so", "libX11.so"},
    }
    names = (*loads, "libcairo.so", "libatk.so", "libQt6Gui.so", "libX11.so", "libpython3.11.so")
    entries: list[Entry] = [(name, name, "BINARY") for name in names]
    kept = {name for name, _, _ in lean(entries, lambda path: loads.get(path, set()))}
    assert kept == {"PySide6/Qt/plugins/platforms/libqxcb.so", "libQt6Gui.so", "libX11.so", "libpython3.11.so"}


def test_a_link_to_what_was_left_out_is_left_out_too() -> None:
    kept: list[Entry] = [("Qt/lib/libQt6Gui.so.6", "/there/libQt6Gui.so.6", "BINARY")]
    links: list[Entry] = [
        ("libQt6Gui.so.6", "Qt/lib/libQt6Gui.so.6", "SYMLINK"),
        ("libQt6Network.so.6", "Qt/lib/libQt6Network.so.6", "SYMLINK"),
    ]
    assert leading_somewhere([*kept, *links], kept) == [*kept, links[0]]


def test_what_else_is_installed_makes_the_program_no_larger() -> None:
    # scipy would import torch and dask if they were there, tqdm pandas.
    providers = {
        "torch": ["torch"], "dask": ["dask"], "pandas": ["pandas"], "shared": ["torch", "Pillow"], "PIL": ["pillow"],
        "numpy": ["numpy"], "simulator": ["nablascope"], "regex": ["regex"], "json": ["torch"], "a/b": ["torch"],
    }  # fmt: skip
    assert unneeded_modules(providers) == ["dask", "pandas", "torch"]
    assert not {"numpy", "PySide6", "pyqtgraph", "ziafont"} & set(unneeded_modules())


def test_what_is_needed_is_asked_for_in_turn_and_extras_only_by_name() -> None:
    assert {"clevercsv", "regex", "ziafont", "shiboken6"} <= needed_distributions()
    assert not {"distributed", "pyarrow", "pyinstaller"} & needed_distributions()
    assert closure(["no-such-distribution", "numpy; python_version < '3'"]) == {"no-such-distribution"}
    assert "pytest" in closure(["pytest-xdist"])
    assert "psutil" in closure(["pytest-xdist[psutil]"]) - closure(["pytest-xdist"])


@pytest.mark.parametrize(
    "name",
    [
        "PySide6/QtSvg.abi3.so",
        "PySide6/Qt/lib/libQt6Svg.so.6",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6\\QtSvg.pyd",
        "PySide6\\plugins\\imageformats\\qsvg.dll",
    ],
)
def test_what_icons_and_style_sheet_are_painted_with_stays(name: str) -> None:
    assert not is_unused(name)


def read_desktop_entry(path: Path) -> configparser.SectionProxy:
    parsed = configparser.RawConfigParser()
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read(path, encoding="utf-8")
    return parsed["Desktop Entry"]


@pytest.mark.parametrize("name", ["PySide6/Qt/translations/qtbase_de.qm", "PySide6\\translations\\qt_fr.qm"])
def test_words_of_other_languages_are_left_out(name: str) -> None:
    assert is_unused(name)


@on_linux
@pytest.mark.parametrize("name", ["nablascope", "a b", '50 % "off"', "one $HOME `x` \\ two"])
def test_the_menu_starts_the_program_where_it_lies(name: str, tmp_path: Path) -> None:
    program = tmp_path / name
    (program / "_internal").mkdir(parents=True)
    shutil.copytree(LINUX, program, dirs_exist_ok=True)
    shutil.copytree(ROOT / "resources", program / "_internal" / "resources")
    share = tmp_path / "share"
    environment = os.environ | {"XDG_DATA_HOME": str(share)}
    subprocess.run([str(program / "install.sh")], check=True, env=environment, capture_output=True)
    entry = read_desktop_entry(share / "applications" / "nablascope.desktop")
    # The specification: first the escapes of a string, then those within quotation marks, then the codes with %.
    word = entry["Exec"].removesuffix(" %f").replace("\\\\", "\0").replace("\0", "\\")
    assert word[0] == word[-1] == '"'
    said, rest = "", iter(word[1:-1])
    for letter in rest:
        said += next(rest) if letter == "\\" else letter
    assert said.replace("%%", "%") == str(program / "nablascope")
    assert {"application/json", "application/x-nablascope-run"} <= set(entry["MimeType"].split(";"))
    assert 'pattern="*.nabla"' in (share / "mime" / "packages" / "nablascope.xml").read_text(encoding="utf-8")
    assert (share / "icons" / "hicolor" / "scalable" / "apps" / f"{entry['Icon']}.svg").is_file()


@pytest.mark.slow
def test_the_built_program_starts_without_python(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="the group build is not installed")
    subprocess.run([sys.executable, "-m", "distribution.build", str(tmp_path / "dist")], check=True, cwd=ROOT)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program = str(tmp_path / "dist" / "nablascope" / "nablascope")
    tried = try_program([program], elsewhere)
    assert {"try_run", "try_window"} <= set(tried)
    if sys.platform == "linux":
        # What opens no window loads no Qt; so the first worker can be a copy of the window's process.
        said = environment(elsewhere) | {"LD_DEBUG": "files"}
        loaded = subprocess.run([program, "presets"], env=said, capture_output=True, text=True, check=True).stderr
        assert "libpython" in loaded
        assert "libQt6" not in loaded
