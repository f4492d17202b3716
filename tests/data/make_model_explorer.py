"""Make the Model Explorer fixtures with Model Explorer's own graph builder and PyTorch adapter.

    pip install ai-edge-model-explorer==0.1.34 torch==2.13.0
    python tests/data/make_model_explorer.py

Written with ai-edge-model-explorer 0.1.34 and torch 2.13.0.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from model_explorer import graph_builder as gb
from model_explorer.pytorch_exported_program_adapter_impl import PytorchExportedProgramAdapterImpl

FOLDER = Path(__file__).parent / "graph_json"


class Block(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(16)
        self.up_proj = torch.nn.Linear(16, 32)
        self.down_proj = torch.nn.Linear(32, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down_proj(torch.relu(self.up_proj(self.norm(x))))


class Tower(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(Block() for _ in range(2))
        self.head = torch.nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        for layer in self.layers:
            x = layer(x)
        values, indices = torch.topk(self.head(x), 2)
        return values, indices


def pytorch_graphs() -> dict[str, object]:
    """Return what the PyTorch adapter answers for a small model."""
    program = torch.export.export(Tower().eval(), (torch.zeros(3, 16),))
    adapter = PytorchExportedProgramAdapterImpl(program, {"const_element_count_limit": 4})
    return {key: [asdict(graph) for graph in graphs] for key, graphs in adapter.convert().items()}


def hand_made_collection() -> gb.GraphCollection:
    """Return a while loop: a graph whose node goes into another graph."""
    shape = [gb.KeyValue("tensor_shape", "float32[1,128]")]
    main = gb.Graph(
        "main",
        nodes=[
            gb.GraphNode("GraphInputs", "GraphInputs", outputsMetadata=[gb.MetadataItem("0", shape)]),
            gb.GraphNode(
                "1",
                "dense",
                namespace="model/encoder",
                attrs=[gb.KeyValue("units", "128")],
                incomingEdges=[gb.IncomingEdge("GraphInputs")],
                outputsMetadata=[gb.MetadataItem("0", shape)],
            ),
            gb.GraphNode(
                "2",
                "while",
                namespace="model/decoder",
                subgraphIds=["body"],
                incomingEdges=[gb.IncomingEdge("1"), gb.IncomingEdge("GraphInputs", "0", "1")],
                inputsMetadata=[gb.MetadataItem("1", [gb.KeyValue("__tensor_tag", "state")])],
                outputsMetadata=[
                    gb.MetadataItem("0", [gb.KeyValue("tensor_shape", "int32[?]")]),
                    gb.MetadataItem("1", shape),
                ],
            ),
            gb.GraphNode("GraphOutputs", "GraphOutputs", incomingEdges=[gb.IncomingEdge("2", "1")]),
        ],
        groupNodeAttributes={"model/encoder": {"owner": "tests"}, "": {"version": "1"}},
    )
    body = gb.Graph(
        "body",
        nodes=[
            gb.GraphNode("a", "add", outputsMetadata=[gb.MetadataItem("0", shape)]),
            gb.GraphNode("b", "tanh", incomingEdges=[gb.IncomingEdge("a")]),
        ],
    )
    return gb.GraphCollection("loop", [main, body])


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "explorer_pytorch.json").write_text(json.dumps(pytorch_graphs()) + "\n")
    (FOLDER / "explorer_loop.json").write_text(json.dumps(asdict(hand_made_collection())) + "\n")


if __name__ == "__main__":
    main()
