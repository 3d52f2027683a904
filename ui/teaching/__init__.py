"""The teacher's windows: a lesson made from what is on the bench, a course of lessons."""
