"""The past of a run."""
