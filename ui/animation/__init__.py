"""A plot over a run as an animated picture: steps are computed again and drawn on axes that stand still."""
