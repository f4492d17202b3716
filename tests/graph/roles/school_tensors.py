"""Tensors of every naming school: real names, sizes made small."""

H, V, W, E = 32, 96, 64, 8  # hidden size, vocabulary, width of an MLP, experts
Shapes = dict[str, tuple[int, ...]]


def linear(name: str, out: int, into: int, bias: bool = False) -> Shapes:
    return {f"{name}.weight": (out, into)} | ({f"{name}.bias": (out,)} if bias else {})


def conv1d(name: str, out: int, into: int) -> Shapes:
    """A linear layer as GPT-2 stores it: transposed."""
    return {f"{name}.weight": (into, out), f"{name}.bias": (out,)}


def norm(name: str, size: int = H, bias: bool = False) -> Shapes:
    return {f"{name}.weight": (size,)} | ({f"{name}.bias": (size,)} if bias else {})


def separate_attention(p: str, heads: int = 4, kv: int = 2, dim: int = 8, o: str = "o_proj") -> Shapes:
    return {
        **linear(f"{p}.q_proj", heads * dim, H),
        **linear(f"{p}.k_proj", kv * dim, H),
        **linear(f"{p}.v_proj", kv * dim, H),
        **linear(f"{p}.{o}", H, heads * dim),
    }


def gated_mlp(p: str, width: int = W, names: str = "gate_proj up_proj down_proj") -> Shapes:
    gate, up, down = names.split()
    return {**linear(f"{p}.{gate}", width, H), **linear(f"{p}.{up}", width, H), **linear(f"{p}.{down}", H, width)}


def llama_frame(layers: list[Shapes], p: str = "model.") -> Shapes:
    out = linear(f"{p}embed_tokens", V, H)
    for layer in layers:
        out |= layer
    return out | norm(f"{p}norm") | linear("lm_head", V, H)


def llama_layer(p: str, mlp: Shapes) -> Shapes:
    return {
        **separate_attention(f"{p}.self_attn"),
        **mlp,
        **norm(f"{p}.input_layernorm"),
        **norm(f"{p}.post_attention_layernorm"),
    }


def llama(p: str = "model.") -> Shapes:
    return llama_frame([llama_layer(f"{p}layers.{i}", gated_mlp(f"{p}layers.{i}.mlp")) for i in range(3)], p)


def gpt2(p: str) -> Shapes:
    out = linear(f"{p}wte", V, H) | linear(f"{p}wpe", 16, H)
    for i in range(2):
        h = f"{p}h.{i}"
        out |= norm(f"{h}.ln_1", bias=True) | {f"{h}.attn.bias": (1, 1, 16, 16)}
        out |= conv1d(f"{h}.attn.c_attn", 3 * H, H) | conv1d(f"{h}.attn.c_proj", H, H)
        out |= norm(f"{h}.ln_2", bias=True)
        out |= conv1d(f"{h}.mlp.c_fc", 4 * H, H) | conv1d(f"{h}.mlp.c_proj", H, 4 * H)
    return out | norm(f"{p}ln_f", bias=True)


def bert(p: str = "bert.") -> Shapes:
    e = f"{p}embeddings"
    out = linear(f"{e}.word_embeddings", V, H) | linear(f"{e}.position_embeddings", 16, H)
    out |= linear(f"{e}.token_type_embeddings", 2, H) | norm(f"{e}.LayerNorm", bias=True)
    for i in range(2):
        a = f"{p}encoder.layer.{i}"
        for name in ("query", "key", "value"):
            out |= linear(f"{a}.attention.self.{name}", H, H, True)
        out |= linear(f"{a}.attention.output.dense", H, H, True) | norm(f"{a}.attention.output.LayerNorm", bias=True)
        out |= linear(f"{a}.intermediate.dense", 4 * H, H, True) | linear(f"{a}.output.dense", H, 4 * H, True)
        out |= norm(f"{a}.output.LayerNorm", bias=True)
    out |= linear(f"{p}pooler.dense", H, H, True)
    out |= {"cls.predictions.bias": (V,)} | linear("cls.predictions.transform.dense", H, H, True)
    return out | norm("cls.predictions.transform.LayerNorm", bias=True) | linear("cls.predictions.decoder", V, H, True)


