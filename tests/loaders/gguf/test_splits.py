"""Which files make one model, and what is said when some are missing or lie."""

import pytest

from archviz3d.errors import InputError
from archviz3d.loaders import load

from .conftest import I32, STRING, U16


@pytest.fixture
def write_part(write_gguf):
    def write(number, count, tensors=2, total=None, name="m-{:05}-of-{:05}.gguf", said=None):
        no, of = said or (number, count)
        metadata = {"split.no": (U16, no - 1), "split.count": (U16, of)}
        if total is not None:
            metadata["split.tensors.count"] = (I32, total)
        if number == 1:
            metadata["general.architecture"] = (STRING, "llama")
        names = [(f"p{number}.t{k}", (8,), 0, 32 * k) for k in range(tensors)]
        return write_gguf(names, metadata, data=32 * tensors, name="f/" + name.format(number, count))

    return write


def test_a_missing_part_is_a_warning(write_part):
    write_part(1, 3, total=6)
    last = write_part(3, 3, total=6)
    for opened in (last, last.parent):
        graph = load(str(opened))
        assert graph.total(graph.parameters) == 32
        assert graph.warnings == ("1 of 3 parts are missing, so 2 tensors are not shown: m-00002-of-00003.gguf",)


def test_a_part_that_is_a_dangling_link_is_missing(write_part):
    first = write_part(1, 2)
    first.with_name("m-00002-of-00002.gguf").symlink_to("nowhere")
    assert "1 of 2 parts" in load(str(first)).warnings[0]


def test_a_first_part_without_tensors(write_part):
    write_part(1, 2, tensors=0, total=2)
    graph = load(str(write_part(2, 2, total=2)))
    assert graph.total(graph.parameters) == 16
    assert graph.attribute(0, "architecture") == "llama"


def test_a_part_whose_name_says_nothing(write_part):
    graph = load(str(write_part(2, 3, name="download.gguf")))
    assert "this is part 2 of 3" in graph.warnings[0]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ((1, 2), "named part 2 of 2 but says part 1 of 2"),
        ((2, 3), "says part 2 of 3"),
        ((4, 2), "says it is part 4 of 2"),
    ],
)
def test_parts_that_contradict_their_names(write_part, said, message):
    first = write_part(1, 2)
    write_part(2, 2, said=said)
    for opened in (first, first.parent):
        with pytest.raises(InputError, match=message):
            load(str(opened))


def test_a_part_named_like_one_that_says_nothing(write_gguf):
    with pytest.raises(InputError, match="named part 1 of 2 but says part 1 of 1"):
        load(str(write_gguf([("a", (8,), 0, 0)], data=32, name="m-00001-of-00002.gguf")))


def test_parts_that_disagree_on_the_tensors(write_part):
    first = write_part(1, 2, total=5)
    write_part(2, 2, total=5)
    with pytest.raises(InputError, match="promises 5 tensors in 2 parts, which have 4"):
        load(str(first))
    write_part(2, 2, total=4)
    with pytest.raises(InputError, match="disagree on how many"):
        load(str(first))


def test_a_tensor_in_two_parts(write_part, write_gguf):
    first = write_part(1, 2)
    metadata = {"split.no": (U16, 1), "split.count": (U16, 2)}
    write_gguf([("p1.t0", (8,), 0, 0)], metadata, data=32, name="f/m-00002-of-00002.gguf")
    with pytest.raises(InputError, match=r"'p1.t0' is also in m-00001-of-00002.gguf"):
        load(str(first))


def test_a_folder_with_a_vision_tower_and_one_with_two_models(write_gguf):
    model = write_gguf([("a", (8,), 0, 0)], data=32, name="f/model.gguf")
    write_gguf([("v", (4,), 0, 0)], data=16, name="f/mmproj-model.gguf")
    graph = load(str(model.parent))
    assert graph.total(graph.parameters) == 8
    write_gguf([("a", (8,), 0, 0)], data=32, name="f/other.gguf")
    with pytest.raises(InputError, match="holds 2 GGUF models"):
        load(str(model.parent))
