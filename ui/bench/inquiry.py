"""What plots ask of the run, each at its own pace: again as soon as it is answered and the run has moved on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.observations.question import Question
from simulator.running.messages import Answer

Ask = Callable[[str, Question, Callable[[Answer], None]], None]


class Inquiry:
    """Keeps the newest answer of every topic; the worker's share of time for questions sets the pace."""

    def __init__(self, ask: Ask) -> None:
        self.answers: dict[str, Answer] = {}
        self._ask = ask
        self._asked: dict[str, Question] = {}
        self._waiting: set[str] = set()

    def begin(self) -> None:
        """A new run: nothing is known of it."""
        self.answers.clear()
        self.renew()

    def renew(self) -> None:
        """The experiment is another one: answers grow old even if no step is made, and refusals may not hold."""
        self._asked.clear()
        self._waiting.clear()

    def go_on(self, questions: Mapping[str, Question], step: int) -> None:
        """Ask what is not known of ``step``."""
        for topic, question in questions.items():
            if self._due(topic, question, step):
                self._asked[topic] = question
                self._waiting.add(topic)
                self._ask(topic, question, self._hear)

    def _due(self, topic: str, question: Question, step: int) -> bool:
        if self._asked.get(topic) != question:
            return True
        answer = self.answers.get(topic)
        return topic not in self._waiting and answer is not None and not answer.refusal and answer.step != step

    def _hear(self, answer: Answer) -> None:
        self._waiting.discard(answer.topic)
        self.answers[answer.topic] = answer