def mla_attention(p: str, heads: int = 4, q_lora: int | None = 24) -> Shapes:
    nope, rope, value, kv_lora = 8, 4, 8, 16
    out: Shapes = {}
    if q_lora is None:
        out |= linear(f"{p}.q_proj", heads * (nope + rope), H)
    else:
        out |= linear(f"{p}.q_a_proj", q_lora, H) | norm(f"{p}.q_a_layernorm", q_lora)
        out |= linear(f"{p}.q_b_proj", heads * (nope + rope), q_lora)
    out |= linear(f"{p}.kv_a_proj_with_mqa", kv_lora + rope, H) | norm(f"{p}.kv_a_layernorm", kv_lora)
    return out | linear(f"{p}.kv_b_proj", heads * (nope + value), kv_lora) | linear(f"{p}.o_proj", H, heads * value)


def deepseek_layer(p: str, moe: bool, q_lora: int | None = 24) -> Shapes:
    out = mla_attention(f"{p}.self_attn", q_lora=q_lora)
    if moe:
        out |= linear(f"{p}.mlp.gate", E, H) | {f"{p}.mlp.gate.e_score_correction_bias": (E,)}
        out |= gated_mlp(f"{p}.mlp.shared_experts", 16)
        for e in range(E):
            out |= gated_mlp(f"{p}.mlp.experts.{e}", 16)
    else:
        out |= gated_mlp(f"{p}.mlp")
    return out | norm(f"{p}.input_layernorm") | norm(f"{p}.post_attention_layernorm")


def deepseek_v3() -> Shapes:
    layers = [deepseek_layer(f"model.layers.{i}", i > 0) for i in range(4)]
    p = "model.layers.3"
    layers[3] |= linear(f"{p}.embed_tokens", V, H) | norm(f"{p}.enorm") | norm(f"{p}.hnorm")
    layers[3] |= (
        linear(f"{p}.eh_proj", H, 2 * H) | norm(f"{p}.shared_head.norm") | linear(f"{p}.shared_head.head", V, H)
    )
    return llama_frame(layers)


def mixtral() -> Shapes:
    def layer(p: str) -> Shapes:
        moe = linear(f"{p}.block_sparse_moe.gate", E, H)
        for e in range(E):
            moe |= gated_mlp(f"{p}.block_sparse_moe.experts.{e}", W, "w1 w3 w2")
        return llama_layer(p, moe)

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def qwen2_moe() -> Shapes:
    def layer(p: str) -> Shapes:
        moe = (
            linear(f"{p}.mlp.gate", E, H)
            | gated_mlp(f"{p}.mlp.shared_expert")
            | linear(f"{p}.mlp.shared_expert_gate", 1, H)
        )
        for e in range(E):
            moe |= gated_mlp(f"{p}.mlp.experts.{e}", 16)
        return llama_layer(p, moe)

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def qwen3_norms() -> Shapes:
    layers = []
    for i in range(2):
        p = f"model.layers.{i}"
        layers.append(
            llama_layer(p, gated_mlp(f"{p}.mlp")) | norm(f"{p}.self_attn.q_norm", 8) | norm(f"{p}.self_attn.k_norm", 8)
        )
    return llama_frame(layers)


