"""What is taken of the screen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.viewer.scene.writing.occupancy import Occupancy

VIEWPORT = (400, 300)


@given(
    st.lists(st.tuples(*[st.integers(-20, 420)] * 4), max_size=12),
    st.tuples(st.integers(0, 399), st.integers(0, 299), st.integers(1, 80), st.integers(1, 80)),
)
def test_occupancy_never_calls_covered_ground_free(corners, query):
    rects = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners], float).reshape(-1, 4)
    x, y, w, h = query
    asked = (x, y, min(x + w, 400), min(y + h, 300))
    hit = any(r[0] < asked[2] and r[2] > asked[0] and r[1] < asked[3] and r[3] > asked[1] for r in rects)
    occupancy = Occupancy(VIEWPORT, rects)
    if hit:
        assert not occupancy.is_free(asked)
    if not len(rects):
        assert occupancy.is_free(asked)
