"""The window: menus, transport, status, the area of plots."""
