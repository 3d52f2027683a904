"""Maps: one experiment over a grid of one or two parameters, with seeds, on every core or on a cluster."""
