"""An experiment as a program for others: the same network and updates in another library, which proves itself."""
