"""The landscape: a function of two parameters, and optimisers that race on it from one start."""
