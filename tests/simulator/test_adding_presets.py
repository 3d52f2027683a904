"""The adding problem over 50 steps: what a plain RNN does not learn, an LSTM does."""

from __future__ import annotations

import pytest

from simulator.experiment.files import find
from simulator.training.training import Training


@pytest.mark.parametrize(("preset", "least", "most"), [("adding-rnn", 0.5, 1.5), ("adding-lstm", 0.0, 0.2)])
def test_an_lstm_beats_the_mean_in_a_few_hundred_steps_and_a_plain_rnn_does_not(
    preset: str, least: float, most: float
) -> None:
    training = Training(find(preset))
    for _ in range(450):
        training.propose()
        training.apply()
    baseline = training.info.baseline_loss
    assert baseline is not None
    assert least < training.evaluator.validation()["validation_loss"] / baseline < most
