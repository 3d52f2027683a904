"""Layers with a state: their cells, the loop over time, its segments."""
