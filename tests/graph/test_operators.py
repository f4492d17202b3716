"""What operators are, by their types as files write them."""

import pytest
from onnx.defs import get_all_schemas

from archviz3d.graph import NodeKind
from archviz3d.graph.operators import operator_kind


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("Conv", NodeKind.CONV),
        ("QLinearConv", NodeKind.CONV),
        ("aten.convolution.default", NodeKind.CONV),
        ("aten::_convolution", NodeKind.CONV),
        ("torch.ops.aten.conv2d.default", NodeKind.CONV),
        ("Gemm", NodeKind.LINEAR),
        ("aten.addmm.default", NodeKind.LINEAR),
        ("aten::linear", NodeKind.LINEAR),
        ("MatMulNBits", NodeKind.LINEAR),
        ("aten._native_batch_norm_legit_no_training.default", NodeKind.NORM),
        ("com.microsoft.SkipLayerNormalization", NodeKind.NORM),
        ("com.microsoft::GroupQueryAttention", NodeKind.ATTENTION),
        ("aten.scaled_dot_product_attention.default", NodeKind.ATTENTION),
        ("aten.relu_.default", NodeKind.ACTIVATION),
        ("aten::max_pool2d", NodeKind.POOL),
        ("aten.embedding.default", NodeKind.EMBEDDING),
        ("LSTM", NodeKind.RECURRENT),
        ("Add", NodeKind.OPERATOR),
        ("aten.add.Tensor", NodeKind.OPERATOR),
        ("aten.mm", NodeKind.LINEAR),
        ("", NodeKind.OPERATOR),
        (".", NodeKind.OPERATOR),
    ],
)
def test_kinds_of_types(operator, kind):
    assert operator_kind(operator) == kind


def test_families_of_onnx_are_complete():
    names = {schema.name for schema in get_all_schemas() if schema.domain == ""}
    assert len(names) > 150
    for name in names:
        if name.endswith("Pool") and name != "MaxUnpool":
            assert operator_kind(name) == NodeKind.POOL, name
        if name.endswith("Normalization"):
            assert operator_kind(name) == NodeKind.NORM, name
        if "Conv" in name:
            assert operator_kind(name) == NodeKind.CONV, name
        if name.endswith("MatMul"):
            assert operator_kind(name) == NodeKind.LINEAR, name
