"""Write the Megatron fixtures: tests/data/megatron/{ranks,experts,torch_dist,torch_dist_experts}.

Made with megatron-core 0.16.1 and torch 2.13.0, four CPU processes over gloo:
``torchrun --nproc_per_node 4 make_megatron.py FOLDER``. The models are megatron-core's own and ``torch_dist`` is
written by its ``dist_checkpointing``. The writer of rank folders is not in the megatron-core package: `save_ranks`
writes the same files (names, keys) with torch.save. What megatron-core's own ``sharded_state_dict`` says of global
names and shapes is in ``expected.json`` beside each.
"""

import argparse
import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from megatron.core import dist_checkpointing, parallel_state
from megatron.core.dist_checkpointing.mapping import ShardedTensor
from megatron.core.models.gpt import GPTModel
from megatron.core.models.gpt.gpt_layer_specs import get_gpt_layer_local_spec
from megatron.core.transformer import TransformerConfig

VOCABULARY = 64


def model(experts: int | None, tensor: int, pipeline: int, expert: int) -> tuple[GPTModel, argparse.Namespace]:
    parallel_state.destroy_model_parallel()
    parallel_state.initialize_model_parallel(tensor, pipeline, expert_model_parallel_size=expert)
    torch.manual_seed(parallel_state.get_pipeline_model_parallel_rank())
    sizes = {
        "num_layers": 4,
        "hidden_size": 16,
        "num_attention_heads": 4,
        "num_query_groups": 2,
        "ffn_hidden_size": 24,
        "tensor_model_parallel_size": tensor,
        "pipeline_model_parallel_size": pipeline,
        "expert_model_parallel_size": expert,
    }
    config = TransformerConfig(
        **sizes,
        num_moe_experts=experts,
        moe_router_topk=2,
        use_cpu_initialization=True,
        pipeline_dtype=torch.float32,
        gated_linear_unit=True,
        activation_func=torch.nn.functional.silu,
        add_bias_linear=False,
        normalization="RMSNorm",
        bias_dropout_fusion=False,
    )
    spec = get_gpt_layer_local_spec(num_experts=experts, normalization="RMSNorm")
    made = GPTModel(
        config,
        spec,
        vocab_size=VOCABULARY,
        max_sequence_length=32,
        pre_process=parallel_state.is_pipeline_first_stage(),
        post_process=parallel_state.is_pipeline_last_stage(),
        share_embeddings_and_output_weights=False,
        position_embedding_type="rope",
    )
    arguments = argparse.Namespace(
        **sizes,
        group_query_attention=True,
        kv_channels=4,
        max_position_embeddings=32,
        padded_vocab_size=VOCABULARY,
        swiglu=True,
        num_experts=experts,
        moe_router_topk=2,
        virtual_pipeline_model_parallel_size=None,
        params_dtype=torch.float32,
        untie_embeddings_and_output_weights=True,
    )
    return made, arguments


def expected(made: GPTModel, folder: Path):
    """Write what megatron-core says of every tensor's global name and shape."""
    mine = {
        tensor.key: [list(tensor.global_shape), tensor.prepend_axis_num]
        for tensor in _flat(made.sharded_state_dict(metadata={"non_homogeneous_layers": True}))
    }
    every = [None] * dist.get_world_size()
    dist.all_gather_object(every, mine)
    if dist.get_rank() == 0:
        joined = {key: value for rank in every for key, value in rank.items()}
        (folder / "expected.json").write_text(json.dumps(joined, indent=0, sort_keys=True))


def _flat(value):
    if isinstance(value, ShardedTensor):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _flat(part)
    elif hasattr(value, "build"):  # a ShardedTensorFactory: gate and up in one
        yield from _flat(value.build())


def save_ranks(made: GPTModel, arguments: argparse.Namespace, folder: Path, iteration: int):
    """Write what Megatron-LM writes with ``--ckpt-format torch``."""
    name = f"mp_rank_{parallel_state.get_tensor_model_parallel_rank():02d}"
    if arguments.pipeline_model_parallel_size > 1:
        name += f"_{parallel_state.get_pipeline_model_parallel_rank():03d}"
    if arguments.expert_model_parallel_size > 1:
        name += f"_{parallel_state.get_expert_model_parallel_rank():03d}"
    place = folder / f"iter_{iteration:07d}" / name
    state = {
        "args": arguments,
        "checkpoint_version": 3.0,
        "iteration": iteration,
        "model": made.state_dict_for_save_checkpoint(),
        "num_floating_point_operations_so_far": 0,
        "rng_state": [
            {
                "random_rng_state": random.getstate()[0],
                "np_rng_state": np.random.get_state()[0],
                "torch_rng_state": torch.zeros(8, dtype=torch.uint8),
            }
        ],
    }
    if parallel_state.get_data_parallel_rank() == 0 or arguments.expert_model_parallel_size > 1:
        place.mkdir(parents=True, exist_ok=True)
        torch.save(state, place / "model_optim_rng.pt")
    dist.barrier()
    if dist.get_rank() == 0:
        (folder / "latest_checkpointed_iteration.txt").write_text(str(iteration))


def main():
    os.chdir(sys.argv[1])  # the path is written into .metadata
    where = Path()
    dist.init_process_group("gloo")
    for name, layout in {"ranks": (None, 2, 2, 1), "experts": (4, 1, 2, 2)}.items():
        made, arguments = model(*layout)
        save_ranks(made, arguments, where / name, 100)
        expected(made, where / name)
    torch.cuda.synchronize = lambda *_: None  # its writer calls these even for tensors on the CPU
    torch.cuda.current_device = lambda: "cpu"
    for name, layout in {"torch_dist": (None, 2, 2, 1), "torch_dist_experts": (4, 1, 2, 2)}.items():
        made, arguments = model(*layout)
        folder = where / name / "iter_0000100"
        folder.mkdir(parents=True, exist_ok=True)
        state = {"model": made.sharded_state_dict(), "args": arguments, "checkpoint_version": 3.0, "iteration": 100}
        dist_checkpointing.save(state, str(folder))
        if dist.get_rank() == 0:
            (folder.parent / "latest_checkpointed_iteration.txt").write_text("100")
        expected(made, folder.parent)
    dist.barrier()


if __name__ == "__main__":
    main()
