"""How blocks are wired inside, as data: each row is one known way, and only an exact match counts."""

from dataclasses import dataclass

from ..kinds import EdgeKind
from ..kinds import NodeKind as K

__all__ = ["MODEL_CHAINS", "MODEL_ROLES", "SAME_ROLE", "TRANSPARENT", "WIRINGS", "Chain", "Wiring"]


@dataclass(frozen=True, slots=True)
class Chain:
    """Roles that data passes in this order; absent ones are passed over. ``@`` is the container's residual stream."""

    roles: tuple[str, ...]
    kind: EdgeKind = EdgeKind.DATA


@dataclass(frozen=True, slots=True)
class Wiring:
    """A known way to wire a block.

    Attributes
    ----------
    needs : frozenset of str
        Roles that must be there.
    may : frozenset of str
        Roles that may be there. A child with weights and any other role: another architecture, no flow.
    chains : tuple of Chain
    alone : bool
        Holds only where no other layer of the stack has more norms: a norm that is missing because of a
        missing shard must not look like a parallel block.
    """

    needs: frozenset[str]
    may: frozenset[str]
    chains: tuple[Chain, ...]
    alone: bool = False


def _wiring(needs: str, may: str, *chains: str, alone: bool = False) -> Wiring:
    rows = tuple(Chain(tuple(chain.split())) for chain in chains)
    return Wiring(frozenset(needs.split()), frozenset(may.split()), rows, alone)


# Containers that only group parts of the block they stand in.
TRANSPARENT = frozenset(("attention.self", "attention.output", "mtp.head", "mtp.nextn", "moe.group"))
# Roles that stand at the same point of a wiring.
SAME_ROLE = {"moe": "mlp", "recurrent": "attention"}

_Q = "attention.q attention.q_norm heads attention.o attention.norm"
_K = "attention.k attention.k_norm heads attention.o"
_V = "attention.v heads attention.o"
_KV_A = "attention.kv_a attention.kv_a_norm attention.kv_b heads attention.o"
_K_B = "attention.kv_a attention.kv_a_norm attention.k_b heads attention.o"
_V_B = "attention.kv_a attention.kv_a_norm attention.v_b heads attention.o"
_BESIDE_ATTENTION = "heads attention.bias attention.sinks attention.position"

_ATTENTION = (
    _wiring(
        "attention.q attention.k attention.v attention.o",
        f"attention.q_norm attention.k_norm attention.norm {_BESIDE_ATTENTION}",
        _Q,
        _K,
        _V,
    ),
    _wiring(
        "attention.qkv attention.o",
        f"attention.q_norm attention.k_norm {_BESIDE_ATTENTION}",
        "attention.qkv heads attention.o",
        "attention.qkv attention.q_norm heads",
        "attention.qkv attention.k_norm heads",
    ),
    _wiring(
        "attention.q_a attention.q_a_norm attention.q_b attention.kv_a attention.kv_a_norm attention.kv_b attention.o",
        _BESIDE_ATTENTION,
        "attention.q_a attention.q_a_norm attention.q_b heads attention.o",
        _KV_A,
    ),
    _wiring(
        "attention.q attention.kv_a attention.kv_a_norm attention.kv_b attention.o",
        _BESIDE_ATTENTION,
        "attention.q heads attention.o",
        _KV_A,
    ),
    _wiring(
        "attention.q_a attention.q_a_norm attention.q_b attention.kv_a attention.kv_a_norm attention.k_b attention.v_b"
        " attention.o",
        _BESIDE_ATTENTION,
        "attention.q_a attention.q_a_norm attention.q_b heads attention.o",
        _K_B,
        _V_B,
    ),
    _wiring(
        "attention.q attention.kv_a attention.kv_a_norm attention.k_b attention.v_b attention.o",
        _BESIDE_ATTENTION,
        "attention.q heads attention.o",
        _K_B,
        _V_B,
    ),
)
_MLP = (
    _wiring("mlp.gate mlp.up mlp.down", "mlp.bias mlp.scales", "mlp.gate mlp.down", "mlp.up mlp.down"),
    _wiring("mlp.gate_up mlp.down", "mlp.bias mlp.scales", "mlp.gate_up mlp.down"),
    _wiring("mlp.up mlp.down", "mlp.bias mlp.scales", "mlp.up mlp.down"),
    _wiring("mlp.down mlp.norm", "", "mlp.down mlp.norm"),  # the second half of BERT's
)
_CROSS = "layer.norm.cross attention.cross"
_LAYER = (
    _wiring(  # norms before blocks: Llama, GPT-2 and most since; both norms read the stream in parallel blocks, too
        "layer.norm.attention attention layer.norm.mlp mlp",
        _CROSS,
        "@ layer.norm.attention attention @",
        "@ layer.norm.cross attention.cross @",
        "@ layer.norm.mlp mlp @",
    ),
    _wiring(  # norms before and after: Gemma 2, GLM-4
        "layer.norm.attention attention layer.norm.attention.post layer.norm.mlp mlp layer.norm.mlp.post",
        "",
        "@ layer.norm.attention attention layer.norm.attention.post @",
        "@ layer.norm.mlp mlp layer.norm.mlp.post @",
    ),
    _wiring(  # norms after blocks, before the sum: OLMo 2
        "attention layer.norm.attention.post mlp layer.norm.mlp.post",
        "",
        "@ attention layer.norm.attention.post @",
        "@ mlp layer.norm.mlp.post @",
    ),
    _wiring(  # norms after the sum, inside the blocks: BERT
        "attention mlp.input mlp.output", "attention.cross", "@ attention @", "@ attention.cross @",
        "@ mlp.input mlp.output @",
    ),
    _wiring(  # Hugging Face's ViT: BERT's modules with norms before
        "layer.norm.attention attention layer.norm.mlp mlp.input mlp.output", "",
        "@ layer.norm.attention attention @", "@ layer.norm.mlp mlp.input mlp.output @",
    ),
    _wiring(  # one norm for two parallel blocks: GPT-J, Phi, Falcon 7B, Command R
        "layer.norm.attention attention mlp", "", "@ layer.norm.attention attention @", "layer.norm.attention mlp @",
        alone=True,
    ),
)  # fmt: skip
_MLP_OF_LAYER = "mlp.up mlp.down"  # an MLP without a module of its own
# Norms after the sum (BART, Marian): each block reads what the norm before it puts out, and is added to that.
_SUMS = "layer.norm.attention.sum layer.norm.cross.sum layer.norm.mlp.sum"


