from math import inf

import pytest

from archviz3d.cli.main import printable, run
from archviz3d.cli.opening import view_options
from archviz3d.cli.parser import parse
from archviz3d.cli.values import paths
from archviz3d.errors import UsageError
from archviz3d.layout import ARRANGEMENTS
from archviz3d.viewer.view_options import ViewOptions


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--foucs", "x"], "did you mean --focus"),
        (["info"], "MODEL"),
        (["info", "m", "--tree", "0"], "whole number"),
        (["info", "m", "--tree", "9" * 5000], "'9{40}' is not a whole number"),
        (["info", "m", "--json", "--tree", "2"], "not allowed with"),
        (["rendr", "m"], "no command.*did you mean render"),
        (["a.pt", "b.pt"], "one MODEL"),
        (["render", "m"], "--output"),
        (["render", "m", "-o", "x.png", "--size", "10x10"], "64x64"),
        (["render", "m", "-o", "x.png", "--size", "1920"], "WIDTHxHEIGHT"),
        (["render", "m", "-o", "x.png", "--camera", "left"], "AZIMUTH,ELEVATION"),
        (["render", "m", "-o", "x.png", "--camera", "0,90"], "-89 to 89"),
        (["render", "m", "-o", "x.png", "--camera", "nan,0"], "out of range"),
        (["render", "m", "-o", "x.png", "--arrangement", "spiral"], "wrap"),
        (["render", "m", "-o", "x.png", "--level", "neuron"], "tensor"),
        (["render", "m", "-o", "x.png", "--view", "back"], "front.*oblique.*city.*side"),
        (["render", "m", "-o", "x.png", "--view", "front", "--camera", "0,0"], "not allowed with argument --view"),
        (["render", "m", "-o", "x.png", "--projection", "fisheye"], "perspective.*orthographic"),
        (["render", "m", "-o", "x.png", "--theme", "blue"], "dark.*light.*print"),
        (["render", "m", "-o", "x.png", "--spotlihgt", "a"], "did you mean --spotlight"),
        (["render", "m", "-o", "x.png", "--plain-word"], "did you mean --plain-words"),
        (["render", "m", "-o", "x.png", "--overlays", "load.csv"], "unknown option --overlays; did you mean --overlay"),
        (["export", "m", "-o", "x.json", "--overlay", "load.csv"], "unknown option --overlay"),
        (["render", "m", "-o", "x.png", "--range", "1,0"], "the lower one first"),
        (["render", "m", "-o", "x.png", "--range", "0,0"], "the lower one first"),
        (["render", "m", "-o", "x.png", "--range", "nan,1"], "two finite numbers"),
        (["render", "m", "-o", "x.png", "--range", "-inf,1"], "two finite numbers"),
        (["render", "m", "-o", "x.png", "--range", "0,1e400"], "two finite numbers"),
        (["render", "m", "-o", "x.png", "--range", "1"], "is no range"),
        (["render", "m", "-o", "x.png", "--range", "1,2,3"], "is no range"),
        (["render", "m", "-o", "x.png", "--range", "low,high"], "'low,high' is no pair of numbers; give LO,HI"),
        (["render", "m", "-o", "x.png", "--range", ""], "is no pair of numbers"),
        (["render", "m", "-o", "x.png", "--range"], "expected one argument"),
        (["render", "m", "-o", "x.png", "--range", "q" * 5000], "'q{60}' is no pair"),
        (["render", "m", "-o", "x.png", "--range", ",".join("1" * 5000)], "is no range"),
        (["render", "m", "-o", "x.png", "--keep", "1,0"], "the lower one first"),
        (["render", "m", "-o", "x.png", "--keep", "nan,nan"], "two numbers"),
        (["render", "m", "-o", "x.png", "--keep", "0"], "is no filter"),
        (["render", "m", "-o", "x.png", "--keep", "-,0"], "'-,0' is no pair of numbers"),
        (["render", "m", "-o", "x.png", "--scale", "cubic"], "linear.*log.*quantile"),
        (["render", "m", "-o", "x.mp4", "--turntable", "0"], "0.1 to 600"),
        (["render", "m", "-o", "x.mp4", "--turntable", "601"], "0.1 to 600"),
        (["render", "m", "-o", "x.mp4", "--turntable", "nan"], "0.1 to 600"),
        (["render", "m", "-o", "x.mp4", "--turntable", "long"], "'long' is no number of seconds"),
        (["render", "m", "-o", "x.mp4", "--turntable", "8", "--fly", "a"], "not allowed with"),
        (["render", "m", "-o", "x.mp4", "--turntable", "8", "--fps", "121"], "1 to 120"),
        (["render", "m", "-o", "x.mp4", "--turntable", "8", "--fps", "29.97"], "whole number"),
        (["render", "m", "-o", "x.mp4", "--turntabel", "8"], "did you mean --turntable"),
        (["m", "--turntable", "8"], "unknown option --turntable"),
        (["--install-desktop", "--uninstall-desktop"], "not allowed with"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_would_be_right(arguments, says, capsys):
    with pytest.raises(UsageError, match=says):
        parse(arguments)
    assert run(arguments) == 2
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.startswith("archviz3d: error: ")
    assert out.err.count("\n") == 1
    assert len(out.err) < 600


def test_a_camera_may_look_from_the_left():
    options = parse(["render", "m", "-o", "x.png", "--camera", "-30,15,1.5", "--size", "800x600"])
    assert options.camera == (-30.0, 15.0, 1.5)
    assert options.size == (800, 600)


@pytest.mark.parametrize("command", [["render", "m", "-o", "x.png"], ["m"]])
@pytest.mark.parametrize(
    ("given", "option", "value"),
    [
        (["--range", "-1,1"], "range", (-1.0, 1.0)),
        (["--range=-1,1"], "range", (-1.0, 1.0)),
        (["--range", "0,5e-2"], "range", (0.0, 0.05)),
        (["--range", "-.5,-1e-3"], "range", (-0.5, -0.001)),
        (["--keep", "-inf,0"], "keep", (-inf, 0.0)),
        (["--keep", "0.01,inf"], "keep", (0.01, inf)),
        (["--keep", "0,0"], "keep", (0.0, 0.0)),
        (["--overlay", "load.csv#dead experts"], "overlay", "load.csv#dead experts"),
        (["--height", "bytes"], "height", "bytes"),
        (["--scale", "quantile"], "scale", "quantile"),
        (["--colormap", "crameri:vik"], "colormap", "crameri:vik"),
        (["--step", "0"], "step", "0"),
        (["--step", "12"], "step", "12"),
    ],
)
def test_how_an_overlay_is_shown(command, given, option, value):
    options = parse([*command, *given])
    assert getattr(options, option) == value
    others = {"overlay", "height", "range", "keep", "scale", "colormap", "step"} - {option}
    assert all(getattr(options, other) is None for other in others)


def test_a_model_named_like_nothing_else_opens_the_window():
    options = parse(["model.pt", "--focus", "model.layers.3", "--theme", "light"])
    assert (options.model, options.focus, options.theme) == ("model.pt", "model.layers.3", "light")
    assert parse([]).model is None


def test_names_from_files_cannot_drive_the_terminal():
    assert printable("a\x1b[31m\nb\u202e") == r"a\x1b[31m\nb\u202e"
    assert printable("模型 › ×") == "模型 › ×"


def test_parts_to_hide_are_paths_between_commas():
    options = parse(["render", "m", "-o", "x.png", "--hide", "lm_head,model.layers.0", "--compact"])
    assert options.hide == ["lm_head", "model.layers.0"]
    assert options.compact is True
    options = parse(["m"])
    assert options.hide is options.compact is None


@pytest.mark.parametrize("command", [["render", "m", "-o", "x.png"], ["export", "m", "-o", "x.json"], ["m"]])
def test_every_arrangement_of_the_layout_can_be_asked_for(command):
    for arrangement in ARRANGEMENTS:
        assert parse([*command, "--arrangement", arrangement]).arrangement == arrangement
    with pytest.raises(UsageError, match=", ".join(map(repr, ARRANGEMENTS))):
        parse([*command, "--arrangement", "spiral"])


def test_names_with_commas_are_written_with_a_backslash_or_given_one_by_one():
    options = parse(["render", "m", "-o", "x.png", "--hide", r"a\,b,c", "--hide", "d", "--spotlight", "e,f"])
    assert options.hide == ["a,b", "c", "d"]
    assert options.spotlight == ["e", "f"]
    assert parse(["m"]).hide is None
    assert parse(["render", "m", "-o", "x.mp4", "--fly", r"a\,b,", "--fly", "c"]).fly == ["a,b", "", "c"]


@pytest.mark.parametrize("names", [[" spaced "], ["ends\\", "x"], ["\\", ",", "\\,", ""], ["a\\b", "\n"], [r"a\\b"]])
def test_any_name_can_be_written(names):
    text = ",".join(name.replace("\\", r"\\").replace(",", r"\,") for name in names)
    assert paths(text) == names


def test_a_backslash_before_another_character_needs_no_second_one():
    assert paths("a\\b,c\\") == ["a\\b", "c\\"]


def test_every_option_of_a_view_reaches_render_and_show():
    line = ["--view", "city", "--projection", "orthographic", "--theme", "print", "--plain-words", "--upstream", "a"]
    for options in (parse(["render", "m", "-o", "x.png", *line]), parse(["m", *line])):
        wanted = view_options(options)
        assert set(wanted) == {*ViewOptions.__annotations__, "state"}
        assert (wanted["view"], wanted["projection"], wanted["theme"]) == ("city", "orthographic", "print")
        assert (wanted["plain_words"], wanted["upstream"], wanted["downstream"]) == (True, "a", None)
