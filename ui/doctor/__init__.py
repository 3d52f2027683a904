"""The doctor in the window: when it looks at the run, and the list of what it finds."""