def gpt_oss() -> Shapes:
    def layer(p: str) -> Shapes:
        x = f"{p}.mlp.experts"
        moe = linear(f"{p}.mlp.router", E, H, True) | {
            f"{x}.gate_up_proj_blocks": (E, 2 * W, H // 32, 16),
            f"{x}.gate_up_proj_scales": (E, 2 * W, H // 32),
            f"{x}.gate_up_proj_bias": (E, 2 * W),
            f"{x}.down_proj_blocks": (E, H, W // 32, 16),
            f"{x}.down_proj_scales": (E, H, W // 32),
            f"{x}.down_proj_bias": (E, H),
        }
        return llama_layer(p, moe) | {f"{p}.self_attn.sinks": (4,)}

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def fused() -> Shapes:
    """Mixtral as a live transformers 5 module names it."""

    def layer(p: str) -> Shapes:
        x = f"{p}.mlp.experts"
        moe = {f"{p}.mlp.gate.weight": (E, H), f"{x}.gate_up_proj": (E, 2 * W, H), f"{x}.down_proj": (E, H, W)}
        return llama_layer(p, moe)

    return llama_frame([layer(f"model.layers.{i}") for i in range(2)])


def torch_encoder() -> Shapes:
    out: Shapes = {}
    for i in range(2):
        p = f"layers.{i}"
        out |= {f"{p}.self_attn.in_proj_weight": (3 * H, H), f"{p}.self_attn.in_proj_bias": (3 * H,)}
        out |= linear(f"{p}.self_attn.out_proj", H, H, True)
        out |= linear(f"{p}.linear1", W, H, True) | linear(f"{p}.linear2", H, W, True)
        out |= norm(f"{p}.norm1", bias=True) | norm(f"{p}.norm2", bias=True)
    return out


def t5() -> Shapes:
    out = linear("shared", V, H)
    for side, blocks in (("encoder", ["SelfAttention"]), ("decoder", ["SelfAttention", "EncDecAttention"])):
        for i in range(2):
            p = f"{side}.block.{i}.layer"
            for k, attention in enumerate(blocks):
                for name in "qkvo":
                    out |= linear(f"{p}.{k}.{attention}.{name}", H, H)
                out |= norm(f"{p}.{k}.layer_norm")
            out |= linear(f"{p}.{len(blocks)}.DenseReluDense.wi", W, H) | linear(
                f"{p}.{len(blocks)}.DenseReluDense.wo", H, W
            )
            out |= norm(f"{p}.{len(blocks)}.layer_norm")
        out |= linear(f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias", 32, 4) | norm(
            f"{side}.final_layer_norm"
        )
    return out


def neox() -> Shapes:
    out = linear("gpt_neox.embed_in", V, H)
    for i in range(2):
        p = f"gpt_neox.layers.{i}"
        out |= linear(f"{p}.attention.query_key_value", 3 * H, H, True) | linear(f"{p}.attention.dense", H, H, True)
        out |= linear(f"{p}.mlp.dense_h_to_4h", W, H, True) | linear(f"{p}.mlp.dense_4h_to_h", H, W, True)
        out |= norm(f"{p}.input_layernorm", bias=True) | norm(f"{p}.post_attention_layernorm", bias=True)
    return out | norm("gpt_neox.final_layer_norm", bias=True) | linear("embed_out", V, H)


def phi() -> Shapes:
    out = linear("model.embed_tokens", V, H)
    for i in range(2):
        p = f"model.layers.{i}"
        out |= separate_attention(f"{p}.self_attn", kv=4, o="dense") | norm(f"{p}.input_layernorm", bias=True)
        out |= linear(f"{p}.mlp.fc1", W, H, True) | linear(f"{p}.mlp.fc2", H, W, True)
    return out | norm("model.final_layernorm", bias=True) | linear("lm_head", V, H, True)


def gemma2() -> Shapes:
    layers = []
    for i in range(2):
        p = f"model.layers.{i}"
        layer = llama_layer(p, gated_mlp(f"{p}.mlp"))
        layers.append(layer | norm(f"{p}.pre_feedforward_layernorm") | norm(f"{p}.post_feedforward_layernorm"))
    return llama_frame(layers)


def resnet() -> Shapes:
    def bn(name: str, c: int) -> Shapes:
        return norm(name, c, True) | {
            f"{name}.running_mean": (c,),
            f"{name}.running_var": (c,),
            f"{name}.num_batches_tracked": (),
        }

    out = {"conv1.weight": (8, 3, 7, 7)} | bn("bn1", 8)
    for i in range(2):
        out |= {f"layer1.{i}.conv1.weight": (8, 8, 3, 3)} | bn(f"layer1.{i}.bn1", 8)
    return out | linear("fc", 10, 8, True)


def meta_llama() -> Shapes:
    out = linear("tok_embeddings", V, H)
    for i in range(2):
        p = f"layers.{i}"
        for name in ("wq", "wk", "wv", "wo"):
            out |= linear(f"{p}.attention.{name}", H, H)
        out |= gated_mlp(f"{p}.feed_forward", W, "w1 w3 w2") | norm(f"{p}.attention_norm") | norm(f"{p}.ffn_norm")
    return out | norm("norm") | linear("output", V, H)


def falcon() -> Shapes:
    out = linear("transformer.word_embeddings", V, H)
    for i in range(2):
        p = f"transformer.h.{i}"
        out |= linear(f"{p}.self_attention.query_key_value", 6 * 8, H) | linear(f"{p}.self_attention.dense", H, H)
        out |= linear(f"{p}.mlp.dense_h_to_4h", W, H) | linear(f"{p}.mlp.dense_4h_to_h", H, W)
        out |= norm(f"{p}.input_layernorm", bias=True)
    return out | norm("transformer.ln_f", bias=True) | linear("lm_head", V, H)


def gpt_neo() -> Shapes:
    out = linear("transformer.wte", V, H) | linear("transformer.wpe", 16, H)
    for i in range(2):
        p = f"transformer.h.{i}"
        out |= separate_attention(f"{p}.attn.attention", kv=4, o="out_proj") | norm(f"{p}.ln_1", bias=True)
        out |= (
            linear(f"{p}.mlp.c_fc", W, H, True) | linear(f"{p}.mlp.c_proj", H, W, True) | norm(f"{p}.ln_2", bias=True)
        )
    return out | norm("transformer.ln_f", bias=True)
