"""Damaged files of every format are read, or refused in one line; never anything else."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph
from archviz3d.overlays.readers import read_overlays


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, paths=["lm_head", "model.norm"], steps=[1, 2], x=[[1.0, 2.0], [3.0, 4.0]], about='{"unit": "s"}')
    return file.getvalue()


FULL = {
    "name": "x",
    "unit": "s",
    "scale": "log",
    "steps": [1, 2],
    "values": {"lm_head": [1, None], "model.norm": [3, 4]},
}
ITEM = {"kind": "node", "target": "lm_head", "name": "time", "value": 1, "type": "us"}
SEEDS = {
    "table.csv": b"# x.unit: s\n# origin: measured\npath,step,x,state\nlm_head,1,2.5,good\nmodel.norm,1,,bad\n",
    "cells.csv": b'layer;expert;"load"\n1;0;5\n1;1;6\n',
    "lines.jsonl": b'{"about": {"unit": "s"}}\n{"path": "lm_head", "step": 1, "x": 2}\n{"path": "lm_head", "step": 2}',
    "plain.json": b'{"lm_head": {"x": 1, "state": "good"}, "model.norm": {"x": 2}}',
    "full.json": json.dumps({"schema": 1, "overlays": [FULL]}).encode(),
    "explorer.json": b'{"results": {"lm_head": {"value": 1, "bgColor": "red"}}, "name": "n", "gradient": []}',
    "netron.json": json.dumps({"signature": "netron:attachment", "metrics": [ITEM], "metadata": []}).encode(),
    "array.npz": npz(),
}
# What readers look at: a mutation that puts one of these somewhere gets further than random bytes.
PIECES = [b"\n", b"\0", b"\xff", *b"\" , { } [ ] null -1 1e999 NaN # \\ '".split(b" ")]


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file(name: str, moe: ModelGraph, tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        until = at + data.draw(st.sampled_from([0, 0, 1, 1, 2, 8, 40]))
        raw[at:until] = data.draw(st.sampled_from(PIECES) | st.binary(max_size=3))
    path = tmp_path / name
    path.write_bytes(raw)
    try:
        found = read_overlays(path, moe)
    except InputError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()
        assert "; " in message
        assert len(message) < 1500
    else:
        assert found.overlays
        assert found.report.matched
        assert all((np.diff(overlay.ids) > 0).all() for overlay in found.overlays)
        assert not any(np.isinf(overlay.values).any() for overlay in found.overlays)
