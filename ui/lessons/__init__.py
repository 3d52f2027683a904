"""Lessons beside the bench: text, prediction, run, reveal, playground; worksheets."""
