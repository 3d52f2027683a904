"""One step of one experiment, evaluation, checkpoints, revival."""
