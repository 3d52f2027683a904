"""Lessons: what is asked of a run before it is made, what it measures, and how far apart the two are."""
