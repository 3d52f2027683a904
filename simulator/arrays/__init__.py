"""Numbers: types, the block of memory of a network, sums, histograms, what a pass does to a signal."""
