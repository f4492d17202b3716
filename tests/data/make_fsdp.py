"""Write the FSDP2 fixture: tests/data/fsdp2, a sharded checkpoint of two ranks with its optimizer.

Made with torch 2.13.0 and transformers 5.23.0, two CPU processes over gloo:
``torchrun --nproc_per_node 2 make_fsdp.py FOLDER``. What torch makes of it in one piece is in
``expected.safetensors`` beside it.
"""

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict, get_state_dict
from torch.distributed.fsdp import fully_shard
from transformers import LlamaConfig, LlamaForCausalLM


def main():
    os.chdir(sys.argv[1])  # the path is written into .metadata
    folder = Path("fsdp2")
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        vocab_size=33,  # rows that do not divide by the ranks
        max_position_embeddings=16,
    )
    model = LlamaForCausalLM(config)
    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    for layer in model.model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, foreach=False)
    tokens = torch.arange(8)[None]
    model(input_ids=tokens, labels=tokens).loss.backward()
    optimizer.step()
    weights, state = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": state, "step": 7}, checkpoint_id=folder / "step-7")
    whole = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True))
    if dist.get_rank() == 0:
        copies = {name: tensor.contiguous().clone() for name, tensor in whole.items()}
        save_file(copies, folder / "expected.safetensors")
    dist.barrier()


if __name__ == "__main__":
    main()
