"""Tables of the person's own: read as they are, every column judged, and made into inputs and a target."""

ALIGNED = "  "
"""Columns that stand under one another: two blanks or more, or tabs, separate cells; one blank may stand in them."""
