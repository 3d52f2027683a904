"""A tour of the real controls: bubbles that point, and go on when a person does what they say."""
