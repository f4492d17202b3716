"""Overlays in the window: the panel to choose them, its parts, the timeline."""
