"""Tables of the person's own: read as they are, every column judged, and made into inputs and a target."""
