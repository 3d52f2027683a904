"""Whatever looks at a run beyond the measures of each step."""
