"""Checkpoints of training libraries, written by the libraries."""

import pytest

from archviz3d.graph import NodeKind
from archviz3d.loaders import load

torch = pytest.importorskip("torch")


def test_lightning(tmp_path):
    lightning = pytest.importorskip("lightning")

    class Model(lightning.LightningModule):
        def __init__(self, hidden_size=8, num_layers=2):
            super().__init__()
            self.save_hyperparameters()
            self.net = torch.nn.Sequential(torch.nn.Linear(4, hidden_size), torch.nn.Linear(hidden_size, 2))

        def training_step(self, batch, _index):
            return self.net(batch[0]).sum()

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters())

    model = Model()
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(2, 4)))
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        default_root_dir=tmp_path,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    trainer.fit(model, data)
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    graph = load(str(tmp_path / "x.ckpt"))
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    optimizer = graph.id_of("optimizer_states")
    assert graph.kind_of(optimizer) == NodeKind.OPTIMIZER
    weights = {graph.path(int(i)): graph.shape_of(int(i)) for i in graph.of_kind(NodeKind.TENSOR) if i < optimizer}
    assert weights == wanted
    assert graph.total_parameters[0] == sum(parameter.numel() for parameter in model.parameters())
    assert graph.attribute(0, "checkpoint.hyper_parameters.hidden_size") == 8
    assert graph.attribute(0, "checkpoint.global_step") == 2
    assert graph.warnings == ()


def test_the_folder_of_the_hugging_face_trainer(tmp_path, write_safetensors, two_tensors):
    write_safetensors(two_tensors, 24, "model.safetensors")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state_0.pth", "rng_state_1.pth", "training_args.bin"):
        torch.save({"x": torch.zeros(3)}, tmp_path / name)
    (tmp_path / "trainer_state.json").write_text("{}")
    graph = load(str(tmp_path))
    assert graph.total_parameters[0] == 8
    assert "rng_state_1.pth" in graph.attribute(0, "training_state")
    assert graph.warnings == ()


def test_a_trainer_folder_of_pytorch_files(tmp_path):
    torch.save({"w": torch.zeros(3, 3)}, tmp_path / "weights.pt")
    torch.save({"cpu": torch.zeros(8, dtype=torch.uint8)}, tmp_path / "rng_state.pth")
    graph = load(str(tmp_path))
    assert graph.shape_of(graph.id_of("w")) == (3, 3)
