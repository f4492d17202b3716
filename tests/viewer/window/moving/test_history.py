from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.window.moving.history import History, Place


def test_back_and_forward_undo_each_other():
    history = History()
    history.leave(Place(0))
    history.leave(Place(5))
    assert history.back(Place(9)) == Place(5)
    assert history.back(Place(5)) == Place(0)
    assert history.back(Place(0)) is None
    assert history.forward(Place(0)) == Place(5)
    assert history.forward(Place(5)) == Place(9)
    assert history.forward(Place(9)) is None


def test_a_new_way_forgets_the_old_one_ahead():
    history = History()
    history.leave(Place(0))
    history.back(Place(1))
    history.leave(Place(0))
    assert history.forward(Place(7)) is None


def test_it_is_bounded_and_notes_no_place_twice_in_a_row():
    history = History(limit=3)
    for node in (1, 1, 2, 3, 4):
        history.leave(Place(node))
    assert history.behind == [Place(2), Place(3), Place(4)]


def test_places_that_are_not_shown_are_passed_by_and_kept():
    history = History()
    for node in (1, 2, 3):
        history.leave(Place(node))
    assert history.back(Place(4), lambda place: place.focus < 2) == Place(1)
    assert history.back(Place(1), lambda _: False) is None
    assert history.forward(Place(1)) == Place(2)
    assert history.forward(Place(2), lambda place: place.focus != 3) == Place(4)
    assert history.back(Place(4)) == Place(3)


def test_places_that_have_moved_are_framed_anew():
    history, camera = History(), Camera((0.0, 0.0, 0.0), 0.0, 0.0, 1.0)
    for node in (1, 2, 3):
        history.leave(Place(node, camera))
    history.back(Place(4, camera))
    history.forget_cameras(lambda node: node in (2, 4))
    assert history.behind == [Place(1, camera), Place(2)]
    assert history.ahead == [Place(4)]
