"""Pickles that want to do harm: nothing of them runs, and none of them is waited for."""

import io
import os
import pickle
import pickletools
import struct
import sys
import time
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.errors import InputError
from archviz3d.graph.roles import RESERVED
from archviz3d.graph.summary import summarize
from archviz3d.loaders import load
from archviz3d.loaders.opening import Opening
from archviz3d.loaders.pytorch.inert_pickle import Inert, InertUnpickler
from archviz3d.loaders.pytorch.torch_globals import known_globals

# One float tensor under "a", as torch writes it; what follows it in a dict is the test's.
TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
    b"X\x03\x00\x00\x00cpuK\x04tQK\x00K\x04\x85K\x01\x85\x89}tR"
)


def dict_with(operations: bytes) -> bytes:
    """Return a pickle of {"a": tensor, "x": what the operations leave on the stack}."""
    return b"\x80\x02}(X\x01\x00\x00\x00a" + TENSOR + b"X\x01\x00\x00\x00x" + operations + b"u."


@pytest.fixture
def save(tmp_path):
    """Return a function that puts a pickle into an archive as torch.save would."""

    def write(pickled, method=zipfile.ZIP_STORED):
        path = tmp_path / "x.pt"
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("x/data.pkl", pickled)
            archive.writestr("x/data/0", bytes(16))
        return str(path)

    return write


@pytest.fixture
def canary(tmp_path):
    """Return the path of a file that hostile code would make."""
    return tmp_path / "canary"


def outcome(function, *arguments) -> str:
    """Return the message with which a function refuses its input, "" when it does not; other errors are raised."""
    try:
        function(*arguments)
    except InputError as error:
        return str(error)
    return ""


def text(value: str) -> bytes:
    return b"X" + struct.pack("<L", len(value.encode())) + value.encode()


def call(function: str, *arguments: bytes) -> bytes:
    module, _, name = function.rpartition(".")
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n(" + b"".join(arguments) + b"tR"


def touch(canary) -> bytes:
    return text(f"open({str(canary)!r}, 'w').close()")


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda c: call("os.system", text(f"touch {c}")), "os.system"),
        (lambda c: call("posix.system", text(f"touch {c}")), "os.system"),
        (lambda c: call("builtins.eval", touch(c)), "builtins.eval"),
        (lambda c: call("__builtin__.exec", touch(c)), "builtins.exec"),
        (lambda c: call("subprocess.Popen", text("touch"), text(str(c))), "subprocess.Popen"),
        (lambda c: call("builtins.getattr", call("importlib.import_module", text("os")), text("system")), "getattr"),
        (lambda c: b"(" + text(f"touch {c}") + b"ios\nsystem\n", "os.system"),  # INST
        (lambda c: b"(cos\nsystem\n" + text(f"touch {c}") + b"o", "os.system"),  # OBJ
        (lambda c: b"cos\nsystem\n(" + text(f"touch {c}") + b"t\x81", "os.system"),  # NEWOBJ
        (lambda c: b"cos\nsystem\n(" + text(f"touch {c}") + b"t}\x92", "os.system"),  # NEWOBJ_EX
        (lambda c: text("os") + text("system") + b"\x93(" + text(f"touch {c}") + b"tR", "os.system"),  # STACK_GLOBAL
        (lambda c: b"ccustom\nThing\n)\x81}" + text("__setstate__") + b"cos\nsystem\nsb", "os.system"),  # BUILD
        (lambda c: b"ccollections\nOrderedDict\n)R}" + text("__class__") + b"cos\nsystem\nsb", "os.system"),
        (lambda c: call("torch._utils._rebuild_tensor_v2", b"cos\nsystem\n", b"K\x00", b")", b")"), "os.system"),
        (
            lambda c: call(
                "torch._tensor._rebuild_from_type_v2",
                b"cos\nsystem\n",
                b"N",
                text(f"touch {c}") + b"\x85",
                b"N",
            ),
            "os.system",
        ),
        (lambda c: call("functools.partial", b"cos\nsystem\n", text(f"touch {c}")) + b")R", "os.system"),
        (lambda c: call("torch.load", text(str(c))), "torch.load"),
        (lambda c: call("numpy.load", text(str(c))), "numpy.load"),
        (lambda c: call("torch.hub.load", text(str(c))), "torch.hub.load"),
    ],
)
def test_nothing_runs_and_the_wish_is_reported(save, canary, make, named):
    path = save(dict_with(make(canary)))
    if b"_rebuild_tensor_v2\n(cos" in make(canary):  # a function in the place of a storage
        with pytest.raises(InputError, match="names no storage"):
            load(path)
    else:
        graph = load(path)
        assert graph.shape_of(graph.id_of("a")) == (4,)
        assert named in graph.warnings[0]
        assert "nothing was run" in graph.warnings[0]
    assert not canary.exists()


