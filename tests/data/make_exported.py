"""Write the .pt2 files of older torch versions that the tests read, and what torch itself says of them.

One run for each version, in an environment of its own that has torch and numpy::

    python tests/data/make_exported.py tests/data/exported

Written with torch 2.5.1 (the layout up to 2.7) and torch 2.8.0 (the layout of 2.8 alone).
"""

import json
import operator
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(4, 8)
        self.down = nn.Linear(8, 4)
        self.register_buffer("mask", torch.ones(4))
        self.register_buffer("table", torch.ones(2, 4), persistent=False)

    def forward(x, h: torch.Tensor) -> torch.Tensor:  # noqa: N805 - not "self": torch 2.5 names modules otherwise then
        h = x.down(torch.relu(x.up(h))) * x.mask
        return h.masked_fill(h < 0, float("-inf")) + x.table.sum() + torch.tensor([1.0, 2.0]).sum()


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(6, 4)
        self.layers = nn.ModuleList([Block(), Block()])
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embed.weight

    def forward(x, tokens: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:  # noqa: N805
        h = x.embed(tokens)
        for layer in x.layers:
            h = h + layer(h)
        h = x.norm(x.norm(h)) * scale
        values, places = torch.topk(h, 2)
        return x.head(h) + values.sum() + places.sum()


def main() -> None:
    """Write one file and its list of edges."""
    folder = Path(sys.argv[1])
    torch.manual_seed(0)
    model = Model().eval()
    inputs = (torch.zeros(2, 3, dtype=torch.long), torch.ones(1))
    program = torch.export.export(model, inputs, dynamic_shapes=({0: torch.export.Dim("batch", max=64)}, None))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # paths of the machine that wrote it
    name = "torch_" + "_".join(torch.__version__.split(".")[:2])
    torch.export.save(program, str(folder / f"{name}.pt2"))
    told = {
        "torch": torch.__version__.split("+")[0],
        "parameters": sum(p.numel() for p in model.parameters()),
        "weights": {key: list(value.shape) for key, value in model.state_dict().items()},
        "operators": {named(node): str(node.target) for node in calls(program)},
        "edges": sorted({(named(source), named(node)) for node in calls(program) for source in made_by(node)}),
    }
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


def calls(program: Any) -> list[Any]:
    """Return the operators of a program; taking one of several results is none."""
    return [n for n in program.graph.nodes if n.op == "call_function" and n.target is not operator.getitem]


def named(node: Any) -> str:
    """Return the name that a file has for an operator: of the first of its results, where it has several."""
    parts = [user for user in node.users if user.target is operator.getitem and user.args[1] == 0]
    return parts[0].name if parts else node.name


def made_by(node: Any) -> list[Any]:
    """Return the operators that made what a node uses."""
    sources = [s.args[0] if s.target is operator.getitem else s for s in node.all_input_nodes]
    return [source for source in sources if source.op == "call_function"]


if __name__ == "__main__":
    main()
