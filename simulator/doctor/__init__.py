"""The doctor: rules that look at a run and say, with evidence, what is wrong and what would cure it."""
