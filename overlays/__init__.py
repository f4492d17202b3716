"""Values on nodes and pictures on surfaces, over time.

Moves in: the ``Overlay`` (name, unit, definition, values per node and step, tile pyramids), colour maps and ranges,
statistics of weights, and the readers of tables and logs that bring measured values such as expert loads and attention
maps. It knows :mod:`archviz3d.graph` and :mod:`archviz3d.weights` and nothing else of this package.
"""
