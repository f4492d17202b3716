"""Adapters that peft wrote, checked against peft; and the names that other trainers write."""

import json
import shutil

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import load

torch = pytest.importorskip("torch")

_ALL = ["q_proj", "v_proj", "up_proj", "down_proj"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a function that adapts a tiny Llama with peft, and returns where it is saved and the adapted model."""
    peft, transformers = pytest.importorskip("peft"), pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=64,
    )

    def save(kind, **options):
        folder = tmp_path_factory.mktemp(kind)
        base = transformers.LlamaForCausalLM(config)
        base.name_or_path = "meta-llama/Llama-3.1-8B"
        model = peft.get_peft_model(base, getattr(peft, f"{kind}Config")(task_type="CAUSAL_LM", **options))
        model.save_pretrained(folder)
        return folder, model

    return save


@pytest.fixture(scope="module")
def lora(saved):
    return saved("Lora", r=8, lora_alpha=16, target_modules=_ALL)


def tensors(graph):
    return {graph.path(int(i)): int(i) for i in graph.of_kind(NodeKind.TENSOR)}


def test_factors_stand_on_the_modules_that_they_adapt(lora):
    folder, model = lora
    graph = load(str(folder))
    wanted = {
        name.removeprefix("base_model.model.").replace(".default", ""): tuple(parameter.shape)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    nodes = tensors(graph)
    assert {name: graph.shape_of(node) for name, node in nodes.items()} == wanted
    node = nodes["model.layers.0.self_attn.q_proj.lora_A.weight"]
    told = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    assert graph.attribute(node, "tensor_name") == told
    module = graph.id_of("model.layers.0.self_attn.q_proj")
    assert [graph.attribute(module, key) for key in ("adapter", "rank", "alpha")] == ["LoRA", 8, 16]
    assert graph.attribute(0, "adapter.base_model_name_or_path") == "meta-llama/Llama-3.1-8B"
    assert graph.attribute(0, "adapter.r") == 8
    assert graph.format == "PEFT adapter"


def test_an_adapter_looks_like_its_model(lora):
    graph = load(str(lora[0]))
    kinds = {
        name: graph.kind_of(graph.id_of(f"model.layers.1.{name}"))
        for name in (
            "self_attn",
            "self_attn.q_proj",
            "self_attn.q_proj.lora_B",
            "mlp",
            "mlp.down_proj",
            "mlp.down_proj.lora_A",
        )
    }
    assert kinds == {
        "self_attn": NodeKind.ATTENTION,
        "self_attn.q_proj": NodeKind.PROJECTION,
        "self_attn.q_proj.lora_B": NodeKind.PROJECTION,
        "mlp": NodeKind.MLP,
        "mlp.down_proj": NodeKind.LINEAR,
        "mlp.down_proj.lora_A": NodeKind.LINEAR,
    }
    assert len(graph.of_kind(NodeKind.LAYER)) == 2


def test_the_file_alone_and_without_its_config(lora, tmp_path):
    folder, _ = lora
    whole = tensors(load(str(folder)))
    assert tensors(load(str(folder / "adapter_model.safetensors"))).keys() == whole.keys()
    shutil.copy(folder / "adapter_model.safetensors", tmp_path / "x.safetensors")
    graph = load(str(tmp_path / "x.safetensors"))
    assert tensors(graph).keys() == whole.keys()
    assert graph.attribute(0, "adapter") == "LoRA"
    assert graph.attribute(graph.id_of("model.layers.0.mlp.up_proj"), "rank") == 8


def test_a_pickled_adapter(lora, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    folder, _ = lora
    shutil.copy(folder / "adapter_config.json", tmp_path)
    torch.save(safetensors.load_file(folder / "adapter_model.safetensors"), tmp_path / "adapter_model.bin")
    assert tensors(load(str(tmp_path))).keys() == tensors(load(str(folder))).keys()


@pytest.mark.parametrize(
    ("kind", "options", "module", "adapter"),
    [
        ("Lora", {"use_dora": True, "r": 4, "target_modules": _ALL}, "model.layers.0.self_attn.q_proj", "DoRA"),
        ("Lora", {"r": 4, "target_modules": ["embed_tokens", "q_proj"]}, "model.embed_tokens", "LoRA"),
        ("IA3", {"target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]},
         "model.layers.1.mlp.down_proj", "(IA)3"),
        ("LoHa", {"r": 4, "target_modules": _ALL}, "model.layers.0.mlp.up_proj", "LoHa"),
        ("LoKr", {"r": 4, "target_modules": _ALL}, "model.layers.0.mlp.up_proj", "LoKr"),
        ("Vera", {"r": 4, "target_modules": ["q_proj"]}, "model.layers.0.self_attn.q_proj", "VeRA"),
    ],
    ids=["DoRA", "embedding", "IA3", "LoHa", "LoKr", "VeRA"],
)  # fmt: skip
def test_other_kinds(saved, kind, options, module, adapter):
    folder, _ = saved(kind, **options)
    graph = load(str(folder))
    node = graph.id_of(module)
    assert graph.attribute(node, "adapter") == adapter
    names = pytest.importorskip("safetensors").safe_open(folder / "adapter_model.safetensors", "np").keys()
    assert {graph.attribute(i, "tensor_name") or path for path, i in tensors(graph).items()} == set(names)
    if kind != "Vera":
        assert graph.kind_of(node) in (NodeKind.PROJECTION, NodeKind.LINEAR, NodeKind.EMBEDDING, NodeKind.MODULE)


def test_a_prompt_has_no_module(saved):
    folder, _ = saved("PromptTuning", num_virtual_tokens=8)
    graph = load(str(folder))
    assert {name: graph.shape_of(node) for name, node in tensors(graph).items()} == {"prompt_embeddings": (8, 32)}
    assert graph.attribute(0, "adapter") == "PROMPT_TUNING"


def _f32(*shape):
    return {"dtype": "F32", "shape": list(shape)}


@pytest.fixture
def written(write_safetensors):
    """Return a function that writes tensors of these names."""

    def write(tensors):
        at, header = 0, {}
        for name, described in tensors.items():
            size = 4
            for d in described["shape"]:
                size *= d
            header[name] = {**described, "data_offsets": [at, at + size]}
            at += size
        return write_safetensors(header, at)

    return write


def test_kohyas_names_get_their_dots_back(written):
    unet = "lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_q"
    text = "lora_te1_text_model_encoder_layers_11_self_attn_q_proj"
    odd = "lora_unet_down_blocks_0_my_own_thing"
    graph = load(
        str(
            written(
                {
                    f"{module}.{part}": _f32(*shape)
                    for module in (unet, text, odd)
                    for part, shape in (("lora_down.weight", (4, 8)), ("lora_up.weight", (8, 4)), ("alpha", ()))
                }
            )
        )
    )
    attention = graph.id_of("lora_unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1")
    q = graph.id_of("lora_unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_q")
    assert graph.kind_of(attention) == NodeKind.ATTENTION
    assert [graph.attribute(q, key) for key in ("adapter", "rank")] == ["LoRA", 4]
    down = graph.id_of("lora_te1.text_model.encoder.layers.11.self_attn.q_proj.lora_down.weight")
    assert graph.attribute(down, "tensor_name") == f"{text}.lora_down.weight"
    assert graph.shape_of(graph.id_of("lora_unet.down_blocks.0.my_own_thing.lora_up.weight")) == (8, 4)
    assert graph.total_parameters[0] == 3 * 64  # alpha is a setting


def test_two_names_that_would_be_one_path_stay_as_they_are(written):
    names = ["base_model.model.a.lora_A.weight", "a.lora_A.weight"]
    assert set(tensors(load(str(written({name: _f32(2, 2) for name in names}))))) == set(names)


def test_a_model_with_some_adapters_in_it_is_a_model(written):
    names = {f"layers.{k}.weight": _f32(2, 2) for k in range(5)} | {"layers.0.lora_A.weight": _f32(1, 2)}
    graph = load(str(written(names)))
    assert graph.attribute(0, "adapter") is None
    assert set(tensors(graph)) == set(names)


def test_rules_in_a_config_are_not_run(lora, tmp_path):
    """Keys of alpha_pattern are regular expressions: one that takes for ever must not be tried."""
    shutil.copytree(lora[0], tmp_path / "x")
    config = json.loads((tmp_path / "x" / "adapter_config.json").read_text())
    config["alpha_pattern"] = {"(a+)+$": 3, "layers.0.self_attn.q_proj": 64}
    (tmp_path / "x" / "adapter_config.json").write_text(json.dumps(config))
    graph = load(str(tmp_path / "x"))
    assert graph.attribute(graph.id_of("model.layers.0.self_attn.q_proj"), "alpha") == 64
    assert graph.attribute(graph.id_of("model.layers.1.self_attn.q_proj"), "alpha") is None


@pytest.mark.parametrize("config", ["", "[]", '{"r": 1, "r": 2', "[" * 100_000])
def test_configs_that_cannot_be_read(lora, tmp_path, config):
    shutil.copytree(lora[0], tmp_path / "x")
    (tmp_path / "x" / "adapter_config.json").write_text(config)
    with pytest.raises(InputError, match=r"adapter_config\.json"):
        load(str(tmp_path / "x"))


@pytest.mark.parametrize("config", ["{}", '{"target_modules": {"a": []}, "lora_alpha": "x", "alpha_pattern": [1]}'])
def test_configs_that_say_odd_things(lora, tmp_path, config):
    shutil.copytree(lora[0], tmp_path / "x")
    (tmp_path / "x" / "adapter_config.json").write_text(config)
    assert len(tensors(load(str(tmp_path / "x")))) == 16


def test_a_config_without_an_adapter(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match=r"has an adapter_config\.json but no adapter"):
        load(str(tmp_path))
