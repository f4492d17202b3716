"""Graphs as JSON: our own export, Model Explorer's graphs, and lists of modules and connections."""
