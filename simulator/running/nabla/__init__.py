"""A run, or a shared experiment, as one file: a zip of known members, of which nothing is believed."""
