import numpy as np

from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.measure import front_sides_px


def test_face_on_it_is_size_times_pixels_a_unit():
    camera = Camera((0, 0, 0.5), 0, 0, 100)
    sides = front_sides_px([[0, 0, 0]], [[3, 2, 1]], camera, (1920, 1080))
    assert np.allclose(sides, np.array([[3, 2]]) * camera.unit_px((1920, 1080)))


def test_tilted_it_is_the_shorter_of_opposite_edges():
    camera = Camera((0, 0, 0), 0, 30, 10)
    (width, height) = front_sides_px([[0, 0, 0]], [[4, 4, 0]], camera, (1000, 1000))[0]
    px, _ = camera.project([[-2, 2, 0], [2, 2, 0]], (1000, 1000))  # the upper edge is nearer to the eye above
    assert width < px[1, 0] - px[0, 0]
    assert height < width
