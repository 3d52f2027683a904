"""The machine: what memory is free, files written whole, files of others read up to a limit."""
