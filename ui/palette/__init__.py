"""Finding whatever the program can show or do by a few words, with the keyboard alone."""
