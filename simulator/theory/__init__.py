"""What should be measured: predictions for wide random networks, and bounds that hold for every network."""
