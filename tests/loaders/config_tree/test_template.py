"""The little language of templates."""

import pytest

from archviz3d.loaders.config_tree.sizes import ConfigError, Sizes, evaluate, read_sizes
from archviz3d.loaders.config_tree.template import count, expand, parse

SIZES = Sizes({"H": 4, "A": 2}, {"on": True, "off": False})


def test_expressions_are_sums_of_products_and_whole_quotients() -> None:
    assert evaluate("A*H+2*A", SIZES.numbers) == 12
    assert evaluate("H/A", SIZES.numbers) == 2
    with pytest.raises(ConfigError, match="divides by zero"):
        evaluate("H/Z", {"H": 1, "Z": 0})


def test_lines_become_tensors() -> None:
    template = """
    l.{L}.q.   A*H,H   +on
    l.{L}.k.   A,H   +off
    l.{L}.n.   H   +
    l.{M}.x.{E}.w   H   ?on
    gone   H   ?off   ?on
    here   -   ?!off
    """
    ranges = {"L": range(2), "M": [1], "E": range(2)}
    rows = parse(template, SIZES, "m.")
    made = expand(rows, ranges)
    shapes = {name: made.shapes[code] for name, code in zip(made.names, made.codes, strict=True)}
    assert list(shapes) == [
        "m.l.0.q.weight", "m.l.0.q.bias", "m.l.0.k.weight", "m.l.0.n.weight", "m.l.0.n.bias",
        "m.l.1.q.weight", "m.l.1.q.bias", "m.l.1.k.weight", "m.l.1.n.weight", "m.l.1.n.bias",
        "m.l.1.x.0.w", "m.l.1.x.1.w", "m.here",
    ]  # fmt: skip
    assert shapes["m.l.0.q.weight"] == (8, 4)
    assert shapes["m.l.0.q.bias"] == (8,)
    assert shapes["m.here"] == ()
    assert count(rows, ranges) == len(made.names)


def test_sizes_follow_from_each_other_where_the_config_is_silent() -> None:
    table = """
    A num_heads|n_head 8
    K num_kv_heads A
    bias use_bias false
    D - 2*A
    """
    sizes = read_sizes(table, {"n_head": 4, "num_kv_heads": None, "use_bias": True, "-": 3})
    assert sizes.numbers == {"A": 4, "K": 4, "D": 8}
    assert sizes.flags == {"bias": True}
    assert sizes.known == {"n_head": 4, "num_kv_heads": 4}
