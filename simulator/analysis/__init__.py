"""What costs more than a step and is looked at on request: one :class:`~simulator.question.Question` per file."""
