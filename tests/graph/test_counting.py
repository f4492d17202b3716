import pytest

from archviz3d.graph.counting import is_quantised, logical_parameters


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "expected"),
    [
        ("weight", "BF16", (4, 8), 32),
        ("weight_scale_inv", "F32", (1, 1), 0),
        ("gate_up_proj_blocks", "U8", (2, 4, 3, 16), 768),  # two 4-bit values a byte
        ("gate_up_proj_scales", "U8", (2, 4, 3), 0),
        ("blocks", "U8", (2, 4, 3, 16), 768),  # gpt-oss as OpenAI stores it: mlp1_weight.blocks
        ("scales", "U8", (2, 4, 3), 0),
        ("scale", "F32", (16, 56), 0),  # DeepSeek-V3 as its own inference code stores it
        ("scale", "F8_E8M0", (56,), 0),
        ("weight_scale_2", "F32", (), 0),
        ("qzeros", "I32", (1, 8), 0),
        ("bitsandbytes__nf4", "U8", (80,), 0),  # ...weight.quant_state.bitsandbytes__nf4
        ("e_score_correction_bias", "F32", (256,), 256),
        ("running_mean", "F32", (64,), 0),
        ("num_batches_tracked", "I64", (), 0),
        ("summary_idxs", "I64", (2,), 0),
        ("inv_freq", "F32", (64,), 0),
        ("bias", "F32", (1, 1, 1024, 1024), 0),  # GPT-2's causal mask
        ("bias", "F32", (1024,), 1024),
        ("mask", "BOOL", (8, 8), 0),
        ("bias", "F32", (1, 1, 1, 64), 64),  # ConvNeXt V2's response normalisation
        ("layer_scale", "F32", (64,), 64),
        ("per_dim_scale", "F32", (12,), 12),  # learned, whatever it is beside
        ("down_proj_input_scale", "F32", (8,), 0),
        ("embed_avg", "F32", (64, 8), 0),
        ("scale", "F32", (64,), 64),
        ("weight", "F32", (), 1),
        ("weight", "F32", (0, 4), 0),
    ],
)
def test_what_counts(name, dtype, shape, expected):
    assert logical_parameters(name, dtype, shape) == expected


def test_where_nothing_is_quantised_a_scale_is_learned():
    assert logical_parameters("scale", "F32", (16, 56), quantised=False) == 16 * 56
    assert logical_parameters("weight_scale", "F32", (16,), quantised=False) == 0


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [(["BF16", "F32", "I64"], False), (["BF16", "F8_E4M3"], True), (["F16", "I32"], True), (["U8"], True), ([], False)],
)
def test_quantised_files_are_told_by_their_dtypes(dtypes, expected):
    assert is_quantised(dtypes) is expected
