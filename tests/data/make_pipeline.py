"""Write pipeline.json: a tiny Stable Diffusion as diffusers saves it, without its data.

    pip install torch transformers diffusers safetensors
    python tests/data/make_pipeline.py

Made with diffusers 0.42.1. Each entry is a file of the folder: its text, or the header of a safetensors file.
"""

import json
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel


def main() -> None:
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8,), layers_per_block=1, norm_num_groups=2, cross_attention_dim=8,
        attention_head_dim=4, down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",),
    )  # fmt: skip
    vae = AutoencoderKL(block_out_channels=(8,), norm_num_groups=2, latent_channels=4)
    text = CLIPTextConfig(
        vocab_size=100, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=98, eos_token_id=99,
    )  # fmt: skip
    encoder = CLIPTextModel(text)
    pipeline = StableDiffusionPipeline(
        vae=vae, text_encoder=encoder, tokenizer=None, unet=unet, scheduler=DDIMScheduler(), safety_checker=None,
        feature_extractor=None, image_encoder=None, requires_safety_checker=False,
    )  # fmt: skip
    files: dict[str, str] = {}
    with TemporaryDirectory() as name:
        folder = Path(name) / "tiny"
        pipeline.save_pretrained(folder)
        for path in sorted(folder.rglob("*.*")):
            raw = path.read_bytes()
            if path.suffix == ".safetensors":
                raw = raw[8 : 8 + int.from_bytes(raw[:8], "little")].rstrip()
            files[path.relative_to(folder).as_posix()] = raw.decode()
    sizes = {"unet": unet, "vae": vae, "text_encoder": encoder}
    parameters = {key: sum(p.numel() for p in part.parameters()) for key, part in sizes.items()}
    made = {"by": f"diffusers {version('diffusers')}", "parameters": parameters, "files": files}
    Path(__file__).with_name("pipeline.json").write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
