"""A run as one page that needs nothing else: what it was, what it showed, what was found, and how to have it again."""
