"""What stands before the bench: a page with recent experiments, presets as pictures, and data."""
