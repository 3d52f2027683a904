"""The step as boxes, what flows between two of them, and what-if on small nets."""
