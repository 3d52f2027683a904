"""The network as boxes and arrows: what stands in each, and what a change by hand does to all of them."""
