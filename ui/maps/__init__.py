"""The map of an experiment over one or two parameters: made while the window goes on, read and clicked."""
