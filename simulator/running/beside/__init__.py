"""Workers beside the one that trains: trials, slices, seeds, steps computed again, lessons, each with its session."""
