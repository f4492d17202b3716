"""Write the DeepSpeed fixtures: tests/data/deepspeed/{zero2,zero3,pipeline}.

Made with deepspeed 0.19.8, torch 2.13.0, transformers 5.23.0, two CPU processes over gloo:
``torchrun --nproc_per_node 2 make_deepspeed.py FOLDER``. What `zero_to_fp32` makes of each ZeRO folder is in
``expected.safetensors`` beside it; scripts that DeepSpeed copies into its folders are left out.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("DS_ACCELERATOR", "cpu")

import deepspeed
import torch
import torch.distributed as dist
from deepspeed.pipe import LayerSpec, PipelineModule
from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

TRAIN = {"train_micro_batch_size_per_gpu": 1, "optimizer": {"type": "Adam", "params": {"lr": 1e-3, "torch_adam": True}}}


def config():
    return LlamaConfig(
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        vocab_size=32,
        max_position_embeddings=16,
    )


def zero(folder: Path, stage: int):
    torch.manual_seed(0)
    settings = {
        **TRAIN,
        "bf16": {"enabled": True},
        "zero_optimization": {"stage": stage, "stage3_param_persistence_threshold": 0},
    }
    if stage == 3:
        with deepspeed.zero.Init(config_dict_or_path=settings):
            model = LlamaForCausalLM(config())
    else:
        model = LlamaForCausalLM(config())
    engine, *_ = deepspeed.initialize(model=model, model_parameters=model.parameters(), config=settings)
    tokens = torch.arange(8)[None]
    engine.backward(engine(input_ids=tokens, labels=tokens).loss)
    engine.step()
    engine.save_checkpoint(str(folder), tag="global_step1")
    dist.barrier()
    if dist.get_rank() == 0:
        expected = get_fp32_state_dict_from_zero_checkpoint(str(folder))
        copies = {name: tensor.contiguous().clone() for name, tensor in expected.items()}
        save_file(copies, folder / "expected.safetensors")


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.LayerNorm(8)
        self.up = torch.nn.Linear(8, 12)
        self.down = torch.nn.Linear(12, 8)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))


def pipeline(folder: Path):
    torch.manual_seed(0)
    layers = [LayerSpec(torch.nn.Linear, 4, 8), *(LayerSpec(Block) for _ in range(3)), LayerSpec(torch.nn.Linear, 8, 4)]
    model = PipelineModule(layers=layers, num_stages=2, loss_fn=torch.nn.MSELoss(), partition_method="uniform")
    engine, *_ = deepspeed.initialize(
        model=model, model_parameters=model.parameters(), config={**TRAIN, "gradient_accumulation_steps": 1}
    )
    engine.train_batch(iter([(torch.ones(1, 4), torch.ones(1, 4))] * 4))
    engine.save_checkpoint(str(folder), tag="global_step1")


def main():
    where = Path(sys.argv[1])
    deepspeed.init_distributed("gloo")
    for stage in (2, 3):
        zero(where / f"zero{stage}", stage)
    pipeline(where / "pipeline")
    dist.barrier()
    if dist.get_rank() == 0:
        for script in where.glob("*/zero_to_*.py"):
            script.unlink()


if __name__ == "__main__":
    main()
