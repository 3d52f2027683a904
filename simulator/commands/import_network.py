"""The command ``import``: a person's own network as an experiment, rebuilt or as a skeleton."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.code.importing.experiments import experiment_of, trained_as
from simulator.code.importing.modules import ForeignModule, read_factory, read_weights
from simulator.code.importing.rebuilding import Rebuilt, UnknownError, rebuilt
from simulator.code.importing.skeleton import skeleton
from simulator.commands.screen import Screen
from simulator.experiment.experiment import ExperimentError
from simulator.experiment.files import write
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.nabla.run_file import SavedRun
from simulator.running.nabla.run_file import write as write_run
from simulator.schema.numbers import count
from simulator.system.atomic import write_atomic
from simulator.system.environment import environment
from simulator.training.training import Training

WEIGHTS = ".safetensors"
EXPERIMENT, RUN, SIMPLIFIED = "experiment.json", "imported.nabla", "simplified.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the network is in, and by what it is read."""
    parser.add_argument(
        "target", metavar="MODEL.py:FACTORY", help="what makes the network, or a .safetensors of its weights"
    )
    parser.add_argument("--from", dest="library", choices=("pytorch",), required=True, help="what it was written for")
    parser.add_argument("--out", type=Path, default=Path("imported"), metavar="DIR", help="folder for the files")
    parser.add_argument("--yes", action="store_true", help="run the file's code without asking")
    parser.add_argument("--python", default=_python(), metavar="FILE", help="a Python that has the library")
    parser.add_argument(
        "--input", type=_shape, metavar="C,H,W", help="shape of an image, where it is not to be guessed"
    )


def _python() -> str:
    """The one that runs this; a built program is none."""
    return "python3" if getattr(sys, "frozen", False) else sys.executable


def _shape(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if len(sizes) not in (1, 3) or min(sizes) < 1:
        raise argparse.ArgumentTypeError("expected channels, height and width, as in 3,32,32, or one number")
    return sizes


def carry_out(arguments: argparse.Namespace, screen: Screen) -> int:
    """Write the files and say what was simplified; the exit status."""
    modules = _modules(arguments)
    if modules is None:
        print("nothing was run and nothing written", file=sys.stderr)
        return 1
    network, exact = _network(modules, arguments.input, arguments.target.endswith(WEIGHTS))
    name = Path(arguments.target.rpartition(":")[0] or arguments.target).stem
    arguments.out.mkdir(parents=True, exist_ok=True)
    experiment = experiment_of(network, name, arguments.out)
    write(experiment, arguments.out / EXPERIMENT)
    if exact:
        _write_run(trained_as(experiment.beside(arguments.out), network), arguments.out / RUN)
    kind = "rebuilt with its weights" if exact else "its skeleton"
    made = [
        f"{module.name}: {each}: here as it comes out, and trained itself"
        for module in modules
        for each in module.parametrizations
    ]
    notes = [*network.notes, *made, "its data are noise of the right shape: choose your own"]
    said = [f"{name}: {kind}, {count(experiment.depth + 1, 'layer')}", *(f"- {note}" for note in notes)]
    print("\n".join(said))
    write_atomic(arguments.out / SIMPLIFIED, "".join(f"{line}\n" for line in said).encode())
    print(f"written to {arguments.out}: {RUN if exact else EXPERIMENT}")
    return 0


def _modules(arguments: argparse.Namespace) -> Sequence[ForeignModule] | None:
    """What the network is made of; None where its code may not be run."""
    path, separator, factory = arguments.target.rpartition(":")
    if arguments.target.endswith(WEIGHTS):
        return read_weights(Path(arguments.target))
    if not separator or not factory.isidentifier() or not path.endswith(".py"):
        raise ExperimentError(f"expected MODEL.py:FACTORY or weights as {WEIGHTS}, not {arguments.target!r}")
    if not arguments.yes and not _allowed(path):
        return None
    return read_factory(Path(path), factory, arguments.python)


def _allowed(path: str) -> bool:
    """Whether a person lets the code of a file be run; nobody who could be asked does not."""
    if not sys.stdin.isatty():
        print(f"importing runs the code of {path}: --yes lets it", file=sys.stderr)
        return False
    print(f"Importing runs the code of {path}, with all that you may do here. Run it? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _network(
    modules: Sequence[ForeignModule], shape: tuple[int, ...] | None, weights_alone: bool
) -> tuple[Rebuilt, bool]:
    """The network itself, or its skeleton, and whether it is itself."""
    if weights_alone:
        return skeleton(modules, "weights alone tell of no activations, and of no order of use", shape), False
    try:
        return rebuilt(modules, shape), True
    except UnknownError as error:
        return skeleton(modules, str(error), shape), False


def _write_run(training: Training, path: Path) -> None:
    """A run before its first step."""
    write_run(SavedRun(training.checkpoint(), Record(History(training.columns)), environment(1)), path)
