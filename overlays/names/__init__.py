"""The names that files of values use, and the nodes that they mean."""
