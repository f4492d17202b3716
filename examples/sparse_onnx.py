"""Write an ONNX model with 1.5 GB of weights in the file that takes a few kilobytes of disk: the weights are holes.

python examples/sparse_onnx.py model.onnx
"""

import sys
from pathlib import Path

_LAYERS, _WIDTH, _INNER = 24, 2048, 3816  # 24 x 2 matrices of 31 MB: 1.50 GB


def write(path: Path, layers: int = _LAYERS, width: int = _WIDTH, inner: int = _INNER) -> None:
    """Write a chain of MLPs, named as torch.onnx names them, whose float32 weights are holes in the file."""
    tensors, nodes = list[bytes](), list[bytes]()
    value = "x"
    nbytes = 4 * width * inner
    for layer in range(layers):
        for name, rows, columns in (("up", width, inner), ("down", inner, width)):
            weight, made = f"layers.{layer}.{name}.weight", f"/layers.{layer}/{name}/MatMul_output_0"
            about = b"\x08" + _varint(rows) + b"\x08" + _varint(columns) + b"\x10\x01" + _field(8, weight.encode())
            tensors.append(about + b"\x4a" + _varint(nbytes))  # ends where raw_data begin
            nodes.append(_node("MatMul", [value, weight], made, f"/layers.{layer}/{name}/MatMul"))
            value = made
    end = _field(11, _field(1, b"x")) + _field(12, _field(1, value.encode()))
    heads = [b"\x2a" + _varint(len(head) + nbytes) + head for head in tensors]
    size = sum(map(len, nodes)) + sum(len(head) + nbytes for head in heads) + len(end)
    with path.open("wb") as file:
        file.write(b"\x08\x08" + _field(2, b"archviz3d") + _field(8, b"\x10\x11"))
        file.write(b"\x3a" + _varint(size) + b"".join(nodes))
        for head in heads:
            file.write(head)
            file.seek(nbytes, 1)  # a hole: it takes no disk
        file.write(end)


def _node(operator: str, inputs: list[str], output: str, name: str) -> bytes:
    used = b"".join(_field(1, value.encode()) for value in inputs)
    return _field(1, used + _field(2, output.encode()) + _field(3, name.encode()) + _field(4, operator.encode()))


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
