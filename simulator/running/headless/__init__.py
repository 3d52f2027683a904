"""The run without a screen: its loop and its folder, files and tables, several seeds, networks compared."""
