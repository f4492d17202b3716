"""Write a table of expert loads that are made up: how many tokens a router sends to each expert, over training.

The numbers are synthetic, and the file says so; they look like what is measured: skewed, with a few hot experts in
each layer, drifting from step to step, and one expert in a hundred that no token ever reaches.

    python examples/expert_load.py MODEL OUT.csv [--steps N]
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import archviz3d
from archviz3d.graph import ModelGraph, NodeKind

SEED = 3
TOKENS = 1_000_000  # that pass a layer between two steps; each goes to `top_k` experts
SHAPE = 3.0  # of the gamma distribution: its standard deviation is 0.58 of its mean
HOT, HOT_FACTOR = 0.02, 6.0  # share of experts that are hot, and how much more they get
DEAD = 0.01
DRIFT = 0.25  # standard deviation of the logarithm of a load's change from step to step
STEP = 1000
HEADER = """\
# title: Expert load
# unit: tokens
# definition: tokens that the router sends to this expert between two steps, made up by examples/expert_load.py
# source: examples/expert_load.py, seed {seed}
# origin: synthetic
# aggregate: sum
# figure: count
# scale: linear
layer,expert,step,load
"""


def experts_of_layers(graph: ModelGraph) -> dict[int, list[int]]:
    """Return the numbers of the experts of each layer."""
    layers: dict[int, list[int]] = {}
    for node in graph.of_kind(NodeKind.EXPERT).tolist():
        layer = next(i for i in graph.ancestors(node) if graph.kind_of(i) in (NodeKind.LAYER, NodeKind.MTP))
        if graph.kind_of(layer) is NodeKind.LAYER:  # the load of MTP layers is rarely logged
            layers.setdefault(int(graph.name_of(layer)), []).append(int(graph.name_of(node)))
    return layers


def loads(experts: int, steps: int, top_k: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return tokens for each step and expert of a layer, shape (steps, experts)."""
    share = random.gamma(SHAPE, size=experts)
    share[random.random(experts) < HOT] *= HOT_FACTOR
    share[random.random(experts) < DEAD] = 0.0
    drift = np.cumsum(random.normal(0, DRIFT, (steps, experts)), axis=0)
    weight = share * np.exp(drift)
    return np.rint(weight / weight.sum(axis=1, keepdims=True) * TOKENS * top_k).astype(np.int64)


def table(graph: ModelGraph, steps: int) -> str:
    """Return the whole file."""
    random = np.random.default_rng(SEED)
    lines = [HEADER.format(seed=SEED)]
    for layer, experts in experts_of_layers(graph).items():
        tokens = loads(len(experts), steps, _top_k(graph), random)
        for step in range(steps):
            label = (step + 1) * STEP
            lines += [f"{layer},{e},{label},{n}\n" for e, n in zip(experts, tokens[step].tolist(), strict=True)]
    return "".join(lines)


def _top_k(graph: ModelGraph) -> int:
    """Return how many experts a token goes to, 1 where the model does not say."""
    known = graph.attributes.get("top_k")
    return int(known.values[0]) if known is not None else 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a synthetic table of expert loads.")
    parser.add_argument("model")
    parser.add_argument("output")
    parser.add_argument("--steps", type=int, default=5)
    options = parser.parse_args()
    if options.steps < 1:
        parser.error("--steps must be at least 1")
    graph = archviz3d.load(options.model)
    if not experts_of_layers(graph):
        parser.error(f"{options.model} has no experts in layers")
    text = table(graph, options.steps)
    Path(options.output).write_text(text)
    print(f"{options.output}: {text.count(chr(10)) - HEADER.count(chr(10)):,} rows, synthetic")


if __name__ == "__main__":
    main()
