"""The data flow of a live DeepSeek-V3 (671 B parameters, 1,215 modules) on the meta device.

By hooks, against one plain forward pass of the same model there: at most 3.5x. By torch.export, repeated by
signature: reported. Needs transformers.

python bench/live.py
"""

import statistics
import sys
import time

import torch
import transformers

import archviz3d
from archviz3d.graph import NodeKind
from archviz3d.loaders.live.flow import find_flow

_BUDGET = 3.5


def cpu(work, *arguments, **options):
    """Return the CPU seconds of a call, and what it returns."""
    started = time.process_time()
    result = work(*arguments, **options)
    return time.process_time() - started, result


def main() -> None:
    transformers.logging.set_verbosity_error()
    config = transformers.AutoConfig.for_model("deepseek_v3")
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
    model.config._attn_implementation = "eager"
    model.config._experts_implementation = "batched_mm"
    tokens = torch.zeros(1, 8, dtype=torch.int64, device="meta")

    def plain():
        with torch.no_grad(), torch.device("meta"):
            model(input_ids=tokens, attention_mask=tokens, use_cache=False)

    plain()
    pairs = []
    for _ in range(5):
        hooks, flow = cpu(find_flow, model, None, "hooks")
        pairs.append((hooks, cpu(plain)[0]))
    ratio = statistics.median(hooks / forward for hooks, forward in pairs)
    whole, graph = cpu(archviz3d.load, model)
    exported, operators = cpu(archviz3d.load, model, flow="operators")
    print(f"DeepSeek-V3 live, {graph.total(graph.parameters):,} parameters, CPU seconds, median of 5 pairs")
    print(f"  plain forward pass on meta    {statistics.median(forward for _, forward in pairs):.2f} s")
    print(f"  flow by hooks                 {statistics.median(hooks for hooks, _ in pairs):.2f} s", end="")
    print(f"   ratio {ratio:.2f} (budget {_BUDGET})   {len(flow.edges):,} edges, {sum(flow.calls.values()):,} calls")
    print(f"  the graph, roles and all      {whole:.2f} s   {len(graph):,} nodes, {len(graph.edges):,} edges")
    count = len(operators.attributes["operator"].ids)
    print(f"  with operators                {exported:.2f} s   {count:,} operators, {len(operators.edges):,} edges")
    assert len(graph.of_kind(NodeKind.EXPERT)) == 58 * 256
    sys.exit(ratio > _BUDGET)


if __name__ == "__main__":
    main()
