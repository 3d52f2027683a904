"""Parts of the unit microscope."""
