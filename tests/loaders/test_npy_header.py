"""Headers of arrays, against numpy's own writer and against what it would never write."""

import ast
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from archviz3d.loaders.npy_header import MAX_HEADER, parse_header

ORDINARY = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
    "complex128": "C128",
}


def written(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=True)
    return out.getvalue()


def with_header(text: str | bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return b"\x93NUMPY" + bytes(version) + len(raw).to_bytes(2 if version == (1, 0) else 4, "little") + raw


def described(descr: str = "'<f4'", order: str = "False", shape: str = "(2, 3)") -> bytes:
    return with_header(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")


@pytest.mark.parametrize(("dtype", "name"), ORDINARY.items())
def test_ordinary_types(dtype, name):
    array = np.zeros((3, 4), dtype)
    found = parse_header(written(array))
    assert (found.dtype, found.shape, found.nbytes, found.is_numeric) == (name, (3, 4), array.nbytes, True)
    assert found.data + found.nbytes == len(written(array))
    swapped = parse_header(written(array.astype(array.dtype.newbyteorder(">"))))
    one_byte = array.dtype.itemsize == 1
    assert swapped.dtype == (name if one_byte else f">{array.dtype.kind}{array.dtype.itemsize}")


@settings(max_examples=60, deadline=None)
@given(
    npst.arrays(
        st.one_of(npst.scalar_dtypes(), npst.nested_dtypes(max_itemsize=200), npst.array_dtypes()),
        npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
        fill=st.nothing(),
    ),
    st.booleans(),
)
def test_sizes_of_every_type_are_numpy_s(array, fortran):
    array = np.asfortranarray(array) if fortran else array
    raw = written(array)
    found = parse_header(raw)
    assert found.shape == array.shape
    assert found.data + found.nbytes == len(raw)
    assert found.itemsize == array.dtype.itemsize
    assert found.fortran_order == (array.flags.f_contiguous and not array.flags.c_contiguous)


@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
def test_long_doubles_are_not_called_as_short_ones(dtype):
    found = parse_header(written(np.zeros(3, dtype)))
    bits = 8 * np.dtype(dtype).itemsize
    assert found.dtype == f"{'F' if dtype is np.longdouble else 'C'}{bits}"


def test_bfloat16_is_two_bytes_without_a_name():
    import ml_dtypes

    found = parse_header(written(np.zeros(3, ml_dtypes.bfloat16)))
    assert (found.dtype, found.itemsize, found.is_numeric) == ("V2", 2, True)


@pytest.mark.parametrize("value", [np.array([{}]), np.zeros(2, [("a", "O"), ("b", "<f4")])])
def test_objects_have_no_size(value):
    found = parse_header(written(value))
    assert found.is_object
    assert (found.nbytes, found.is_numeric) == (0, False)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions(version):
    out = io.BytesIO()
    np.lib.format.write_array(out, np.zeros((2, 2)), version)
    assert parse_header(out.getvalue()).shape == (2, 2)


def test_python_2_wrote_long_numbers():
    assert parse_header(described(shape="(2L, 3L)")).shape == (2, 3)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\1\0",
        b"\x93NUMPY\1\0\xff\xff{}",
        b"\x93NUMPY\4\0" + bytes(20),
        b"PK\3\4" + bytes(20),
        with_header("{}"),
        with_header("("),
        with_header("(" * 5000),
        with_header("[" * 5000 + "]" * 5000),
        with_header("{'descr': '<f4', 'fortran_order': False}"),
        with_header("'<f4'"),
        with_header("{'a': 1, 'a': 2}"),
        with_header("{1: 2}"),
        with_header("{'a'}"),
        with_header("{'a': }"),
        with_header("1 2"),
        with_header("(1 2)"),
        with_header("(,)"),
        with_header("__import__('os')"),
        with_header("{'descr': open('x')}"),
        with_header("(1]"),
        with_header(b"\xff\xfe", (3, 0)),
        with_header("9" * 5000),
        with_header("'a' 'b'"),
        with_header("(1:2)"),
        described(shape="2"),
        described(shape="(2"),
        described(shape="(-1,)"),
        described(shape="(1.5,)"),
        described(shape="(True,)"),
        described(shape=f"({2**63},)"),
        described(shape=f"({2**62}, 4)"),
        described(shape=f"({'1,' * 65})"),
        described(order="0"),
        described(order="None"),
        described(descr="3"),
        described(descr="'x4'"),
        described(descr="'<f'"),
        described(descr="'<f99'"),
        described(descr="''"),
        described(descr="[('a',)]"),
        described(descr="[('a', '<f4', -1)]"),
        described(descr="['<f4']"),
        described(descr="[('a', '<f4', (2147483647, 2147483647, 2147483647))]"),
        described(descr="'<f4\\n'"),
    ],
)
def test_what_is_no_header(raw):
    with pytest.raises(ValueError, match=r"^(has|does|is) "):
        parse_header(raw)


def test_a_header_longer_than_is_read():
    with pytest.raises(ValueError, match="header of"):
        parse_header(with_header(" " * MAX_HEADER + "{}", (2, 0)))


literals = st.recursive(
    st.one_of(st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(literals)
def test_the_literals_are_python_s(value):
    """A header with one key more is refused only after it was understood; its text is what Python writes."""
    from archviz3d.loaders.npy_header import _literal

    assert _literal(repr({"x": value})) == ast.literal_eval(repr({"x": value}))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 130))
def test_any_damage_is_an_error_or_a_header(change, at):
    raw = written(np.zeros((2, 3), np.float32))
    try:
        found = parse_header(raw[:at] + change + raw[at + len(change) :])
    except ValueError:
        return
    assert found.nbytes < 2**63