def test_what_the_pickle_module_would_run(save, canary):
    """The same file is dangerous: the canary works."""
    os.environ.pop("NOTHING", None)
    pickle.loads(b"\x80\x02" + call("os.system", text(f"touch {canary}")) + b".")
    assert canary.exists()


def test_classes_of_a_training_run_are_no_warning(save):
    operations = b"cmy_project.models\nNet\n)\x81}" + text("_modules") + b"}sb"
    assert not load(save(dict_with(operations))).warnings


def test_harmless_values_are_no_warning(save):
    pickled = pickle.dumps({"set": {1, 2}, "when": __import__("datetime").date(2024, 1, 1), "complex": 1j}, 2)
    inner = pickled[2:-1]  # without PROTO and STOP
    assert not load(save(dict_with(inner))).warnings


def test_nothing_is_imported(save):
    before = set(sys.modules)
    load(save(dict_with(call("antigravity.geohash", b"K\x01") + b"0N")))
    load(save(dict_with(call("this.that", b"K\x01") + b"0N")))
    assert not {"antigravity", "this"} & (set(sys.modules) - before)


def test_attributes_set_on_collectors_do_not_last(save):
    evil = b"ctorch._utils\n_rebuild_tensor_v2\n(N}" + text("__defaults__") + b"(K\x01tstb"
    load(save(dict_with(evil)))
    evil = b"ctorch._utils\n_rebuild_tensor_v2\n}" + text("__doc__") + b"K\x01sb"
    load(save(dict_with(evil)))
    assert known_globals()["torch._utils._rebuild_tensor_v2"].__defaults__ is None
    assert load(save(dict_with(b"N"))).shape_of(1) == (4,)


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02" + b"]" * 500_000 + b"a" * 499_999 + b".",  # deep lists
        b"\x80\x02" + b")" + b"\x85" * 500_000 + b".",  # deep tuples
        b"\x80\x02" + b"}" * 1 + (b"X\x01\x00\x00\x00a}" * 200_000) + b"s" * 200_000 + b".",  # deep dicts
        b"\x80\x02]q\x00" + b"h\x00a" + b".",  # a list in itself
        b"\x80\x02]q\x00(" + b"h\x00" * 100_000 + b"e.",
        # billion laughs: each list holds the one before twenty times
        b"\x80\x02]q\x00" + b"".join(b"](h%ch%s" % (k, b"h%c" % k * 19) + b"eq%c" % (k + 1) for k in range(100)) + b".",
        b"\x80\x02]q\x00" + b"".join(b"0](" + b"h%c" % k * 20 + b"eq%c" % (k + 1) for k in range(100)) + b".",
        b"\x80\x02c" + b"a" * 10_000 + b"\n" + b"b" * 10_000 + b"\n.",
        b"\x80\x02" + b"".join(b"cm\nn%d\n0" % k for k in range(30_000)) + b"N.",
        b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x.",  # a text longer than any memory
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"x.",
        b"\x80\x02\x8b" + struct.pack("<L", 2**31 - 1) + b"x.",
        b"\x80\x02K\x01Q.",  # a persistent id that is none
        b"\x80\x02(K\x01K\x02tQ.",
        b"\x80\xff.",
        b".",
        b"",
        b"garbage",
        b"(I" + b"9" * 100_000 + b"\nt.",
        b"\x80\x02\x82\x01.",  # extension registry
        b"\x80\x05\x97.",  # out-of-band buffer
    ],
)
def test_bombs_are_refused_in_time(save, pickled):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        Opening(save(pickled, zipfile.ZIP_STORED)).result()
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)


def test_laughs_around_a_tensor(save):
    """A tensor shared by 20^100 paths."""
    pickled = b"\x80\x02" + TENSOR + b"q\x00"
    pickled += b"".join(b"0](" + b"h%c" % k * 20 + b"eq%c" % (k + 1) for k in range(100)) + b"."
    started = time.monotonic()
    with pytest.raises(InputError, match="without end"):
        load(save(pickled))
    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform != "linux", reason="needs a memory limit")
def test_a_memo_bomb_hits_the_memory_limit(save):
    """LONG_BINPUT 2^31 makes the C unpickler ask for 16 GiB and more."""
    with pytest.raises(InputError, match="memory"):
        Opening(save(b"\x80\x02Nr" + struct.pack("<L", 2**31) + b".")).result()


