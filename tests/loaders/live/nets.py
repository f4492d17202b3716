"""Small networks whose data flow is known by reading them."""

from dataclasses import dataclass

import torch
from torch import nn


class PreNorm(nn.Module):
    """Two blocks that read from and add to a residual stream."""

    def __init__(self, size: int = 8) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(size)
        self.attn = nn.Linear(size, size)
        self.norm2 = nn.LayerNorm(size)
        self.mlp = nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Language(nn.Module):
    def __init__(self, layers: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.layers = nn.ModuleList(PreNorm() for _ in range(layers))
        self.head = nn.Linear(8, 10)
        self.unused = nn.Linear(8, 8)

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class Basic(nn.Module):
    """ResNet's block: in-place activation used twice, a sum in place."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(size, size, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(size, size, 3, padding=1)

    def forward(self, x):
        y = self.conv2(self.relu(self.conv1(x)))
        y += x
        return self.relu(y)


class UNet(nn.Module):
    """Skip connections over a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.middle = nn.Conv2d(4, 4, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, image):
        fine = self.down(image)
        coarse = self.up(self.middle(self.pool(fine)))
        return self.out(torch.cat([fine, coarse], 1))


@dataclass
class Pair:
    first: torch.Tensor
    second: torch.Tensor


class Splitting(nn.Module):
    """Returns several things in each of the usual ways."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.make = nn.Linear(4, 8)

    def forward(self, x):
        a, b = self.make(x).split(4, dim=-1)
        return {"tuple": (a, b), "dict": {"first": a, "second": b}, "dataclass": Pair(a, b)}[self.way]


class Branching(nn.Module):
    def __init__(self, way: str) -> None:
        super().__init__()
        self.split = Splitting(way)
        self.left = nn.Linear(4, 4)
        self.right = nn.Linear(4, 4)
        self.join = nn.Linear(8, 2)

    def forward(self, x):
        out = self.split(x)
        a, b = out if isinstance(out, tuple) else out.values() if isinstance(out, dict) else (out.first, out.second)
        return self.join(torch.cat([self.left(a), self.right(b)], -1))


class Routed(nn.Module):
    """Experts that get the tokens which their router chose: how many depends on values."""

    def __init__(self, experts: int = 3) -> None:
        super().__init__()
        self.gate = nn.Linear(4, experts)
        self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(experts))

    def forward(self, x):
        chosen = self.gate(x).argmax(-1)
        out = torch.zeros_like(x)
        for k, expert in enumerate(self.experts):
            where = torch.where(chosen == k)[0]
            if len(where):
                out[where] = expert(x[where])
        return out
