"""The board: cards with plots that flow into as many columns as fit, and named workspaces of them."""
