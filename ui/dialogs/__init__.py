"""Windows that open for files, for losing work, and for reading."""
