"""Files that need no screen: experiments, presets and runs."""
