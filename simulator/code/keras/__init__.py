"""A network, its updates and its check as a script for Keras, whatever computes behind it."""
