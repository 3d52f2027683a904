"""Commands, which need no screen: their arguments, what they carry out, and what they say in a terminal."""

COMMANDS = ("run", "compare", "export", "import", "landscape", "lessons", "presets", "reference", "manual", "sweep")
