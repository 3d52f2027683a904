"""The whole description of a run: validation, paths, refusals in words, shapes, files."""
