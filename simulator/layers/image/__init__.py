"""Layers whose signal is an image: convolution, pooling, and the windows of both."""