def _after_sums(mlp: str) -> Wiring:
    into_norms = "@ attention layer.norm.attention.sum attention.cross layer.norm.cross.sum"
    return Wiring(
        frozenset(f"attention layer.norm.attention.sum {mlp} layer.norm.mlp.sum".split()),
        frozenset(["attention.cross", "layer.norm.cross.sum"]),
        (
            Chain(tuple(f"{into_norms} {mlp} layer.norm.mlp.sum @".split())),
            Chain(tuple(f"@ {_SUMS}".split()), EdgeKind.RESIDUAL),
        ),
    )


_LAYER_OF_BART = (
    _wiring(  # norms before (Whisper, OPT, mBART)
        f"layer.norm.attention attention layer.norm.mlp {_MLP_OF_LAYER}", _CROSS,
        "@ layer.norm.attention attention @", "@ layer.norm.cross attention.cross @",
        f"@ layer.norm.mlp {_MLP_OF_LAYER} @",
    ),
    _after_sums(_MLP_OF_LAYER),
    _after_sums("mlp"),  # DistilBERT
)  # fmt: skip
_MTP = (
    _wiring(
        "mtp.norm.embedding mtp.norm.hidden mtp.projection layer.norm.attention attention layer.norm.mlp mlp",
        "mtp.embedding mtp.norm.final mtp.output",
        "mtp.embedding mtp.norm.embedding mtp.projection @",
        "mtp.norm.hidden mtp.projection",
        "@ layer.norm.attention attention @",
        "@ layer.norm.mlp mlp @",
        "@ mtp.norm.final",
        "mtp.norm.final mtp.output",
    ),
)
_MOE = (
    Wiring(
        frozenset(("moe.router", "moe.experts")),
        frozenset(("moe.shared", "moe.shared_gate", "moe.bias")),
        (
            Chain(("moe.router", "moe.experts"), EdgeKind.ROUTED),
            Chain(("moe.shared_gate", "moe.shared")),
        ),
    ),
)
_EMBEDDING = (
    _wiring(
        "embedding.token embedding.norm", "embedding.position embedding.type", "embedding.token embedding.norm",
        "embedding.position embedding.norm", "embedding.type embedding.norm",
    ),
)  # fmt: skip

WIRINGS: dict[K, tuple[Wiring, ...]] = {
    K.ATTENTION: _ATTENTION,
    K.MLP: _MLP,
    K.EXPERT: _MLP,
    K.SHARED_EXPERT: _MLP,
    K.MOE: _MOE,
    K.LAYER: _LAYER + _LAYER_OF_BART,
    K.MTP: _MTP,
    K.EMBEDDING: _EMBEDDING,
}

# Around a stack. These parts may stand at different depths.
MODEL_CHAINS: tuple[Chain, ...] = tuple(
    Chain(tuple(chain.split()))
    for chain in (
        "embedding embedding.norm stack norm.final output",
        "embedding.position embedding.norm stack",
        "stack norm.final pooler output.classifier",
    )
)
MODEL_ROLES = frozenset(role for chain in MODEL_CHAINS for role in chain.roles)
