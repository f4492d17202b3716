"""The independent checker of exported drawings: it passes what `export` writes, and finds each kind of fault."""

import importlib.util
import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archviz3d.graph import EdgeKind, NodeKind
from archviz3d.layout import ARRANGEMENTS, place
from archviz3d.layout.export import to_json

from .test_properties import models

SCRIPT = Path(__file__).parents[2] / "bench" / "check_export.py"
DATA, TIED = EdgeKind.DATA, EdgeKind.TIED


@pytest.fixture(scope="module")
def checker():
    spec = importlib.util.spec_from_file_location("check_export", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exported(graph, arrangement="wrap"):
    return json.loads(to_json(graph, place(graph, arrangement=arrangement)))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=models(), arrangement=st.sampled_from(ARRANGEMENTS))
def test_exports_of_random_models_have_no_fault(checker, tree, parts, arrangement):
    _, failures = checker.examine(exported(tree(*parts), arrangement))
    assert failures == {}


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_a_mixture_of_experts_has_no_fault(checker, small_moe, arrangement):
    summary, failures = checker.examine(exported(small_moe, arrangement))
    assert failures == {}
    assert f"{len(small_moe.edges)} edges" in summary
    assert ("1 decks" in summary) == (arrangement == "deck")


def test_the_checker_shares_no_code_with_what_it_checks():
    lines = SCRIPT.read_text().splitlines()
    imports = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
    assert set(imports) <= {"json", "sys", "collections", "pathlib", "numpy"}


@pytest.fixture
def document(tree):
    """Three containers of two parts each in a row, joined by data, with a cycle and a tie."""
    parents = [0, 0, 0, 1, 1, 2, 2, 3, 3]
    edges = [(1, 2, DATA), (2, 3, DATA), (3, 2, DATA), (1, 3, DATA), (4, 5, DATA), (4, 9, TIED)]
    return exported(tree(parents, [NodeKind.MODULE] * 9, None, edges))


def edge(document, source, target):
    ids = {node["name"]: node["id"] for node in document["nodes"]}
    ends = ids[f"n{source}"], ids[f"n{target}"]
    return next(edge for edge in document["edges"] if (edge["source"], edge["target"]) == ends)


def node(document, name):
    return next(node for node in document["nodes"] if node["name"] == name)


def onto_each_other(document):
    node(document, "n4")["box"] = list(node(document, "n5")["box"])


def out_of_its_parent(document):
    node(document, "n1")["box"][0] -= 500.0


def below_its_parent(document):
    node(document, "n1")["box"][2] -= 500.0


def without_a_size(document):
    node(document, "n4")["box"][3] = 0.0


def not_drawn(document):
    edge(document, 1, 2)["drawn"] = "hidden"


def no_points(document):
    edge(document, 1, 2)["points"] = []


def without_ports(document):
    edge(document, 4, 9)["ports"] = []


def ports_elsewhere(document):
    edge(document, 4, 9)["ports"].reverse()


def a_line_for_ports(document):
    edge(document, 4, 9)["points"] = edge(document, 1, 2)["points"]


def turned_round(document):
    edge(document, 1, 2)["points"].reverse()


def straight_through(document):
    points = edge(document, 1, 3)["points"]
    first, last = points[0], points[-1]
    box = node(document, "n2")["box"]
    edge(document, 1, 3)["points"] = [first, [box[0], box[1], first[2]], last]


def through_itself(document):
    points, box = edge(document, 1, 2)["points"], node(document, "n1")["box"]
    points.insert(1, [box[0], box[1], points[0][2]])


def off_its_plate(document):
    points = edge(document, 1, 2)["points"]
    points.insert(1, [points[0][0], 5000.0, points[0][2]])


def flag_left_out(document):
    for back in ((2, 3), (3, 2)):
        edge(document, *back).pop("backward", None)


def flag_for_nothing(document):
    edge(document, 1, 2)["backward"] = True


def places_swapped(document):
    one, two = edge(document, 4, 5)["source"], edge(document, 4, 5)["target"]
    boxes = [document["nodes"][k]["box"] for k in (one, two)]
    document["nodes"][one]["box"], document["nodes"][two]["box"] = boxes[::-1]


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (onto_each_other, "siblings that overlap"),
        (out_of_its_parent, "boxes outside their parent"),
        (below_its_parent, "boxes below the front of their parent"),
        (without_a_size, "boxes without a place or size"),
        (not_drawn, "edges that are neither line, bundle nor port"),
        (no_points, "lines without points"),
        (without_ports, "ports that lie on no box of their end"),
        (ports_elsewhere, "ports that lie on no box of their end"),
        (a_line_for_ports, "ports with a line"),
        (turned_round, "lines that do not start or end where they should"),
        (straight_through, "lines through a foreign box"),
        (through_itself, "lines through their own end"),
        (off_its_plate, "lines that leave the plate they are drawn on"),
        (flag_left_out, "parts on a cycle that is not flagged"),
        (flag_left_out, "edges that go back without a flag"),
        (flag_for_nothing, "flagged edges that close no cycle"),
        (places_swapped, "edges that go back without a flag"),
    ],
)
def test_each_kind_of_fault_is_found(checker, document, spoil, kind):
    assert checker.examine(deepcopy(document))[1] == {}
    spoil(document)
    assert kind in checker.examine(document)[1]


def test_the_exit_status_says_whether_all_is_well(checker, document, tmp_path, capsys):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(document))
    turned_round(document)
    bad.write_text(json.dumps(document))
    assert checker.main([str(good)])
    assert not checker.main([str(good), str(bad)])
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].startswith(f"{good}: ok: 10 nodes; 6 edges = ")
    assert printed[2].startswith(f"{bad}: FAILED")
    assert printed[3].strip().startswith("2 lines that do not start or end where they should")
