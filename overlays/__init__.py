"""Values on nodes and pictures on surfaces, over time.

`overlay` has the values with what makes them trustworthy, `aggregate` what a container shows, `ranges` the way to
places on a colour map; `book` knows all overlays of a model: what follows from its file (`structural`), the weights
(`surfaces`, `tiles`) and those of other files (`readers`, `names`). It knows :mod:`archviz3d.graph` and
:mod:`archviz3d.weights` and nothing else of this package.
"""
