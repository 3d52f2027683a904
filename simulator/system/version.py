"""The version of the program, which files name."""

__version__ = "0.1.0"
