"""How a field of a part says its label, range, scale, unit and whether it acts live."""
