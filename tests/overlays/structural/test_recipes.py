"""What every structural overlay says of itself, and that `missing` tells what `make` does."""

import numpy as np
import pytest

from archviz3d.overlays.overlay import Figure, Origin
from archviz3d.overlays.recipe import NothingToShowError
from archviz3d.overlays.structural import STRUCTURAL

from .conftest import RECIPES, bare, convolutional, empty, mixture, only_optimizer

GRAPHS = {
    "mixture": mixture,
    "mixture, top_k unknown": lambda: mixture(top_k=None),
    "mixture, heads unknown": lambda: mixture(heads=False),
    "mixture, biased": lambda: mixture(bias=True),
    "convolutional": convolutional,
    "bare": bare,
    "empty": empty,
    "only optimizer": only_optimizer,
}
# What each of these graphs has something for.
SHOWN = {
    "mixture": "parameters bytes dtype flops kv-cache active betweenness pagerank",
    "mixture, top_k unknown": "parameters bytes dtype flops kv-cache betweenness pagerank",
    "mixture, heads unknown": "parameters bytes dtype flops active betweenness pagerank",
    "mixture, biased": "parameters bytes dtype flops kv-cache active betweenness pagerank",
    "convolutional": "parameters bytes dtype flops betweenness pagerank",
    "bare": "parameters bytes dtype",
    "empty": "",
    "only optimizer": "",
}


def check(graph, name):
    """`make` raises what `missing` says, or gives at least one value; returns whether there is something."""
    recipe = RECIPES[name]
    missing = recipe.missing(graph)
    if missing is not None:
        with pytest.raises(NothingToShowError) as raised:
            recipe.make(graph)
        assert str(raised.value) == f"overlay {name!r}: {missing}"
        assert "\n" not in missing
        return False
    overlay = recipe.make(graph)
    assert len(overlay.ids) > 0
    assert overlay.ids.dtype == np.int32
    assert not np.isnan(overlay.values).any()
    return True


@pytest.mark.parametrize("which", GRAPHS)
def test_missing_tells_what_make_does(which):
    graph = GRAPHS[which]()
    assert [name for name in RECIPES if check(graph, name)] == SHOWN[which].split()


def test_a_config_alone_has_all_but_what_is_stored(config_only):
    found = [name for name in RECIPES if check(config_only, name)]
    assert found == ["parameters", "dtype", "flops", "kv-cache", "active", "betweenness", "pagerank"]


def test_names_are_in_the_order_in_which_they_are_listed():
    assert list(RECIPES) == (
        "parameters bytes dtype flops kv-cache active router-bias betweenness pagerank".split()  # noqa: SIM905
    )
    assert len(STRUCTURAL) == len(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_each_says_what_it_is(name):
    recipe = RECIPES[name]
    assert recipe.group == "structure"
    assert recipe.title
    assert recipe.source
    assert recipe.definition.endswith(".")
    if name != "router-bias":  # its values are read from files
        overlay = recipe.make(mixture())
        assert (overlay.name, overlay.title, overlay.unit) == (name, recipe.title, recipe.unit)
        assert overlay.definition.startswith(recipe.definition)
        assert overlay.origin in (Origin.DECLARED, Origin.DERIVED)
        assert (overlay.figure is Figure.CATEGORY) == bool(overlay.categories)
