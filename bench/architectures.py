"""Roles over the architectures of the installed transformers package: how often they are right, where not, and why.

python bench/architectures.py [--write | --report] [TYPE ...]

Makes a tiny model of every model type, saves it, opens the folder, and compares parameters, figures and kinds with
the live model and its config. ``--write`` renews the fixture of the tests and the tables of ``docs/roles.md``; it needs
torch and transformers, and ten minutes. ``--report`` judges the fixture again, in seconds, and renews the tables.
"""

import argparse
import gc
import json
import os
import re
import signal
import sys
import tempfile
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "critical")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "graph" / "roles"))
SECONDS = 90  # for one architecture

# Persistent buffers that a file cannot tell from parameters, because they are: learned by other means than gradients
# (router biases, codebooks), frozen parameters, or published constants. They count; all others do not.
COUNTED_BUFFERS = re.compile(
    r".*(e_score_correction_bias|expert_bias|final_logits_bias|positional_embedding|pos_idx_to_embed|layer_scalar|balancing_biases"
    r"|codebook\.embed|global_invstd|global_mean|\.mean|\.scale|\.shift|act_fn\.beta|input_conditioner\.norm_(mean|std)|rotary_emb\.alpha|\.position_embedding)"
)
_NOT_KEPT = frozenset(("id2label", "label2id", "transformers_version", "dtype", "torch_dtype"))


class _TooLong(Exception):  # noqa: N818
    pass


def _alarm(*_: object) -> None:
    raise _TooLong


def examine(model_type: str) -> tuple[dict[str, Any], Any]:
    """Return what a tiny model's folder holds and what is true of it, and our verdict on our own reading of it."""
    from architecture_truth import towers_of
    from recorded_architectures import folded, judge
    from safetensors import safe_open

    from archviz3d.loaders import load

    with tempfile.TemporaryDirectory() as folder:
        model = _saved(model_type, folder)
        tensors: dict[str, tuple[str, list[int]]] = {}
        for path in sorted(Path(folder).glob("*.safetensors")):
            with safe_open(path, "np") as file:
                for name in file.keys():  # noqa: SIM118 no mapping
                    piece = file.get_slice(name)
                    tensors[name] = (piece.get_dtype(), list(piece.get_shape()))
        config = json.loads((Path(folder) / "config.json").read_text())
        graph = load(folder)
    modules: dict[str, list[str]] = {}
    for name, module in model.named_modules():
        classes = modules.setdefault(folded(name), [])
        if type(module).__name__ not in classes:
            classes.append(type(module).__name__)
    record = {
        "type": model_type,
        "class": type(model).__name__,
        "parameters": _parameters(model, tensors),
        "towers": towers_of(model),
        "config": _short(config),
        "tensors": tensors,
        "modules": modules,
    }
    return record, judge(record, graph)


def _saved(model_type: str, folder: str) -> Any:
    import tiny_transformers

    failure = ""
    for model in tiny_transformers.candidates(model_type):
        try:
            model.save_pretrained(folder)
        except Exception as error:  # noqa: BLE001 a config that cannot be saved: the next one may
            failure = failure or f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
            continue
        return model
    raise tiny_transformers.NotBuilt(failure)


def _parameters(model: Any, tensors: dict[str, Any]) -> int:
    """Return the parameters that a live model has in its files, by the live model."""
    stored = model.state_dict().keys()
    count = sum(parameter.numel() for parameter in model.parameters())
    for name, buffer in model.named_buffers():
        if name in stored and (COUNTED_BUFFERS.fullmatch(name) or _is_frozen_norm(model, name)):
            count += buffer.numel()
    # Tables that a class recomputes instead of saving them (Marian's sinusoidal positions) are in no file.
    unsaved = {key for key in getattr(model, "_keys_to_ignore_on_save", None) or () if key not in tensors}
    return count - sum(p.numel() for name, p in model.named_parameters() if name in unsaved)


