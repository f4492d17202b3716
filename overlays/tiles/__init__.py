"""Tile pyramids of weights: what the faces of tensors show at every distance."""
