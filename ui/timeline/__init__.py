"""The time line under the board: which step is shown, and what happened at which."""