def _is_frozen_norm(model: Any, name: str) -> bool:
    module, _, last = name.rpartition(".")
    return last in ("weight", "bias") and "BatchNorm" in type(model.get_submodule(module)).__name__


def _short(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config without what says nothing about structure."""
    kept = {key: value for key, value in config.items() if key not in _NOT_KEPT and not isinstance(value, float | None)}
    return {key: _short(value) if isinstance(value, dict) else value for key, value in kept.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("types", nargs="*", help="model types; all where none is given")
    parser.add_argument("--write", action="store_true", help="renew the fixture and docs/roles.md")
    parser.add_argument("--report", action="store_true", help="renew docs/roles.md from the fixture")
    arguments = parser.parse_args()
    from recorded_architectures import read_fixture, write_fixture

    if arguments.report:
        fixture = read_fixture()
        _finish(fixture, _judged(fixture["architectures"]))
        return
    records, verdicts, failures = _run(arguments.types)
    if not arguments.write:
        _print_figures(verdicts, failures)
        return
    if arguments.types:  # only these anew
        known = read_fixture()
        others = [record for record in known["architectures"] if record["type"] not in arguments.types]
        records = sorted([*records, *others], key=lambda record: record["type"])
        failures |= {t: why for t, why in known["failures"].items() if t not in arguments.types}
    versions = {name: version(name) for name in ("transformers", "torch", "safetensors")}
    print(f"fixture: {write_fixture(records, failures, versions):,} bytes")
    _finish(read_fixture(), _judged(records))


def _run(types: list[str]) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, str]]:
    import tiny_transformers
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    signal.signal(signal.SIGALRM, _alarm)
    records: list[dict[str, Any]] = []
    verdicts: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for model_type in types or tiny_transformers.model_types():
        signal.alarm(SECONDS)
        try:
            record, verdict = examine(model_type)
            records.append(record)
            verdicts[model_type] = verdict
            flag = "MISS" if verdict.differs else "ok  "
            print(flag, model_type, verdict.differs or "", verdict.missing or "", verdict.false_kinds or "", flush=True)
        except (tiny_transformers.NotBuilt, _TooLong) as error:
            failures[model_type] = str(error) or f"more than {SECONDS} s"
            print("----", model_type, failures[model_type], flush=True)
        finally:
            signal.alarm(0)
        gc.collect()
    return records, verdicts, failures


def _judged(records: list[dict[str, Any]]) -> dict[str, Any]:
    from recorded_architectures import graph_of, judge

    from archviz3d.graph.roles import recognise

    return {
        record["type"]: judge(record, recognise(graph_of(record["tensors"]), record["config"])) for record in records
    }


def _finish(fixture: dict[str, Any], verdicts: dict[str, Any]) -> None:
    from architecture_report import write_report

    _print_figures(verdicts, fixture["failures"])
    write_report(
        ROOT / "docs" / "roles.md", fixture["architectures"], verdicts, fixture["failures"], fixture["versions"]
    )


def _print_figures(verdicts: dict[str, Any], failures: dict[str, str]) -> None:
    parts = [t for t, why in failures.items() if why.startswith("a part of")]
    built = len(verdicts)
    right = sum(not v.differs for v in verdicts.values())
    towers = sum(not v.differs and not v.missing for v in verdicts.values())
    exact = sum(v.parameters[0] == v.parameters[1] for v in verdicts.values())
    claims, false = (sum(n) for n in zip(*((v.claims, len(v.false_kinds)) for v in verdicts.values()), strict=True))
    print(f"{built + len(failures)} types: {len(parts)} are parts of others, {len(failures) - len(parts)} not built")
    print(f"{built} architectures: {right} recognised ({right / built:.1%}), {towers} with every tower")
    print(f"parameters exact: {exact} of {built}; kinds: {claims:,} claims, {false} false")
    print("figures that differ:", dict(Counter(key for v in verdicts.values() for key in v.differs)))


if __name__ == "__main__":
    main()
