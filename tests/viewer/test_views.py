"""What the options of a command or call make of a view, and what they may not ask for."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from archviz3d.errors import InputError, UsageError
from archviz3d.graph import GraphBuilder
from archviz3d.loaders import load
from archviz3d.options import VIEWS
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.readers import read_overlays
from archviz3d.viewer import views
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.framing import VIEW_ANGLES
from archviz3d.viewer.pointing.tracing import Flow
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.views import view_state

inf = np.inf


@pytest.fixture
def book(toy):
    return OverlayBook(toy)


@pytest.fixture
def table(tmp_path):
    """A CSV file of two columns for two experts."""
    path = tmp_path / "load.csv"
    rows = ["path,tokens,entropy", *(f"model.layers.0.mlp.experts.{k},{k + 1},{10 * k}" for k in range(2))]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_without_options_it_is_the_first_view(toy):
    assert view_state(toy) == ViewState()


def test_what_is_asked_for_is_shown(toy, book):
    state = view_state(
        toy,
        book=book,
        overlay="parameters",
        height="bytes",
        range=(-1, 5),
        scale="log",
        colormap="viridis",
        step=0,
        keep=(-inf, 3),
    )
    assert (state.overlay, state.height, state.step) == ("parameters", "bytes", 0)
    assert (state.range, state.scale, state.colormap, state.keep) == ((-1.0, 5.0), "log", "viridis", (-inf, 3.0))


# ---------------------------------------------------------------- wrong usage
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"overlay": "paramaters"}, "no overlay 'paramaters'; did you mean parameters"),
        ({"height": "bites"}, "no overlay 'bites'; did you mean bytes"),
        ({"overlay": ""}, "no overlay ''; there are parameters"),
        ({"overlay": "q" * 5000}, "no overlay 'q"),
        ({"overlay": "a\0b"}, r"no overlay 'a\\x00b'"),
        ({"overlay": "parameters", "scale": "cubic"}, "scale 'cubic': pick one of linear, log, quantile"),
        ({"overlay": "parameters", "colormap": "virids"}, "no colour map 'virids'; did you mean"),
        ({"overlay": "parameters", "range": (2, 1)}, "the lower one first"),
        ({"overlay": "parameters", "range": (1,)}, "is no range"),
        ({"overlay": "parameters", "keep": (2, 1)}, "the lower one first"),
        ({"overlay": "parameters", "step": 1}, "step '1': what is shown has one step"),
        ({"overlay": "parameters", "step": -1}, "step '-1'"),
        ({"step": 1}, "step '1': what is shown has one step"),
        ({"range": (0, 1)}, "range is for an overlay"),
        ({"scale": "log"}, "scale is for an overlay"),
        ({"colormap": "viridis"}, "colormap is for an overlay"),
        ({"keep": (0, 1)}, "keep is for an overlay"),
        ({"height": "bytes", "range": (0, 1)}, "range is for an overlay"),
        ({"height": "dtype"}, "height 'dtype': pictures and categories have no height"),
        ({"overlay": "router-bias"}, "overlay 'router-bias'"),
        ({"overlay": "parameters", "height": "router-bias"}, "overlay 'router-bias'"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_anything_is_drawn(toy, book, options, says):
    with pytest.raises(UsageError, match=says) as caught:
        view_state(toy, book=book, **options)
    assert "\n" not in str(caught.value)


def test_pictures_of_weights_have_no_height(tmp_path):
    save_file({"w": np.ones((2, 3), np.float32)}, tmp_path / "m.safetensors")
    graph = load(str(tmp_path / "m.safetensors"))
    assert view_state(graph, overlay="weights").overlay == "weights"
    with pytest.raises(UsageError, match="height 'weights': pictures"):
        view_state(graph, height="weights")


def test_weights_of_a_model_without_a_file_are_refused():
    builder = GraphBuilder("m", "made")
    builder.tensor(0, "w", (2, 3), "F32", nbytes=24)
    with pytest.raises(UsageError, match="no weights are stored"):
        view_state(builder.build(), overlay="weights")


# ---------------------------------------------------------------- files
def test_a_file_s_first_overlay_is_shown_unless_one_is_chosen_by_its_name(toy, table):
    names = [overlay.name for overlay in read_overlays(table, toy).overlays]
    assert len(names) == 2
    assert view_state(toy, overlay=str(table)).overlay == names[0]
    for name in names:
        assert view_state(toy, overlay=f"{table}#{name}").overlay == name


def test_all_overlays_of_a_file_are_in_the_book_under_its_name(toy, book, table):
    state = view_state(toy, book=book, overlay=str(table))
    added = [recipe for recipe in book.recipes if recipe.group == "load.csv"]
    assert len(added) == 2
    expert = toy.id_of("model.layers.0.mlp.experts.1")
    assert book.values(state.overlay).values[expert] == 2


def test_a_file_can_make_parts_tall(toy, book, table):
    names = [overlay.name for overlay in read_overlays(table, toy).overlays]
    state = view_state(toy, book=book, height=f"{table}#{names[1]}")
    assert state.overlay is None
    expert = toy.id_of("model.layers.0.mlp.experts.1")
    assert book.values(state.height).values[expert] == 10


def test_the_same_file_for_colour_and_height_is_listed_once(toy, book, table):
    names = [overlay.name for overlay in read_overlays(table, toy).overlays]
    state = view_state(toy, book=book, overlay=f"{table}#{names[1]}", height=str(table))
    assert (state.overlay, state.height) == (names[1], names[0])
    assert len([recipe for recipe in book.recipes if recipe.group == "load.csv"]) == 2


def test_files_of_the_same_name_in_two_folders_are_two(toy, book, table):
    other = table.parent / "later"
    other.mkdir()
    (other / "load.csv").write_text("path,tokens\nmodel.layers.0.mlp.experts.1,77\n")
    state = view_state(toy, book=book, overlay=str(table), height=str(other / "load.csv"))
    expert = toy.id_of("model.layers.0.mlp.experts.1")
    assert book.values(state.overlay).values[expert] == 2
    assert book.values(state.height).values[expert] == 77


def test_a_column_named_like_a_built_in_overlay_gets_a_number(toy, book, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("path,bytes\nlm_head,5\n")
    for wanted in (str(path), f"{path}#bytes"):
        state = view_state(toy, book=OverlayBook(toy), overlay=wanted)
        assert state.overlay == "bytes-2"


def test_a_name_that_the_file_does_not_have_is_said_with_those_that_it_has(toy, table):
    with pytest.raises(UsageError, match=r"load\.csv: has no overlay 'entrpy'; there are .*tokens.*entropy"):
        view_state(toy, overlay=f"{table}#entrpy")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".npz", ".CSV"])
def test_every_kind_of_file_that_can_be_read_is_taken_for_one(toy, tmp_path, suffix):
    with pytest.raises(InputError, match=f"none{suffix}: "):
        view_state(toy, overlay=str(tmp_path / f"none{suffix}"))


def test_a_file_of_another_kind_is_told_which_would_be_right(toy, tmp_path):
    path = tmp_path / "load.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(UsageError, match=r"load\.xlsx: files of overlays are \.csv"):
        view_state(toy, overlay=str(path))


def test_a_folder_may_have_a_number_sign_in_its_name(toy, table):
    folder = table.parent / "run #3"
    folder.mkdir()
    moved = table.rename(folder / "load.csv")
    names = [overlay.name for overlay in read_overlays(moved, toy).overlays]
    assert view_state(toy, overlay=str(moved)).overlay == names[0]
    assert view_state(toy, overlay=f"{moved}#{names[1]}").overlay == names[1]


def test_steps_of_a_file_can_be_chosen_up_to_the_last(toy, book, tmp_path):
    path = tmp_path / "steps.csv"
    rows = [f"lm_head,{step},{step}" for step in (10, 20, 30)]
    path.write_text("\n".join(["path,step,loss", *rows]) + "\n")
    state = view_state(toy, book=book, overlay=str(path), height="bytes", step=2)
    assert state.step == 2
    assert book.values(state.overlay, 2).values[toy.id_of("lm_head")] == 30
    with pytest.raises(UsageError, match="step '3': there are 3 steps, 10, 20, 30; give one of them, or 0 to 2"):
        view_state(toy, overlay=str(path), step=3)
    assert view_state(toy, overlay=str(path), step="20").step == 1  # by its name
    assert view_state(toy, overlay=str(path), step="0").step == 0


def test_a_step_may_be_of_the_heights_alone(toy, tmp_path):
    path = tmp_path / "steps.csv"
    path.write_text("path,step,loss\nlm_head,10,1\nlm_head,20,2\n")
    for step in (1, "20"):
        assert view_state(toy, overlay="parameters", height=str(path), step=step).step == 1


# ---------------------------------------------------------------- saved states
def saved(**fields):
    return ("view.json", json.dumps(fields).encode())


def test_options_override_a_saved_state_and_leave_the_rest(toy):
    file = saved(overlay="bytes", range=[1, 2], colormap="magma", keep=[None, 5])
    state = view_state(toy, saved=file, overlay="parameters", range=(3, 4))
    assert (state.overlay, state.range) == ("parameters", (3.0, 4.0))
    assert (state.colormap, state.keep) == ("magma", (-inf, 5.0))


def test_a_saved_overlay_makes_options_without_one_valid(toy):
    assert view_state(toy, saved=saved(overlay="bytes"), scale="log").scale == "log"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"overlay": "gone"}, "no overlay 'gone'"),
        ({"overlay": "bytes", "step": 7}, "step 7"),
        ({"height": "dtype"}, "no height"),
    ],
)
def test_a_saved_state_of_another_model_s_overlays_is_refused(toy, fields, says):
    with pytest.raises(InputError, match=f"^view.json: .*{says}"):
        view_state(toy, saved=saved(**fields))
    with pytest.raises(InputError, match=says):
        view_state(toy, saved=saved(**fields), labels=False)
    with pytest.raises(UsageError, match=says):  # the two do not fit each other
        view_state(toy, saved=saved(**fields), focus="lm_head")


def test_a_saved_camera_is_seen_in_the_projection_that_is_asked_for(toy):
    camera = Camera((1.0, 2.0, 3.0), -6.0, 10.0, 50.0)
    file = ("view.json", ViewState(camera=camera).to_json(toy).encode())
    assert view_state(toy, saved=file).camera == camera
    state = view_state(toy, saved=file, projection="orthographic")
    assert (state.projection, state.camera) == ("orthographic", replace(camera, orthographic=True))
    wide = replace(camera, fov=60.0)
    file = ("view.json", ViewState(camera=wide).to_json(toy).encode())
    assert view_state(toy, saved=file, projection="perspective").camera == wide


# ---------------------------------------------------------------- from where
def test_a_view_by_name_is_an_angle(toy):
    for name in VIEWS:
        state = view_state(toy, view=name, projection="orthographic", theme="print", plain_words=True)
        assert state == ViewState(angle=VIEW_ANGLES[name], projection="orthographic", theme="print", plain_words=True)
    saved = ("view.json", b'{"angle": [1, 2, 3]}')
    assert view_state(toy, saved=saved, view="oblique").angle is None
    assert view_state(toy, saved=saved).angle == (1, 2, 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"view": "back"}, "view 'back': pick one of front, oblique, city, side"),
        ({"view": "front", "camera": (0, 0)}, "view: one of front, oblique, city, side"),
        ({"projection": "fisheye"}, "pick one of perspective, orthographic"),
        ({"labels": "no"}, "labels 'no': give True or False"),
        ({"plain_words": "yes"}, "plain_words 'yes': give True or False"),
        ({"compact": 1}, "compact '1': give True or False"),
        ({"theme": "blue"}, "pick one of dark, light, print"),
        ({"spotlight": "lm_head"}, "spotlight 'lm_head': give a list of paths"),
        ({"spotlight": ["lm_haed"]}, "did you mean lm_head"),
        ({"upstream": "lm_haed"}, "did you mean lm_head"),
        ({"downstream": 7}, "downstream"),
        ({"camera": "-10,15"}, "-10,15 is no camera"),
        ({"camera": 7}, "7 is no camera"),
        ({"camera": ("left", 0)}, "is no camera"),
    ],
)
def test_what_there_is_no_view_from_is_refused(toy, options, says):
    with pytest.raises(UsageError, match=says):
        view_state(toy, **options)


def test_an_unknown_option_is_refused_with_its_near_miss(toy):
    with pytest.raises(TypeError, match="no option 'colourmap'; did you mean 'colormap'"):
        view_state(toy, colourmap="viridis")


# ---------------------------------------------------------------- the spotlight
def test_the_spotlight_is_on_parts_and_on_what_leads_to_one_or_follows_it():
    b = GraphBuilder("chain", "made")
    parts = [b.node(0, name) for name in "abcd"]
    for source, target in itertools.pairwise(parts):
        b.edge(source, target)
    graph = b.build()

    def lit(**options):
        return {graph.name_of(node) for node in view_state(graph, **options).spotlight}

    assert lit() == set()
    assert lit(spotlight=["d", "a"]) == {"a", "d"}
    assert lit(upstream="b") == {"a", "b"}
    assert lit(downstream="c") == {"c", "d"}
    assert lit(upstream="b", downstream="c", spotlight=["b"]) == {"chain"}  # all of it


def test_the_flow_of_a_model_is_made_ready_once(toy, monkeypatch):
    made = []

    def flow(graph):
        made.append(graph)
        return Flow(graph)

    monkeypatch.setattr(views, "Flow", flow)
    view_state(toy, upstream="lm_head", downstream="model.embed_tokens")
    assert made == [toy]


# ---------------------------------------------------------------- hidden parts
def test_parts_are_hidden_by_their_paths(toy):
    hidden = frozenset(toy.id_of(path) for path in ("lm_head", "model.layers.2"))
    paths = ["model.layers.2.mlp", "lm_head", "model.layers.2"]
    assert view_state(toy, hide=paths) == ViewState(hidden=hidden)
    assert view_state(toy, hide=paths, compact=True) == ViewState(hidden=hidden, compacted=hidden)


def test_hiding_overrides_a_saved_view_and_without_it_that_is_kept(toy):
    saved = ("view.json", b'{"hidden": ["lm_head"], "compacted": ["lm_head"]}')
    head = frozenset({toy.id_of("lm_head")})
    assert view_state(toy, saved=saved).compacted == head
    assert view_state(toy, saved=saved, compact=False) == ViewState(hidden=head)
    assert view_state(toy, saved=saved, hide=["model.norm"]) == ViewState(hidden=frozenset({toy.id_of("model.norm")}))
    assert view_state(toy, saved=saved, hide=[]) == ViewState()


def test_a_level_is_found_among_what_is_shown(toy):
    assert toy.path(view_state(toy, level="layer", hide=["model.layers.0"]).focus) == "model.layers.1"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hide": ["lm_haed"]}, "no part 'lm_haed' in this model; did you mean lm_head"),
        ({"hide": ["model.layers.6"]}, "'model.layers' has 0 to 5"),
        ({"hide": [""]}, "whole model"),
        ({"hide": ["lm_head", ""]}, "whole model"),
        ({"hide": "lm_head"}, "a list of paths"),
        ({"compact": True}, "nothing is hidden"),
        ({"focus": "model.layers.2.mlp", "hide": ["model.layers.2"]}, "focus 'model.layers.2.mlp' is hidden"),
    ],
)
def test_what_cannot_be_hidden_is_refused(options, says, toy):
    with pytest.raises(UsageError, match=says):
        view_state(toy, **options)


@pytest.mark.parametrize("hide", ["model.norm", b"model.norm", [1], [["model.norm"]], [b"model.norm"], 5])
def test_hide_takes_a_list_of_paths(toy, hide):
    with pytest.raises(UsageError, match="list of paths"):
        view_state(toy, hide=hide)


def test_an_error_names_a_path_of_any_length_in_one_line(toy):
    with pytest.raises(UsageError) as caught:
        view_state(toy, hide=["model." + "x" * 100_000])
    assert len(str(caught.value)) < 600
