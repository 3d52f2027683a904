"""A person's own network, read in a process that has its library, as an experiment of the bench."""
