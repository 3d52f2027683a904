"""The bench on the screen: everything that knows Qt. It uses the simulator; the simulator never uses it."""
