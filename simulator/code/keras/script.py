"""The whole script: imports, network, loss, updates, preprocessing and check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.code.exported import (
    Exported,
    chained,
    condition_lines,
    followed_lines,
    lines_of,
    most_text,
    shown_lines,
    title_of,
    without_words,
)
from simulator.code.keras.definitions import DEFINITIONS
from simulator.code.keras.losses import loss_and_answers
from simulator.code.keras.parts import LIBRARY
from simulator.code.keras.templates import (
    CHECK,
    EVERY,
    FROZEN,
    GIVEN,
    HEAD,
    LOAD,
    MAIN,
    MASKS,
    OPTIMIZER,
    SCHEDULE,
    SOME,
    STATE,
    STEP,
    TRAIN,
)
from simulator.code.keras.updates import Rule, follow_lines, rule
from simulator.code.schedules import rate_lines
from simulator.code.text import packed
from simulator.schema.numbers import count

MOST_LINES = 250
ATTRIBUTE = "\n    given = None\n"
IMPORTS = {
    "VarianceScaling(": "from keras.initializers import VarianceScaling",
    "dtypes.": "from keras.src.backend.common import dtypes",
    "load_file(": "from safetensors.numpy import load_file",
}


def script(exported: Exported) -> str:
    """The text of ``model.py``, written densely where it would else be too long."""
    lines = _script(exported, dense=False)
    if len(lines) > MOST_LINES:
        lines = _script(exported, dense=True)
    return "\n".join(lines) + "\n"


def _script(exported: Exported, dense: bool) -> list[str]:
    sections = [*_network(exported, dense), *_updates(exported), *_data(exported), *_check(exported)]
    between = [""] if dense else ["", ""]
    body = [line for section in sections for line in (*between, *section)]
    return [*_head(exported, "\n".join(body)), *body]


def _head(exported: Exported, body: str) -> list[str]:
    """What it is, what it imports for ``body``, and its constants."""
    imported = [f"import {name}" for name in ("csv", "math") if f"{name}." in body] + ["import sys"]
    imported += ["from functools import partial"] * ("partial(" in body) + ["from pathlib import Path"]
    others = ["import keras", "import numpy as np", "from keras import ops"]
    others += [line for name, line in IMPORTS.items() if name in body]
    constants = [line.replace(".numpy()", "") for line in exported.preprocessing.constants]
    constants += ["DROPOUTS = []  # all that have been made, in order"] * ("DROPOUTS" in body)
    frozen = [name for name, tensor in exported.tensors.items() if tensor.frozen]
    if frozen:
        listed = packed((f'"{name}"' for name in frozen), 4)
        constants += ["FROZEN = {", *(f"    {line}" for line in listed), "}  # fmt: skip"]
    return [
        *lines_of(HEAD, title=title_of(exported), steps=count(exported.step, "update")), "", *imported, "", *others, "",
        "HERE = Path(__file__).parent", *constants,
    ]  # fmt: skip


def _network(exported: Exported, dense: bool) -> Iterator[list[str]]:
    for name, source in DEFINITIONS.items():
        if re.search(rf"\b{name}\(", exported.code):
            yield without_words(lines_of(source)) if dense else lines_of(source)
    shape = ", ".join(map(str, exported.input_shape)) + "," * (len(exported.input_shape) == 1)
    chain = chained(exported.layers, dense, f"keras.Input(({shape}))")
    summary = '    """The network, its weights drawn as before the first step."""'
    yield ["def build():", summary, *chain, "    return keras.Sequential(layers)"]


def _updates(exported: Exported) -> Iterator[list[str]]:
    """Loss, answers, learning rate, and the optimiser."""
    experiment, own = exported.experiment, rule(exported.experiment.optimizer)
    loss, answers = loss_and_answers(experiment.objective)
    yield ["def loss(targets, outputs):", f"    return {loss}"]
    yield ["def answer(outputs):", f"    return {answers}"]
    if experiment.schedule.changes:
        rate = rate_lines(experiment.schedule, float(experiment.optimizer.learning_rate), LIBRARY)
        yield ["def learning_rate(step):", *(f"    {line}" for line in rate)]
        yield lines_of(SCHEDULE, offset=exported.step - exported.updates * _resumes(exported, own))
    gru = ["# The second row of a GRU's biases stays 0.", *TWO_ROWS] if "layers.GRU(" in exported.code else []
    given = followed_lines(exported.rounding, SOME, EVERY)
    follow = [f"        {line}\n" for line in (*gru, "self.gradients = grads = list(grads)")]
    follow += [given, *(f"        {line}\n" for line in follow_lines(experiment.regularization))]
    lines = lines_of(
        OPTIMIZER,
        name=f"Bench{own.base}",
        base=own.base,
        follow="".join(follow),
        given=ATTRIBUTE * bool(given),
    )
    if own.step:
        step = "\n".join(f"        {line}" for line in own.step)
        lines += ["", *lines_of(STEP, reason=own.reason, step=step)]
    yield lines


TWO_ROWS = (
    "grads = [",
    '    g * ops.array([[1.0], [0.0]], v.dtype) if v.name == "bias" and len(v.shape) == 2 else g',
    "    for g, v in zip(grads, trainable_variables, strict=True)",
    "]",
)


def _resumes(exported: Exported, own: Rule) -> bool:
    return bool(exported.updates and own.state)


def _data(exported: Exported) -> Iterator[list[str]]:
    """Scaling, loading, training on and predicting."""
    experiment, made, own = exported.experiment, exported.preprocessing, rule(exported.experiment.optimizer)
    if made.table:
        yield list(made.table)
    yield ["def scaled(rows):", f"    return {made.scaled}"]
    rate = "Schedule()" if experiment.schedule.changes else repr(float(experiment.optimizer.learning_rate))
    state = ""
    if _resumes(exported, own):
        kept = [f'        optimizer.{name}[place].assign(kept[f"optimizer.{name}.{{name}}"])' for name, _ in own.state]
        state = STATE.replace("«assigned»\n", "\n".join([*kept, ""])).replace("«updates»", str(exported.updates))
    frozen = FROZEN if any(tensor.frozen for tensor in exported.tensors.values()) else ""
    yield lines_of(LOAD, frozen=frozen, optimizer=f"Bench{own.base}({rate}{own.arguments})", state=state)
    yield lines_of(
        TRAIN,
        batch=experiment.batch_size,
        targets="the numbers of their classes" if made.classes else "targets as they are measured",
        encoded=made.encoded,
        answers="\n".join(_answers(made.unscaled)),
        units=", a share of each class" if made.classes else " in the targets' units",
    )


def _answers(unscaled: str) -> list[str]:
    """Lines that evaluate the network and give answers in the data's own units."""
    asked = "ops.convert_to_numpy(answer(model(scaled(rows), training=False)))"
    return [f"    return {asked}"] if unscaled == "answers" else [f"    answers = {asked}", f"    return {unscaled}"]


def _check(exported: Exported) -> Iterator[list[str]]:
    given = followed_lines(exported.rounding, GIVEN, GIVEN)
    yield lines_of(CHECK, masks=MASKS * ("Dropout(" in exported.code), given=given)
    yield lines_of(
        MAIN,
        predicted=shown_lines(exported.preprocessing, "predict"),
        most=most_text(exported.rounding),
        condition=condition_lines(exported.rounding),
    )
