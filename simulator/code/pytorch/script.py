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
from simulator.code.pytorch.definitions import DEFINITIONS, VARIANTS
from simulator.code.pytorch.losses import loss_and_answers
from simulator.code.pytorch.parts import LIBRARY
from simulator.code.pytorch.templates import CHECK, EVERY, HEAD, MAIN, MASKS, SOME, TRAINER
from simulator.code.pytorch.updates import follow_lines, rule
from simulator.code.schedules import rate_lines
from simulator.code.text import wrapped
from simulator.schema.numbers import count

MOST_LINES = 150


def script(exported: Exported) -> str:
    """The text of ``model.py``, written densely where it would else be too long."""
    lines = _script(exported, dense=False)
    if len(lines) > MOST_LINES:
        lines = _script(exported, dense=True)
    return "\n".join(lines) + "\n"


def _script(exported: Exported, dense: bool) -> list[str]:
    """All lines; ``dense``: as many modules on each as it takes, few words and empty lines."""
    sections = [*_network(exported, dense), *_answers(exported), *_updates(exported), *_check(exported)]
    between = [""] if dense else ["", ""]
    body = [line for section in sections for line in (*between, *section)]
    return [*_head(exported, "\n".join(body)), *body]


def _head(exported: Exported, body: str) -> list[str]:
    """What it is, what it imports for ``body``, and its constants."""
    imported = ["import sys", "from pathlib import Path"]
    imported[:0] = [f"import {name}" for name in ("csv", "math") if f"{name}." in body]
    imported[-1:-1] = ["from functools import partial"] * ("partial(" in body)
    scheduled = ["from torch.optim.lr_scheduler import LambdaLR"] * ("LambdaLR(" in body)
    directed = ["from torch.nn.utils.parametrizations import weight_norm"] * ("weight_norm(" in body)
    others = ["import numpy as np", "import torch", "from safetensors.torch import load_file", "from torch import nn"]
    step = [f"STEP = {exported.step}"] * ("STEP" in body)
    return [
        *lines_of(HEAD, title=title_of(exported), steps=count(exported.step, "update")), "", *imported, "",
        *others, *directed, *scheduled, "", "HERE = Path(__file__).parent", *step, *exported.preprocessing.constants,
    ]  # fmt: skip


def _network(exported: Exported, dense: bool) -> Iterator[list[str]]:
    for name in (name for name in DEFINITIONS if re.search(rf"\b{name}\b", exported.code)):
        pattern, variant = VARIANTS.get(name, ("", name))
        lines = lines_of(DEFINITIONS[variant if re.search(pattern, exported.code) else name])
        yield without_words(lines) if dense else lines
    summary = '    """The network, its weights drawn as before the first step."""'
    yield ["def build():", summary, *chained(exported.layers, dense), "    return nn.Sequential(*layers)"]


def _answers(exported: Exported) -> Iterator[list[str]]:
    """Answers and learning rate."""
    experiment = exported.experiment
    _, answers = loss_and_answers(experiment.objective, bool(experiment.data.answers))
    yield ["def answer(outputs):", f"    return {answers}"]
    if experiment.schedule.changes:
        rate = rate_lines(experiment.schedule, float(experiment.optimizer.learning_rate), LIBRARY)
        yield ["def learning_rate(step):", *(f"    {line}" for line in rate)]


def _resumes(exported: Exported) -> bool:
    """Whether the optimiser has kept something that is taken along."""
    return bool(exported.updates and rule(exported.experiment.optimizer).state)


def _optimiser(exported: Exported) -> list[str]:
    """The optimiser, what it has kept, and what sets its rate."""
    experiment, own = exported.experiment, rule(exported.experiment.optimizer)
    varies = experiment.schedule.changes
    # LambdaLR multiplies what stands there.
    rate = "1.0" if varies else repr(float(experiment.optimizer.learning_rate))
    lines = wrapped(f"self.optimizer = torch.optim.{own.made.replace('RATE', rate)}", 8)
    if _resumes(exported):
        kept = [f'"{name}": kept[f"optimizer.{name}.{{name}}"].to(p)' for name, _ in own.state]
        counted = [f'"step": torch.tensor({float(exported.updates)!r})'] * own.counts
        state = f"self.optimizer.state[p] = {{{', '.join([*counted, *kept])}}}"
        lines += ["        for name, p in self.model.named_parameters():", "            if p.requires_grad:"]
        lines += wrapped(state, 16)
    if varies:
        lines += wrapped("self.schedule = LambdaLR(self.optimizer, lambda step: learning_rate(STEP + step))", 8)
    return lines


def _updates(exported: Exported) -> Iterator[list[str]]:
    """Scaling, and the class that trains and predicts."""
    experiment, made = exported.experiment, exported.preprocessing
    if made.table:
        yield list(made.table)
    yield ["def scaled(rows):", f"    return {made.scaled}"]
    update = follow_lines(experiment.regularization, "weight_norm" in exported.code)
    update += ["self.optimizer.step()", *["self.schedule.step()"] * experiment.schedule.changes]
    yield lines_of(
        TRAINER,
        optimiser="\n".join(_optimiser(exported)),
        update="\n".join(f"        {line}" for line in update),
        loss=loss_and_answers(experiment.objective, bool(experiment.data.answers))[0],
        batch=experiment.batch_size,
        targets="the numbers of their classes" if made.classes else "targets as they are measured",
        encoded="\n".join(wrapped(f"targets = torch.tensor({made.encoded}).to(inputs)", 8)),
        answers="\n".join(_predicted(made.unscaled)),
        units=", a share of each class" if made.classes else " in the targets' units",
    )


def _predicted(unscaled: str) -> list[str]:
    """Lines that evaluate the network and give answers in the data's own units."""
    asked = "answer(self.model.eval()(torch.tensor(scaled(rows)).to(self.parameters[0]))).numpy()"
    if unscaled == "answers":
        return [f"            return {asked}"]
    return [f"            answers = {asked}", f"        return {unscaled}"]


def _check(exported: Exported) -> Iterator[list[str]]:
    masks = MASKS * ("Dropout(" in exported.code)
    yield lines_of(CHECK, masks=masks, followed=followed_lines(exported.rounding, SOME, EVERY))
    yield lines_of(
        MAIN,
        predicted=shown_lines(exported.preprocessing, "Trainer().predict"),
        most=most_text(exported.rounding),
        condition=condition_lines(exported.rounding),
    )
