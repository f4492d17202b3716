from archviz3d.graph import GraphBuilder, NodeKind
from archviz3d.graph.roles import recognise
from archviz3d.graph.summary import StackSummary, summarize


def layers(builder: GraphBuilder, count: int, size: int = 8, at: str = "layers") -> None:
    stack = builder.node(0, at)
    for k in range(count):
        attention = builder.node(builder.node(stack, str(k)), "self_attn")
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            builder.tensor(builder.node(attention, name), "weight", (size, size), "F32", nbytes=4 * size * size)


def test_a_second_name_of_a_tensor_stores_nothing():
    builder = GraphBuilder("m", "made")
    builder.tensor(builder.node(0, "embed"), "weight", (10, 4), "F32", nbytes=160)
    builder.tensor(builder.node(0, "head"), "weight", (10, 4), "F32", nbytes=0, elements=0, parameters=0)
    s = summarize(builder.build())
    assert (s.parameters, s.stored_elements, s.bytes, s.tensors) == (40, 40, 160, 2)
    assert s.dtypes["F32"].elements == 40


def test_one_layer_is_one_layer():
    builder = GraphBuilder("m", "made")
    layers(builder, 1)
    s = summarize(recognise(builder.build()))
    assert (s.layers, [(stack.path, stack.layers) for stack in s.stacks]) == (1, [("layers", 1)])


def test_the_main_stack_is_the_one_with_the_most_parameters():
    builder = GraphBuilder("m", "made")
    layers(builder, 5, size=2, at="small")
    layers(builder, 3, size=8, at="large")
    s = summarize(recognise(builder.build()))
    assert s.layers == 3
    assert s.stacks == [StackSummary("small", 5, 1), StackSummary("large", 3, 1)]


def test_optimizer_state_is_in_no_figure():
    builder = GraphBuilder("m", "made")
    layers(builder, 2)
    alone = summarize(recognise(builder.build()))
    state = builder.node(0, "optimizer", NodeKind.OPTIMIZER)
    builder.tensor(state, "exp_avg", (8, 8), "F64", nbytes=512)
    assert summarize(recognise(builder.build())) == alone