def test_deep_keys_crash_the_worker_and_nobody_else(save):
    """Hashing a tuple of 10^6 nested tuples runs out of C stack."""
    pickled = b"\x80\x02})" + b"\x85" * 1_000_000 + b"Ns."
    with pytest.raises(InputError, match=r"crash|nested|no tensor"):
        Opening(save(pickled)).result()


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_read_or_refused_in_one_line(save, data):
    raw = bytearray(dict_with(call("collections.OrderedDict") + b"}" + text("k") + b"K\x01sb"))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    opcodes = set(raw)
    if opcodes & set(b"rj\x8d\x96"):  # may ask for gigabytes: the worker's test
        return
    assert "\n" not in outcome(load, save(bytes(raw)))


# ---------------------------------------------------------------- the unpickler itself
def read(pickled):
    unpickler = InertUnpickler(io.BufferedReader(io.BytesIO(pickled)), {})
    return unpickler.read("x"), unpickler


class Plain:
    def __init__(self):
        self.x = 1


class Slotted:
    __slots__ = ("y",)

    def __init__(self):
        self.y = 2


class Items(list):
    pass


class Keys(dict):
    pass


@pytest.mark.parametrize("protocol", range(6))
def test_objects_keep_their_state(protocol):
    for thing, expected in ((Plain(), {"x": 1}), (Keys(k=3), {"k": 3})):
        found, unpickler = read(pickle.dumps(thing, protocol))
        if protocol > 1:
            assert isinstance(found, Inert)
            assert found.attributes() == expected
            assert found.qualified.endswith(type(thing).__name__)
            assert not unpickler.foreign()
    if protocol > 1:
        assert read(pickle.dumps(Slotted(), protocol))[0].attributes() == {"y": 2}
        assert read(pickle.dumps(Items([1, 2]), protocol))[0].items == [1, 2]


def test_plain_data_is_what_pickle_says():
    data = {"a": [1, 2.5, None, True, "text", (1, (2,))], 3: {"b": -(2**70)}}
    for protocol in range(6):
        assert read(pickle.dumps(data, protocol))[0] == data
    assert read(pickle.dumps(b"bytes", 3))[0] == b"bytes"


def test_every_opcode_is_handled():
    """No opcode of this Python's pickle leads to anything but a value or an InputError."""
    for opcode in pickletools.opcodes:
        assert "\n" not in outcome(read, b"\x80\x02" + opcode.code.encode("latin1") + bytes(20) + b".")


HUGE = b"\x8a\x08" + (2**62).to_bytes(8, "little")


@pytest.mark.parametrize(
    "tensor",
    [
        call(
            "torch._utils._rebuild_meta_tensor_no_storage", b"ctorch\nfloat32\n", HUGE + b"\x85", b"K\x01\x85", b"\x89"
        ),
        TENSOR.replace(b"ctorch\nFloatStorage", b"cevil\nStorage").replace(
            b"K\x04\x85K\x01\x85", HUGE + b"\x85K\x01\x85"
        ),
    ],
)
def test_tensors_that_no_file_could_hold_are_refused(save, tensor):
    """A few of them would overflow the totals."""
    with pytest.raises(InputError, match="has the shape"):
        load(save(dict_with(tensor)))


def test_a_huge_sparse_tensor_counts_what_it_stores(save):
    size = b"\x8a\x04" + (10**9).to_bytes(4, "little")
    graph = load(
        save(
            dict_with(
                call(
                    "torch._utils._rebuild_sparse_tensor",
                    b"ctorch\nsparse_coo\n",
                    b"(" + TENSOR * 2 + size * 2 + b"\x86t",
                )
            )
        )
    )
    assert graph.parameters[graph.id_of("x")] == 8


@pytest.mark.parametrize(
    "operations",
    [
        TENSOR.replace(b"ctorch\nFloatStorage\n", text("evil") + b"X\x04\x00\x00\x00S\xed\xa0\x80" + b"\x93"),
        call(
            "torch._utils._rebuild_sparse_tensor", b"X\x03\x00\x00\x00\xed\xa0\x80", b"(" + TENSOR * 2 + b"K\x04\x85t"
        ),
    ],
    ids=["storage", "layout"],
)
def test_text_that_is_no_unicode_reaches_nobody(save, operations):
    """A lone surrogate in a type's name cannot be sent, shown or written."""
    graph = Opening(save(dict_with(operations).replace(b"\x80\x02", b"\x80\x04", 1))).result()
    assert all(name.isprintable() for name in (*graph.dtypes, str(graph.attribute(graph.id_of("x"), "layout"))))


# ---------------------------------------------------------------- the older format
LEGACY_HEAD = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02M\xe9\x03."
KEYS_AND_DATA = b"\x80\x02]X\x01\x00\x00\x000a." + struct.pack("<Q", 4) + bytes(16)


