"""What drives a training: the worker beside a window, the run without one, the command line, files."""
