"""A form from any part's parameters."""
