"""Colours, fonts, icons, numbers as text: how everything looks and reads."""
