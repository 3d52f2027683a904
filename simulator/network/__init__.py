"""Layers chained over one flat vector of parameters."""
