"""Tries an installed or built program from a folder that is not the checkout: its commands, then its window."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = 5
PATIENCE = (2, 4, 8, 16, 32)
"""Seconds after which a window is told to close, one after the other until it was there to be told."""
CLOSING = 60
"""Seconds beyond which a window that was told to close does not."""
LONGEST = 600
"""Seconds beyond which a command hangs."""
INTERRUPTED = 130
"""Status of a program that Ctrl+C has ended."""


class TrialError(Exception):
    """What a program should have done and has not."""


def environment(folder: Path) -> dict[str, str]:
    """Without a screen, with settings of its own in ``folder``; it knows neither the checkout nor any Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder / "settings"), "PATH": ""}


def printed(command: list[str], folder: Path) -> str:
    """What a command prints; TrialError with its words if it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, timeout=LONGEST, encoding="utf-8"
    )
    if done.returncode:
        raise TrialError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def try_presets(program: list[str], folder: Path) -> None:
    """All presets are listed."""
    listed = [line.split()[0] for line in printed([*program, "presets"], folder).splitlines()]
    shipped = {path.stem for path in (ROOT / "resources" / "presets").glob("*.json")} - {"index"}
    if set(listed) != shipped:
        raise TrialError(f"presets listed: {listed}")


def try_reference(program: list[str], folder: Path) -> None:
    """The reference is the checkout's: every part has come along."""
    if printed([*program, "reference"], folder) != (ROOT / "docs" / "REFERENCE.md").read_text(encoding="utf-8"):
        raise TrialError("the reference differs from docs/REFERENCE.md")


def try_manual(program: list[str], folder: Path) -> None:
    """The manual is written, its texts included."""
    printed([*program, "manual", "--out", "manual"], folder)
    text = (ROOT / "resources" / "manual" / "plots" / "loss.md").read_text(encoding="utf-8")
    if text.strip() not in (folder / "manual" / "plots" / "loss.md").read_text(encoding="utf-8"):
        raise TrialError("the manual has come along without its texts")


def try_run(program: list[str], folder: Path) -> None:
    """A run writes its rows and draws its plots."""
    printed([*program, "run", "vanishing-sigmoid", "--steps", str(STEPS), "--out", "o"], folder)
    with open(folder / "o" / "steps.csv", encoding="utf-8", newline="") as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    if steps != list(range(STEPS + 1)):
        raise TrialError(f"steps.csv has the steps {steps}")
    if not (folder / "o" / "plots" / "loss.png").is_file():
        raise TrialError("plots/loss.png was not drawn")


def try_bundled_data(program: list[str], folder: Path) -> None:
    """Each bundled data set can be learnt, and every analysis made of it, with all the libraries that these load."""
    for path in sorted((ROOT / "resources" / "data").glob("*.csv.gz")):
        kind = path.name.removesuffix(".csv.gz")
        values = (f'data={{"kind": "{kind}"}}', "loss=null", "layers.0.activation.kind=gelu")
        chosen = [word for value in values for word in ("--set", value)] + ["--out", kind, "--analyses", "all"]
        printed([*program, "run", "spiral", "--steps", "1", *chosen], folder)


def try_window(program: list[str], folder: Path) -> None:
    """The window opens, and Ctrl+C ends it, with the status of what was interrupted."""
    for seconds in PATIENCE:
        window = subprocess.Popen(
            [*program, "vanishing-sigmoid"], cwd=folder, env=environment(folder), stderr=subprocess.PIPE, text=True
        )
        time.sleep(seconds)
        if window.poll() is None:
            window.send_signal(signal.SIGINT)
        try:
            _, told = window.communicate(timeout=CLOSING)
        except subprocess.TimeoutExpired:
            window.kill()
            _, told = window.communicate()
        if window.returncode == INTERRUPTED:
            return
    raise TrialError(f"the window ended with {window.returncode}: {told}")


def try_program(program: list[str], folder: Path) -> tuple[str, ...]:
    """All of the above, in ``folder``; the names of what was tried. TrialError with what is wrong."""
    trials = (try_presets, try_reference, try_manual, try_run, try_bundled_data, try_window)
    for trial in trials:
        trial(program, folder)
    return tuple(trial.__name__ for trial in trials)
