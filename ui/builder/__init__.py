"""The stack of layers, nested, and what may be done with it."""
