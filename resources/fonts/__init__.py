"""Fonts with an open licence, each beside the text of that licence."""
