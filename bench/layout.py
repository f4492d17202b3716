"""Layout against building the graph it lays out (DESIGN 10: at most 0.5x), and a million nodes.

python bench/layout.py
"""

import statistics
import sys
import time

from measure import model_folder

from archviz3d.graph import GraphBuilder, ModelGraph
from archviz3d.graph.roles import recognise
from archviz3d.layout import place
from archviz3d.loaders import load


def cpu(function, *arguments):
    started = time.process_time()
    result = function(*arguments)
    return time.process_time() - started, result


def moe(layers: int) -> ModelGraph:
    """A recognised mixture of experts of any size: 256 experts of three matrices in each layer."""
    shapes = {"gate_proj": (2048, 7168), "up_proj": (2048, 7168), "down_proj": (7168, 2048)}
    names, sizes = [], []
    for layer in range(layers):
        at = f"model.layers.{layer}"
        rows = [(f"{at}.input_layernorm.weight", (7168,)), (f"{at}.post_attention_layernorm.weight", (7168,))]
        rows += [(f"{at}.self_attn.{p}_proj.weight", (7168, 7168)) for p in "qkvo"]
        rows += [(f"{at}.mlp.gate.weight", (256, 7168))]
        rows += [(f"{at}.mlp.experts.{e}.{p}.weight", s) for e in range(256) for p, s in shapes.items()]
        names += [name for name, _ in rows]
        sizes += [size for _, size in rows]
    builder = GraphBuilder(f"{layers} layers", "made")
    zeros = [0] * len(names)
    builder.tensors(names, ["BF16"] * len(names), sizes, zeros, zeros, zeros, ["none"])
    return recognise(builder.build())


def main() -> None:
    folder = str(model_folder("deepseek-v3"))
    place(load(folder))  # warm
    pairs = []
    for _ in range(5):
        building, graph = cpu(load, folder)
        laying, _ = cpu(place, graph)
        pairs.append((building, laying, laying / building))
    building, laying, ratio = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"DeepSeek-V3, {len(graph):,} nodes, CPU seconds, median of 5")
    print(f"  reading and building  {building:.3f} s")
    print(f"  layout                {laying:.3f} s   ratio {ratio:.2f} (budget 0.50)")
    times = {}
    for layers in (63, 630):
        graph = moe(layers)
        times[len(graph)] = statistics.median(cpu(place, graph)[0] for _ in range(3))
        print(f"  layout of {len(graph):>9,} nodes  {times[len(graph)]:.3f} s")
    small, large = times
    growth = (times[large] / times[small]) / (large / small)
    print(f"  cost a node grows by {growth:.2f} over 10x the nodes (linear: 1; budget 1.8)")
    sys.exit(ratio > 0.5 or growth > 1.8)


if __name__ == "__main__":
    main()
