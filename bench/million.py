"""A graph of a million nodes: seconds and memory, in bulk and one by one, against plain Python dicts and lists.

python bench/million.py
"""

import sys

from measure import run

COMMON = "names = [f'model.layers.{l}.mlp.experts.{e}.{p}' for l in range(650) for e in range(256) for p in 'abcde']\n"

BULK = (
    COMMON
    + """
from archviz3d.graph import GraphBuilder
builder = GraphBuilder("m", "made")
n = len(names)
zeros = [0] * n
builder.tensors(names, ["BF16"] * n, [(2048, 7168)] * n, zeros, zeros, zeros, ["f"])
graph = builder.build()
assert len(graph) > 990_000, len(graph)
graph.total_parameters, graph.child_count, graph.id_of("model.layers.649.mlp.experts.255.e")
"""
)

SINGLE = """
from archviz3d.graph import GraphBuilder
builder = GraphBuilder("m", "made")
for layer in range(650):
    experts = builder.node(builder.node(0, str(layer)), "experts")
    for e in range(256):
        expert = builder.node(experts, str(e))
        for p in "abcde":
            builder.tensor(expert, p, (2048, 7168), "BF16", nbytes=0)
graph = builder.build()
assert len(graph) > 990_000, len(graph)
graph.total_parameters, graph.child_count
"""

PLAIN = (
    COMMON
    + """
root = {}
for name in names:
    node = root
    for part in name.split("."):
        node = node.setdefault(part, {})
"""
)

NAMES = COMMON + "import archviz3d.graph"


def main() -> None:
    empty = run([sys.executable, "-c", NAMES])
    print("a million nodes; whole processes less the names themselves and the imports")
    rows = {}
    for title, code in (("GraphBuilder.tensors", BULK), ("GraphBuilder.node", SINGLE), ("a trie of dicts", PLAIN)):
        cost = rows[title] = run([sys.executable, "-c", code])
        print(f"  {title:22} {cost.cpu - empty.cpu:6.2f} s   {cost.peak - empty.peak:7.0f} MB")
    over = rows["GraphBuilder.tensors"].peak > 1000
    sys.exit(over)


if __name__ == "__main__":
    main()
