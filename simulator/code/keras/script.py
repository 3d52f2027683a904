"""What a script for Keras consists of besides what all have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from simulator.code.equivalents import equivalent
from simulator.code.exported import ExportedNetwork
from simulator.code.keras.definitions import DEFINITIONS
from simulator.code.keras.parts import LIBRARY, LOSSES
from simulator.code.keras.templates import (
    CHECK,
    EVERY,
    FROZEN,
    GIVEN,
    LOAD,
    MASKS,
    OPTIMIZER,
    SCHEDULE,
    SOME,
    STATE,
    STEP,
    TRAIN,
)  # fmt: skip
from simulator.code.keras.updates import follow_lines, keras_optimizer
from simulator.code.script import Script
from simulator.code.text import indented, lines_of, packed

ATTRIBUTE = "\n    given = None\n"
IMPORTS = {
    "VarianceScaling(": "from keras.initializers import VarianceScaling",
    "dtypes.": "from keras.src.backend.common import dtypes",
    "load_file(": "from safetensors.numpy import load_file",
}
TWO_ROWS = (
    "# The second row of a GRU's biases stays 0.",
    "grads = [",
    '    g * ops.array([[1.0], [0.0]], v.dtype) if v.name == "bias" and len(v.shape) == 2 else g',
    "    for g, v in zip(grads, trainable_variables, strict=True)",
    "]",
)


class KerasScript(Script):
    """The optimiser is a class of its own, which makes the bench's updates."""

    library = LIBRARY
    most_lines = 250
    chain = "keras.Sequential(layers)"
    precision = ""
    array = "ops.convert_to_numpy(a), b"
    predict = "predict"

    def __init__(self, exported: ExportedNetwork) -> None:
        super().__init__(exported)
        self.library_optimizer = keras_optimizer(self.experiment.optimizer)
        self.resumes = bool(exported.updates and self.library_optimizer.state)

    def imports(self, body: str) -> list[str]:
        library = ["import keras", "import numpy as np", "from keras import ops"]
        return library + [line for name, line in IMPORTS.items() if name in body]

    def constants(self, body: str) -> list[str]:
        lines = [line.replace(".numpy()", "") for line in self.made.constants]
        lines += ["DROPOUTS = []  # all that have been made, in order"] * ("DROPOUTS" in body)
        frozen = [f'"{name}"' for name, tensor in self.exported.tensors.items() if tensor.frozen]
        return lines + ["FROZEN = {", *indented(packed(frozen, 4), 4), "}  # fmt: skip"] * bool(frozen)

    def definitions(self, code: str) -> Iterator[str]:
        return (source for name, source in DEFINITIONS.items() if re.search(rf"\b{name}\(", code))

    def first(self) -> str:
        shape = self.exported.input_shape
        return f"keras.Input(({', '.join(map(str, shape))}{',' * (len(shape) == 1)}))"

    def objective(self) -> Iterator[list[str]]:
        loss, answers = equivalent(LOSSES, self.experiment.objective, LIBRARY)
        yield ["def loss(targets, outputs):", f"    return {loss}"]
        yield ["def answer(outputs):", f"    return {answers}"]

    def optimizer(self) -> Iterator[list[str]]:
        own = self.library_optimizer
        if self.experiment.schedule.changes:
            yield lines_of(SCHEDULE, offset=self.exported.step - self.exported.updates * self.resumes)
        given = self.followed(SOME, EVERY)
        before = [*TWO_ROWS * ("layers.GRU(" in self.exported.code), "self.gradients = grads = list(grads)"]
        follow = f"{_body(before)}{given}{_body(follow_lines(self.experiment.regularization))}"
        attribute = ATTRIBUTE * bool(given)
        lines = lines_of(OPTIMIZER, name=f"Bench{own.base}", base=own.base, follow=follow, given=attribute)
        if own.step:
            lines += ["", *lines_of(STEP, reason=own.reason, step="\n".join(indented(own.step, 8)))]
        yield lines

    def training(self, **words: object) -> Iterator[list[str]]:
        own, varies = self.library_optimizer, self.experiment.schedule.changes
        rate = "Schedule()" if varies else repr(float(self.experiment.optimizer.learning_rate))
        state = ""
        if self.resumes:
            kept = [f'optimizer.{name}[place].assign(kept[f"optimizer.{name}.{{name}}"])' for name, _ in own.state]
            state = STATE.replace("«assigned»\n", "\n".join([*indented(kept, 8), ""]))
            state = state.replace("«updates»", str(self.exported.updates))
        frozen = FROZEN if any(tensor.frozen for tensor in self.exported.tensors.values()) else ""
        yield lines_of(LOAD, frozen=frozen, optimizer=f"Bench{own.base}({rate}{own.arguments})", state=state)
        answers = "\n".join(_answers(self.made.unscaled))
        yield lines_of(TRAIN, encoded=self.made.encoded, answers=answers, **words)

    def check(self, gaps: str) -> list[str]:
        masks, given = MASKS * ("Dropout(" in self.exported.code), self.followed(GIVEN, GIVEN)
        return lines_of(CHECK, masks=masks, given=given, gaps=gaps)


def _body(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in indented(lines, 8))


def _answers(unscaled: str) -> list[str]:
    """Lines that evaluate the network and give answers in the data's own units."""
    asked = "ops.convert_to_numpy(answer(model(scaled(rows), training=False)))"
    return [f"    return {asked}"] if unscaled == "answers" else [f"    answers = {asked}", f"    return {unscaled}"]