def test_a_storage_type_of_any_kind_in_an_older_file(tmp_path):
    path = tmp_path / "x.pt"
    pickled = dict_with(b"N").replace(b"ctorch\nFloatStorage\n", b"]")
    path.write_bytes(LEGACY_HEAD + b"\x80\x02}." + pickled + KEYS_AND_DATA)
    with pytest.raises(InputError, match="a storage whose type is not known"):
        load(str(path))


def test_calls_beside_the_object_of_an_older_file_are_reported(tmp_path, canary):
    path = tmp_path / "x.pt"
    wish = b"\x80\x02" + call("os.system", text(f"touch {canary}")) + b"."
    path.write_bytes(LEGACY_HEAD + wish + dict_with(b"N") + KEYS_AND_DATA)
    assert "os.system" in load(str(path)).warnings[0]
    assert not canary.exists()


def module(name: str, children: dict[str, bytes], tensors: dict[str, bytes], attributes: bytes = b"") -> bytes:
    def packed(parts: dict[str, bytes]) -> bytes:
        return b"}(" + b"".join(text(key) + part for key, part in parts.items()) + b"u"

    state = {"_modules": packed(children), "_parameters": packed(tensors), "_buffers": b"}"}
    return b"cx\n" + name.encode() + b"\n)\x81" + packed(state)[:-1] + attributes + b"ub"


@pytest.mark.parametrize("value", [text("many"), b"]", b"K\x07", b"G\x7f\xf8" + bytes(6)])
def test_a_module_cannot_pass_off_its_attributes_as_what_was_recognised(save, value):
    attributes = b"".join(text(key) + value for key in sorted(RESERVED | {"num_heads", "class", "layout", "strides"}))
    linear = module("Linear", {}, {"weight": TENSOR}, attributes)
    projections = dict.fromkeys(("q_proj", "k_proj", "v_proj", "o_proj"), linear)
    mixture = {"gate": linear, "experts": module("List", {"0": linear, "1": linear}, {}, attributes)}
    parts = {
        "self_attn": module("Attention", projections, {}, attributes),
        "mlp": module("Mixture", mixture, {}, attributes),
    }
    layers = dict.fromkeys("01", module("Layer", parts, {}, attributes))
    model = module("Model", {"layers": module("List", layers, {}, attributes)}, {}, attributes)
    graph = load(save(b"\x80\x02" + model + b"."))
    summary = summarize(graph)
    assert summary.tensors == 14
    assert all(type(n) in (int, type(None)) for n in (summary.experts_per_token, summary.shared_experts))
    block = graph.id_of("layers.0.self_attn")
    assert graph.attribute(block, "role") == "attention"
    assert graph.attribute(block, "heads") in (None, 7)
    assert graph.attribute(block, "class") == "x.Attention"
    assert graph.attribute(block, "module.heads") is not None or value == b"]"


def _dict(*pairs: bytes) -> bytes:
    return b"}(" + b"".join(pairs) + b"u"


def test_a_key_that_is_a_number_of_too_many_digits(save):
    huge = b"\x8b" + struct.pack("<i", 3000) + b"\x7f" * 3000
    pickled = b"\x80\x02" + _dict(text("config"), _dict(huge, b"K\x01"), text("a"), TENSOR) + b"."
    assert load(save(pickled)).total_parameters[0] == 4


def _many(first: bytes, one: bytes, count: int) -> bytes:
    named = (text(f"m{k}") + one for k in range(count))
    return b"\x80\x02" + _dict(text("a"), TENSOR, text("first"), first, *named) + b"."


def test_objects_that_share_their_attributes(save):
    attributes = _dict(*(text(f"k{k}") + b"K\x01" for k in range(5000)))
    plain = b"cm\nC\n)\x81"
    pickled = _many(plain + attributes + b"q\x01b", plain + b"h\x01b", 5000)
    started = time.process_time()
    with pytest.raises(InputError, match="repeats its parts without end"):
        load(save(pickled))
    assert time.process_time() - started < 5


def test_tensors_that_share_their_parts(save):
    state = _dict(*(text(f"k{k}") + TENSOR for k in range(1000)))
    wrapper = b"c__main__\nW\n"
    sizes = b"ctorch\nfloat32\nK\x04\x85K\x01\x85K\x00t"
    made = b"ctorch._utils\n_rebuild_wrapper_subclass\n" + wrapper + b"(" + wrapper + sizes
    wrapped = b"ctorch._tensor\n_rebuild_from_type_v2\n(" + made + state + b"tRq\x03"
    started = time.process_time()
    with pytest.raises(InputError, match="parts"):
        load(save(_many(wrapped, b"h\x03", 1000)))
    assert time.process_time() - started < 5
