"""A network, its updates and its check as a script for PyTorch."""
