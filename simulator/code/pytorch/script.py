"""What a script for PyTorch consists of besides what all have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.code.pytorch.definitions import DEFINITIONS, VARIANTS
from simulator.code.pytorch.parts import LIBRARY, loss_and_answers
from simulator.code.pytorch.templates import CHECK, EVERY, MASKS, SOME, TRAINER
from simulator.code.pytorch.updates import follow_lines, torch_optimizer
from simulator.code.script import Script
from simulator.code.text import first_arguments, indented, lines_of, wrapped


class TorchScript(Script):
    """One class holds the network and its optimiser."""

    library = LIBRARY
    most_lines = 150
    chain = "nn.Sequential(*layers)"
    precision = "        torch.set_default_dtype(torch.float64 if exact else torch.float32)\n"
    array = "a.detach().numpy(), b.numpy()"
    predict = "Trainer().predict"

    def imports(self, body: str) -> list[str]:
        directed = ["from torch.nn.utils.parametrizations import weight_norm"] * ("weight_norm(" in body)
        library = ["import torch", "from safetensors.torch import load_file", "from torch import nn"]
        return ["import numpy as np", *library, *directed]

    def constants(self, body: str) -> list[str]:
        return [f"STEP = {self.exported.step}"] * ("STEP" in body) + self.made.constants

    def undrawn(self, code: str) -> str:
        return first_arguments(first_arguments(code, "drawn"), "recurrent", "one_bias({})")

    def definitions(self, code: str) -> Iterator[str]:
        used = f"{code} drawn" if "recurrent(" in code else code
        for name in (name for name in DEFINITIONS if re.search(rf"\b{name}\b", used)):
            needed = (variant for pattern, variant in VARIANTS.get(name, {}).items() if re.search(pattern, code))
            yield DEFINITIONS[next(needed, name)]

    def objective(self) -> Iterator[list[str]]:
        yield ["def answer(outputs):", f"    return {self._loss_and_answers()[1]}"]

    def _loss_and_answers(self) -> tuple[str, str]:
        return loss_and_answers(self.experiment.objective, bool(self.experiment.data.answers))

    def optimizer(self) -> Iterator[list[str]]:
        yield from ()

    def _optimizer(self) -> list[str]:
        """The optimiser, what it has kept, and what sets its rate."""
        own, varies = torch_optimizer(self.experiment.optimizer), self.experiment.schedule.changes
        # LambdaLR multiplies what stands there.
        rate = "1.0" if varies else repr(float(self.experiment.optimizer.learning_rate))
        lines = wrapped(f"self.optimizer = torch.optim.{own.made.replace('RATE', rate)}", 8)
        if self.exported.updates and own.state:
            kept = [f'"{name}": kept[f"optimizer.{name}.{{name}}"].to(p)' for name, _ in own.state]
            counted = [f'"step": torch.tensor({float(self.exported.updates)!r})'] * own.counts
            state = f"self.optimizer.state[p] = {{{', '.join([*counted, *kept])}}}"
            lines += ["        for name, p in self.model.named_parameters():", "            if p.requires_grad:"]
            lines += wrapped(state, 16)
        if varies:
            factor = "lambda step: learning_rate(STEP + step)" if self.exported.step else "learning_rate"
            lines.append(f"        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, {factor})")
        return lines

    def training(self, **words: object) -> Iterator[list[str]]:
        update = follow_lines(self.experiment.regularization, "weight_norm" in self.exported.code)
        update += ["self.optimizer.step()", *["self.schedule.step()"] * self.experiment.schedule.changes]
        yield lines_of(
            TRAINER,
            optimiser="\n".join(self._optimizer()),
            update="\n".join(indented(update, 8)),
            loss=self._loss_and_answers()[0],
            encoded="\n".join(wrapped(f"targets = torch.tensor({self.made.encoded}).to(inputs)", 8)),
            answers="\n".join(_predicted(self.made.unscaled)),
            **words,
        )

    def check(self, gaps: str) -> list[str]:
        masks = MASKS * ("Dropout(" in self.exported.code)
        return lines_of(CHECK, masks=masks, followed=self.followed(SOME, EVERY), gaps=gaps)


def _predicted(unscaled: str) -> list[str]:
    """Lines that evaluate the network and give answers in the data's own units."""
    asked = "answer(self.model.eval()(torch.tensor(scaled(rows)).to(self.parameters[0]))).numpy()"
    if unscaled == "answers":
        return [f"            return {asked}"]
    return [f"            answers = {asked}", f"        return {unscaled}"]
