"""The landscape in the window: contours with paths, f over steps, the step taken apart, and the knobs beside them."""
