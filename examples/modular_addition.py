"""Train a small network on addition modulo 113 and save it, to look at weights that mean something.

    python examples/modular_addition.py FOLDER [STEPS]

The network learns to add on a circle, so its embeddings become waves over the numbers (Nanda et al. 2023, "Progress
measures for grokking via mechanistic interpretability"): stripes that one sees in the heat map of `embed`. Needs torch
and safetensors; some seconds.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

MODULUS, WIDTH, HIDDEN = 113, 64, 256
STEPS = 1500


class Adder(nn.Module):
    """Numbers in, their sum's logits out."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(MODULUS, WIDTH)
        self.up_proj = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.down_proj = nn.Linear(HIDDEN, WIDTH, bias=False)
        self.lm_head = nn.Linear(WIDTH, MODULUS, bias=False)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        hidden = self.embed(a) + self.embed(b)
        return self.lm_head(self.down_proj(torch.relu(self.up_proj(hidden))))


def train(steps: int) -> tuple[Adder, float]:
    """Return the network and the share of sums that it gets right."""
    torch.manual_seed(0)
    model = Adder()
    a, b = (n.flatten() for n in torch.meshgrid(torch.arange(MODULUS), torch.arange(MODULUS), indexing="ij"))
    target = (a + b) % MODULUS
    # Strong weight decay is what makes the circle cheaper than a table of all sums.
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=3.0, betas=(0.9, 0.98))
    for _ in range(steps):
        batch = torch.randint(0, len(a), (1024,))
        loss = nn.functional.cross_entropy(model(a[batch], b[batch]), target[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = float((model(a, b).argmax(1) == target).float().mean())
    return model, right


def main(folder: Path, steps: int) -> None:
    """Train and save."""
    model, right = train(steps)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.safetensors"
    save_file({name: value.to(torch.bfloat16) for name, value in model.state_dict().items()}, path)
    print(f"{path}: {right:.1%} of all sums are right after {steps} steps")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else STEPS)
