import numpy as np
import pytest
from safetensors.numpy import save_file

from archviz3d.graph import GraphBuilder
from archviz3d.loaders import load
from archviz3d.overlays.overlay import Aggregate, Origin
from archviz3d.overlays.recipe import NothingToShowError
from archviz3d.overlays.surfaces import SURFACES
from archviz3d.overlays.tiles.pyramid import Statistic


@pytest.fixture
def stored(tmp_path):
    save_file({"w": np.ones((2, 3), np.float32)}, tmp_path / "tiny.safetensors")
    return load(str(tmp_path / "tiny.safetensors"))


def test_each_statistic_has_one_recipe():
    assert [recipe.name for recipe in SURFACES] == ["weights", "weights-signed", "weights-abs"]
    assert {recipe.group for recipe in SURFACES} == {"weights"}


@pytest.mark.parametrize("recipe", SURFACES, ids=lambda recipe: recipe.name)
def test_an_overlay_says_what_its_recipe_said_and_has_pictures_instead_of_values(recipe, stored):
    assert recipe.missing(stored) is None
    overlay = recipe.make(stored)
    said = (recipe.name, recipe.title, recipe.unit, recipe.definition)
    assert (overlay.name, overlay.title, overlay.unit, overlay.definition) == said
    assert overlay.source == "tiny.safetensors"
    assert overlay.origin is Origin.DECLARED
    assert overlay.aggregate is Aggregate.NONE
    assert np.isnan(overlay.at(stored).values).all()


@pytest.mark.parametrize(
    ("name", "statistic", "diverging", "formula"),
    [
        ("weights", Statistic.RMS, False, "sqrt(mean(w^2))"),
        ("weights-signed", Statistic.SIGNED, True, "mean(w)"),
        ("weights-abs", Statistic.MEAN_ABS, False, "mean(|w|)"),
    ],
)
def test_only_signed_weights_have_a_middle(name, statistic, diverging, formula, stored):
    overlay = next(recipe for recipe in SURFACES if recipe.name == name).make(stored)
    assert Statistic(str(overlay.surface)) is statistic
    assert overlay.diverging is diverging
    assert formula in overlay.definition


@pytest.mark.parametrize(("file", "offset"), [(None, -1), ("m.safetensors", -1), (None, 128)])
def test_without_a_place_in_a_file_there_is_nothing_to_show(file, offset):
    builder = GraphBuilder("m", "made")
    more = {} if file is None else {"file": file}
    builder.tensor(0, "w", (2, 3), "F32", nbytes=24, offset=offset, **more)
    graph = builder.build()
    for recipe in SURFACES:
        reason = recipe.missing(graph)
        assert reason is not None
        with pytest.raises(NothingToShowError, match=f"overlay '{recipe.name}': no weights are stored"):
            recipe.make(graph)
