"""Parts of the computation graph's plot."""
