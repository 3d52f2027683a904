"""What happens to rows before they come into a network, and to its answers behind it, as lines of numpy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.code.text import packed, quoted, wrapped
from simulator.data.base import Scaling, scalings
from simulator.experiment.experiment import Experiment, ExperimentError

MOST_NUMBERS = 40
"""Of a scaling that may stand in the script; more are in the file of weights."""
LARGEST_EXPONENT = 990
"""Of 2, so that a scaling can be written without it."""


@dataclass(frozen=True)
class Preprocessing:
    """Lines of the script, and arrays that are too long for it."""

    constants: list[str]
    scaled: str
    """What makes (samples, …) as the network sees them of ``rows``."""
    unscaled: str
    """What makes answers of the data's own units of ``answers``."""
    encoded: str
    """What makes scaled targets of ``targets`` as they are measured."""
    classes: tuple[str, ...] = ()
    arrays: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def preprocessing(experiment: Experiment, shape: tuple[int, ...], most_numbers: int = MOST_NUMBERS) -> Preprocessing:
    """That of an experiment's data, for samples of ``shape``; of a scaling so many numbers may stand in the script."""
    raw, inputs, quantities = scalings(experiment.data, experiment.seed)
    made = Preprocessing([], "np.asarray(rows, np.float64)", "answers", f"np.eye({len(raw.class_names)})[targets]")
    made = replace(made, scaled=f"{made.scaled}.reshape({_tuple((-1, *shape))})")
    plain = experiment.data.scale == "none"
    if not plain:
        made = _with_scaling(made, "", inputs, _form(raw.alike, shape), most_numbers)
        made = replace(made, scaled=f"({made.scaled} - CENTER) / SPREAD")
    if quantities is not None:
        answers, count = experiment.data.answers, len(quantities.center)
        form = (answers, count // answers) if answers else (count,)
        made = replace(made, encoded=f"np.asarray(targets, np.float64).reshape({_tuple((-1, *form))})")
        if not plain:
            made = _with_scaling(made, "TARGET_", quantities, form, most_numbers)
            encoded = f"({made.encoded} - TARGET_CENTER) / TARGET_SPREAD"
            made = replace(made, encoded=encoded, unscaled="answers * TARGET_SPREAD + TARGET_CENTER")
    if raw.class_names:
        names = wrapped(f"CLASSES = [{', '.join(map(quoted, raw.class_names))}]")
        made = replace(made, constants=[*made.constants, *names], classes=raw.class_names)
    return made


def _form(alike: bool, shape: tuple[int, ...]) -> tuple[int, ...]:
    """What a scaling is broadcast over: each number of a sample by itself, or each channel or feature."""
    if not alike:
        return shape
    return (shape[0], *[1] * (len(shape) - 1)) if len(shape) != 2 else shape[1:]


def _tuple(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes))


def _with_scaling(
    made: Preprocessing, name: str, scaling: Scaling, form: tuple[int, ...], most_numbers: int
) -> Preprocessing:
    """The same with the numbers of a scaling: in the script, or as arrays beside the weights."""
    if np.abs(scaling.exponent).max(initial=0) > LARGEST_EXPONENT:
        raise ExperimentError("values of 1e300 or 1e-300 cannot be scaled by a subtraction and a division", "data")
    center = np.ldexp(scaling.center, scaling.exponent)
    lines, arrays = list(made.constants), dict(made.arrays)
    for part, values in ((f"{name}CENTER", center), (f"{name}SPREAD", scaling.units)):
        if values.size > most_numbers:
            arrays[f"scaling.{part.lower()}"] = np.ascontiguousarray(values.reshape(form))
            lines.append(f'{part} = load_file(HERE / "weights.safetensors")["scaling.{part.lower()}"].numpy()')
        else:
            lines += _constant(part, values, form)
    return replace(made, constants=lines, arrays=arrays)


def _constant(name: str, values: Floats, form: tuple[int, ...]) -> list[str]:
    if values.size == 1:
        return [f"{name} = {float(values[0])!r}"]
    shaped = f".reshape({_tuple(form)})" if len(form) > 1 else ""
    inner = packed(map(repr, values.tolist()), 4)
    return [f"{name} = np.array([", *(f"    {line}" for line in inner), f"]){shaped}  # fmt: skip"]
