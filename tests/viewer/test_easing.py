import numpy as np

from archviz3d.viewer.easing import smooth


def test_it_starts_and_ends_flat_and_never_goes_back():
    t = np.linspace(-1, 2, 301)
    seen = smooth(t)
    assert (seen[t <= 0] == 0).all()
    assert (seen[t >= 1] == 1).all()
    assert (np.diff(seen) >= 0).all()
    assert smooth(0.5) == 0.5
    assert np.diff(seen).max() < 1.6 * 0.01
    assert smooth(1e-3) < 1e-5
    assert 1 - smooth(1 - 1e-3) < 1e-5
