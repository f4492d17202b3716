import numpy as np
import pytest

from .conftest import RECIPES, convolutional, mixture, value


def test_experts_count_as_often_as_they_are_chosen():
    graph = mixture(top_k=1)
    experts, rest = 4 * 28, 16 + 12
    for path, share in {
        "embed": 1, "layers.0.attn": 1, "layers.0.moe.gate": 1, "layers.0.moe.shared": 1,
        "layers.0.moe.experts.3": 1 / 4, "layers.0.moe.experts.3.down.bias": 1 / 4, "layers.0.moe.experts": 1 / 4,
        "layers.0.moe": (experts / 4 + rest) / (experts + rest),
    }.items():  # fmt: skip
        assert value(graph, "active", path) == pytest.approx(share, rel=1e-6), path
    main = 40 + 48 + 4 + rest + experts + 40  # without the layer that predicts further tokens
    assert value(graph, "active", "") == pytest.approx((main - experts * 3 / 4) / main, rel=1e-6)


@pytest.mark.parametrize("path", ["mtp", "optimizer", "layers.0.moe.experts.3.down.weight_scale_inv"])
def test_what_is_not_part_of_the_model_has_no_share(path):
    assert np.isnan(value(mixture(), "active", path))


def test_nothing_is_guessed():
    assert RECIPES["active"].missing(mixture(top_k=None)) == "nothing says how many experts a token takes"
    assert "no routed experts" in str(RECIPES["active"].missing(convolutional()))
