"""PyTorch files that torch wrote, checked against torch."""

import collections
import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from archviz3d.errors import InputError
from archviz3d.graph import EdgeKind, NodeKind
from archviz3d.loaders import LoadLimits, load

torch = pytest.importorskip("torch")
nn = torch.nn


class Net(nn.Module):
    """A bit of everything: attention, a convolution, buffers, a parameterless module, a tied head."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 16)
        self.attn = nn.MultiheadAttention(16, 4)
        self.conv = nn.Conv2d(3, 8, 3, stride=2)
        self.bn = nn.BatchNorm2d(8)
        self.act = nn.ReLU()
        self.head = nn.Linear(16, 50, bias=False)
        self.head.weight = self.emb.weight


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def save(request, tmp_path):
    """Return a function that saves an object in one of the two formats."""

    def write(thing, name="x.pt", **options):
        path = tmp_path / name
        torch.save(thing, path, _use_new_zipfile_serialization=request.param, **options)
        return path

    return write


def named(graph):
    """Return node -> path of all tensors."""
    return {graph.path(int(i)): int(i) for i in (graph.dtype_code >= 0).nonzero()[0]}


def test_a_state_dict(save):
    state = Net().state_dict()
    path = save(state)
    graph, raw = load(str(path)), path.read_bytes()
    nodes = named(graph)
    assert set(nodes) == set(state)
    for name, tensor in state.items():
        node = nodes[name]
        assert graph.shape_of(node) == tuple(tensor.shape)
        start, size = int(graph.offset[node]), tensor.numel() * tensor.element_size()
        assert raw[start : start + size] == tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
    assert graph.attribute(nodes["head.weight"], "tied_to") == "emb.weight"
    assert graph.total(graph.parameters) == sum(p.numel() for p in Net().parameters())
    assert graph.edges.kind.tolist().count(EdgeKind.TIED) == 1
    assert graph.format == "pytorch"
    assert not graph.warnings


def test_every_dtype(save):
    names = (
        "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool complex32 complex64 "
    )
    names += "complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2"
    tensors = {name: torch.empty(3, 5, dtype=getattr(torch, name)) for name in names.split()}
    graph = load(str(save(tensors)))
    for name, node in named(graph).items():
        assert graph.shape_of(node) == (3, 5)
        assert graph.bytes[node] == 15 * tensors[name].element_size(), name
    assert graph.dtype_of(graph.id_of("bfloat16")) == "BF16"
    assert graph.dtype_of(graph.id_of("float8_e4m3fn")) == "F8_E4M3"


def test_views_share_what_they_look_at(save):
    base = torch.arange(80.0).reshape(10, 8)
    halves = torch.arange(12.0)
    path = save(
        {
            "rows": base[2:4],
            "base": base,
            "turned": base.t(),
            "columns": base[:, 1:3],
            "expanded": torch.ones(1).expand(7),
            "left": halves[:6],
            "right": halves[6:],
            "empty": base[:0],
        }
    )
    graph, raw = load(str(path)), path.read_bytes()
    node = named(graph)
    for name in ("rows", "turned", "columns"):
        assert graph.attribute(node[name], "tied_to") == "base"
        assert graph.parameters[node[name]] == graph.bytes[node[name]] == 0
    assert graph.attribute(node["turned"], "strides") == [1, 8]
    assert graph.total(graph.parameters) == graph.total(graph.elements) == 80 + 1 + 12
    assert struct.unpack_from("<2f", raw, int(graph.offset[node["rows"]])) == (16.0, 17.0)
    assert struct.unpack_from("<f", raw, int(graph.offset[node["right"]])) == (6.0,)


def test_a_pickled_module(save):
    module = Net()
    graph = load(str(save(module)))
    assert graph.attribute(0, "class") == f"{Net.__module__}.Net"
    conv = graph.id_of("conv")
    assert graph.attribute(conv, "class") == "torch.nn.modules.conv.Conv2d"
    assert graph.attribute(conv, "kernel_size") == [3, 3]
    assert graph.attribute(conv, "stride") == [2, 2]
    assert graph.attribute(graph.id_of("attn"), "num_heads") == 4
    assert graph.id_of("act") > 0
    children = [graph.name_of(int(i)) for i in graph.children(0)]
    assert children == [name for name, _ in module.named_children()]
    assert set(named(graph)) == set(module.state_dict())
    assert graph.total(graph.parameters) == sum(p.numel() for p in module.parameters())
    assert not graph.warnings


def test_a_module_used_twice(save):
    shared = nn.Linear(4, 4)
    graph = load(str(save(nn.Sequential(shared, nn.ReLU(), shared))))
    assert graph.total(graph.parameters) == 20
    assert graph.attribute(graph.id_of("2.weight"), "tied_to") == "0.weight"


@pytest.mark.parametrize("key", ["model", "state_dict", "module", "model_state_dict", "net", "ema"])
def test_a_training_checkpoint(save, key):
    module = Net()
    optimizer = torch.optim.AdamW(module.parameters())
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    path = save(
        {
            "epoch": 3,
            "args": {"lr": 0.1, "n_head": 4, "name": "run 1", "long": "x" * 10_000},
            key: module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "rng_state": torch.get_rng_state(),
            "best_loss": 0.5,
        }
    )
    graph = load(str(path))
    assert graph.total(graph.parameters) == sum(p.numel() for p in module.parameters())
    assert graph.kind_of(graph.id_of("optimizer")) == NodeKind.OPTIMIZER
    assert graph.shape_of(graph.id_of("optimizer.state.0.exp_avg")) == (50, 16)
    assert graph.kind_of(graph.id_of("rng_state")) == NodeKind.OPTIMIZER
    assert graph.attribute(0, "checkpoint.epoch") == 3
    assert graph.attribute(0, "checkpoint.best_loss") == 0.5
    assert graph.attribute(0, "checkpoint.args.lr") == 0.1
    assert graph.attribute(0, "checkpoint.args.long") is None
    assert graph.id_of("emb.weight") > 0


def test_an_average_of_the_weights_does_not_count_twice(save):
    state = nn.Linear(4, 4).state_dict()
    graph = load(str(save({"model": state, "ema": {name: tensor.clone() for name, tensor in state.items()}})))
    assert graph.total(graph.parameters) == 20
    assert graph.kind_of(graph.id_of("ema")) == NodeKind.OPTIMIZER


def test_two_models_in_one_file_both_count(save):
    graph = load(str(save({"generator": nn.Linear(4, 4).state_dict(), "discriminator": nn.Linear(4, 1).state_dict()})))
    assert graph.total(graph.parameters) == 25
    assert graph.id_of("discriminator.weight") > 0


def test_prefixes_stay_as_they_are(save):
    graph = load(str(save({"module._orig_mod.a.weight": torch.zeros(3)})))
    assert graph.id_of("module._orig_mod.a.weight") > 0


def test_a_whole_module_inside_a_checkpoint(save):
    graph = load(str(save({"model": Net(), "epoch": 1})))
    assert graph.attribute(graph.id_of("conv"), "stride") == [2, 2]
    assert graph.attribute(0, "checkpoint.epoch") == 1


def test_a_checkpoint_that_holds_itself(save):
    loop = {"w": torch.zeros(2)}
    loop["model"] = loop
    assert load(str(save(loop))).total(load(str(save(loop))).parameters) == 2


def test_special_tensors(save):
    graph = load(
        str(
            save(
                {
                    "coo": torch.eye(3).to_sparse(),
                    "csr": torch.eye(3).to_sparse_csr(),
                    "meta": torch.zeros(3, 4, device="meta"),
                    "parameter": nn.Parameter(torch.zeros(2)),
                    "buffer": nn.Buffer(torch.zeros(2)),
                    "quantized": torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8),
                    "per_channel": torch.quantize_per_channel(
                        torch.zeros(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8
                    ),
                }
            )
        )
    )
    assert graph.shape_of(graph.id_of("coo")) == (3, 3)
    assert graph.dtype_of(graph.id_of("coo")) == graph.dtype_of(graph.id_of("csr")) == "F32"
    assert graph.attribute(graph.id_of("csr"), "layout") == "sparse_csr"
    assert graph.shape_of(graph.id_of("meta")) == (3, 4)
    assert graph.elements[graph.id_of("coo")] == 3 * 2 + 3  # row, column and value of each
    assert graph.elements[graph.id_of("meta")] == graph.bytes[graph.id_of("meta")] == 0
    assert graph.bytes[graph.id_of("quantized")] == 3
    assert not graph.warnings


def test_one_tensor(save):
    assert load(str(save(torch.zeros(2, 3)))).total(load(str(save(torch.zeros(2, 3)))).parameters) == 6


def test_settings_alone_are_no_model(save):
    with pytest.raises(InputError, match="no tensor and no module"):
        load(str(save({"lr": 0.1, "names": ["a", "b"]})))


def test_a_config_in_the_checkpoint_tells_the_heads(save):
    state = {f"transformer.h.{i}.attn.c_attn.weight": torch.zeros(24, 8) for i in range(2)}
    state |= {f"transformer.h.{i}.attn.c_proj.weight": torch.zeros(8, 8) for i in range(2)}
    graph = load(str(save({"model": state, "model_args": {"n_layer": 2, "n_head": 4, "n_embd": 8}})))
    assert graph.attribute(graph.id_of("transformer.h.0.attn"), "heads") == 4


def test_torchscript_is_read_as_a_tree(tmp_path):
    path = tmp_path / "script.pt"
    torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU())).save(str(path))
    graph = load(str(path))
    assert graph.total(graph.parameters) == 20
    assert graph.attribute(graph.id_of("1"), "class").endswith("ReLU")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol(save, protocol):
    path = save({"a": torch.zeros(3)}, pickle_protocol=protocol)
    assert load(str(path)).total(load(str(path)).parameters) == 3


def test_every_truncation_is_refused(save):
    path = save(Net().state_dict())
    whole = path.read_bytes()
    for cut in range(50):
        path.write_bytes(whole[: len(whole) * cut // 50])
        with pytest.raises(InputError):
            load(str(path))


def test_the_tar_format_names_the_way_out(tmp_path):
    import tarfile

    path = tmp_path / "old.pt"
    with tarfile.open(path, "w") as tar:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(InputError, match=r"tar archive.*torch.save"):
        load(str(path))


# ---------------------------------------------------------------- archives that lie
@pytest.fixture
def records(tmp_path):
    """Return the records of a good archive, and a function that writes records as a file."""
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(4), "b": torch.ones(2, 2)}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        good = {name: archive.read(name) for name in archive.namelist()}

    def write(entries, method=zipfile.ZIP_STORED):
        path = tmp_path / "made.pt"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in entries:
                archive.writestr(name, data)
        return path

    return good, write


def test_repacked_archives_open(records):
    good, write = records
    graph = load(str(write(good.items())))
    assert graph.total(graph.parameters) == 8
    packed = load(str(write(good.items(), zipfile.ZIP_DEFLATED)))
    assert packed.total(packed.parameters) == 8
    assert packed.offset[packed.id_of("a")] == -1  # packed values cannot be mapped


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_records_of_one_name(records):
    good, write = records
    with pytest.raises(InputError, match="two records"):
        load(str(write([*good.items(), ("archive/data/0", bytes(16))])))


def test_a_storage_that_is_missing_or_short(records):
    good, write = records
    without = {name: data for name, data in good.items() if name != "archive/data/1"}
    with pytest.raises(InputError, match="no record for the storage '1'"):
        load(str(write(without.items())))
    with pytest.raises(InputError, match="needs 16 bytes, but 8 are stored"):
        load(str(write((good | {"archive/data/1": bytes(8)}).items())))


def test_a_bomb_of_an_archive(records):
    _, write = records
    path = write([("archive/data.pkl", bytes(50_000_000))], zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="at most 1,000,000"):
        load(str(path), LoadLimits(pickle_bytes=1_000_000))
    raw = bytearray(path.read_bytes())
    at = raw.rfind(b"PK\x01\x02")
    struct.pack_into("<L", raw, at + 24, 1000)  # a directory that announces less than comes out
    path.write_bytes(raw)
    with pytest.raises(InputError, match="another size"):
        load(str(path), LoadLimits(pickle_bytes=1_000_000))


def test_a_directory_that_disagrees_with_a_record(records):
    good, write = records
    path = write(good.items())
    raw = bytearray(path.read_bytes())
    at = raw.find(b"archive/data/1")
    raw[at : at + 14] = b"archive/data/0"
    path.write_bytes(raw)
    with pytest.raises(InputError, match="another record"):
        load(str(path))


def test_other_zip_archives(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("notes.txt", "no model")
    with pytest.raises(InputError, match=r"data\.pkl"):
        load(str(tmp_path / "x.pt"))


def test_zip64(tmp_path):
    """A sparse archive of 5 GB: sizes and offsets beyond 32 bits."""
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(4), "b": torch.ones(2, 2)}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        pickled = archive.read("archive/data.pkl")
    large = 5 * 2**30
    path = tmp_path / "large.pt"
    entries = [
        ("archive/data.pkl", pickled, len(pickled)),
        ("archive/data/0", b"", large),
        ("archive/data/1", bytes(16), 16),
    ]
    directory = b""
    with path.open("wb") as file:
        for name, data, size in entries:
            start = file.tell()
            file.write(struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), 20))
            file.write(name.encode() + struct.pack("<2H2Q", 1, 16, size, size) + data)
            file.seek(size - len(data), 1)
            directory += struct.pack(
                "<4s6H3L5H2L",
                b"PK\1\2",
                45,
                45,
                0,
                0,
                0,
                0,
                0,
                *([0xFFFFFFFF] * 2),
                len(name),
                28,
                0,
                0,
                0,
                0,
                0xFFFFFFFF,
            )
            directory += name.encode() + struct.pack("<2H3Q", 1, 24, size, size, start)
        start = file.tell()
        file.write(directory)
        end64 = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, len(directory), start))
        file.write(struct.pack("<4sLQL", b"PK\6\7", 0, end64, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    graph = load(str(path))
    assert graph.total(graph.parameters) == 8
    assert graph.offset[graph.id_of("b")] > large


def test_json_config_beside_a_file(save):
    path = save({"model.layers.0.self_attn.q_proj.weight": torch.zeros(8, 8)}, name="pytorch_model.bin")
    Path(path).with_name("config.json").write_text(json.dumps({"model_type": "llama", "_name_or_path": "a/B-7"}))
    assert load(str(path)).name == "B-7"


def test_an_ordered_dict_with_metadata_and_a_default_dict(save):
    state = collections.OrderedDict(a=torch.zeros(2))
    state._metadata = {"": {"version": 1}}
    counts = collections.defaultdict(list, {"b": torch.zeros(3)})
    graph = load(str(save({"model": state, "extra": counts})))
    assert graph.total(graph.parameters) == 5
    assert not graph.warnings
