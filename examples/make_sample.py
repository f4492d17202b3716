"""Make the sample model: a small mixture-of-experts transformer that has learnt this repository's licence by heart.

    python examples/make_sample.py [OUTPUT]        # default: resources/sample.pt; needs torch; a few minutes

The model predicts the next byte of the text. It is small enough to ship (about 1 MB in bfloat16) and has every kind of
part that the viewer knows: embedding, grouped-query attention with normed queries and keys, one dense layer, layers
with a router, sixteen experts and a gated shared expert, norms and an output head. Names and config keys are those of
published mixture-of-experts checkpoints, and the weights are trained, so that pictures of them show structure.

Run twice on one machine, it writes the same bytes: one thread, one seed.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parent.parent
CONFIG: dict[str, Any] = {
    "model_type": "sample_moe",
    "hidden_act": "silu",
    "hidden_size": 64,
    "num_hidden_layers": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "intermediate_size": 192,
    "first_k_dense_replace": 1,
    "num_experts": 16,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "n_shared_experts": 1,
    "shared_expert_intermediate_size": 16,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "vocab_size": 256,
    "dtype": "bfloat16",
}
HIDDEN = CONFIG["hidden_size"]
STEPS, BATCH, CONTEXT = 400, 16, 96
BALANCE = 0.01  # weight of the loss that keeps the experts equally busy


def norm(width: int) -> nn.RMSNorm:
    return nn.RMSNorm(width, eps=CONFIG["rms_norm_eps"])


class Attention(nn.Module):
    """Causal grouped-query attention with rotary positions."""

    def __init__(self) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.width = (
            CONFIG[key] for key in ("num_attention_heads", "num_key_value_heads", "head_dim")
        )
        self.q_proj = nn.Linear(HIDDEN, self.heads * self.width, bias=False)
        self.k_proj = nn.Linear(HIDDEN, self.kv_heads * self.width, bias=False)
        self.v_proj = nn.Linear(HIDDEN, self.kv_heads * self.width, bias=False)
        self.o_proj = nn.Linear(self.heads * self.width, HIDDEN, bias=False)
        self.q_norm, self.k_norm = norm(self.width), norm(self.width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q = rotate(self.q_norm(self.q_proj(x).view(batch, length, self.heads, self.width)).transpose(1, 2))
        k = rotate(self.k_norm(self.k_proj(x).view(batch, length, self.kv_heads, self.width)).transpose(1, 2))
        v = self.v_proj(x).view(batch, length, self.kv_heads, self.width).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))


def rotate(x: Tensor) -> Tensor:
    """Turn pairs of channels by an angle that grows with the position."""
    length, width = x.shape[-2:]
    frequencies = CONFIG["rope_theta"] ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(length)[:, None] * frequencies
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * angles.cos() - right * angles.sin(), right * angles.cos() + left * angles.sin()], dim=-1)


class MLP(nn.Module):
    """A gated feed-forward network; an expert is a narrow one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(HIDDEN, width, bias=False)
        self.up_proj = nn.Linear(HIDDEN, width, bias=False)
        self.down_proj = nn.Linear(width, HIDDEN, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class MixtureOfExperts(nn.Module):
    """A router that sends each token to a few experts, beside an expert that all tokens share."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(HIDDEN, CONFIG["num_experts"], bias=False)
        self.experts = nn.ModuleList(MLP(CONFIG["moe_intermediate_size"]) for _ in range(CONFIG["num_experts"]))
        self.shared_expert = MLP(CONFIG["shared_expert_intermediate_size"])
        self.shared_expert_gate = nn.Linear(HIDDEN, 1, bias=False)
        self.balance_loss = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        probabilities = self.gate(x).softmax(dim=-1)
        chosen = probabilities.topk(CONFIG["num_experts_per_tok"], dim=-1)
        share = torch.zeros_like(probabilities).scatter(-1, chosen.indices, chosen.values)
        share = share / share.sum(dim=-1, keepdim=True)
        load = (share > 0).float().mean(dim=(0, 1)) / CONFIG["num_experts_per_tok"]
        self.balance_loss = CONFIG["num_experts"] * (load * probabilities.mean(dim=(0, 1))).sum()
        # At this size, running every expert on every token is quicker than sorting the tokens by expert.
        routed = sum(share[..., i, None] * expert(x) for i, expert in enumerate(self.experts))
        return routed + self.shared_expert_gate(x).sigmoid() * self.shared_expert(x)


class Layer(nn.Module):
    def __init__(self, index: int) -> None:
        super().__init__()
        self.input_layernorm = norm(HIDDEN)
        self.self_attn = Attention()
        self.post_attention_layernorm = norm(HIDDEN)
        dense = index < CONFIG["first_k_dense_replace"]
        self.mlp = MLP(CONFIG["intermediate_size"]) if dense else MixtureOfExperts()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(CONFIG["vocab_size"], HIDDEN)
        self.layers = nn.ModuleList(Layer(i) for i in range(CONFIG["num_hidden_layers"]))
        self.norm = norm(HIDDEN)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed_tokens(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


class LanguageModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = Transformer()
        self.lm_head = nn.Linear(HIDDEN, CONFIG["vocab_size"], bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.lm_head(self.model(tokens))


def train(text: Tensor) -> LanguageModel:
    """Learn to predict each next byte of the text."""
    model = LanguageModel()
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.08)
    routers = [module for module in model.modules() if isinstance(module, MixtureOfExperts)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=STEPS, pct_start=0.1)
    for step in range(STEPS):
        starts = torch.randint(len(text) - CONTEXT, (BATCH,))
        batch = torch.stack([text[start : start + CONTEXT + 1] for start in starts.tolist()])
        loss = functional.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        balance = torch.stack([router.balance_loss for router in routers]).mean()
        optimizer.zero_grad()
        (loss + BALANCE * balance).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == STEPS - 1:
            print(f"step {step:4d}   loss {loss.item():.3f} nats a byte   balance {balance.item():.3f} (1 is even)")
    return model


def main() -> None:
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "sample.pt"
    torch.set_num_threads(1)
    torch.manual_seed(20)
    text = torch.tensor(list((ROOT / "LICENSE").read_bytes()))
    model = train(text).to(torch.bfloat16)
    torch.save({"config": CONFIG, "model": model.state_dict()}, output)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{output}: {parameters} parameters, {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
