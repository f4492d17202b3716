"""The command line: ``archviz3d [MODEL]``, ``info``, ``render``, ``export``, ``doctor``."""
