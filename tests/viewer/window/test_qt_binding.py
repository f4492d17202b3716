"""What the product relies on in PySide6 itself."""

import sys

from PySide6.QtOpenGLWidgets import QOpenGLWidget

from archviz3d.viewer.window.gl_widget import QVTKRenderWindowInteractor


def test_calls_into_qt_do_not_use_up_none(qapp):
    # PySide6 6.12's wheels drop a reference to None in each call that returns nothing: on Python 3.11, which
    # counts those, the process aborts some ten thousand calls later.
    before = sys.getrefcount(None)
    for _ in range(1000):
        qapp.processEvents()
    assert sys.getrefcount(None) > before - 500


def test_the_gl_widget_comes_without_the_rest_of_pyvistaqt_and_matplotlib():
    import subprocess

    code = "import sys, archviz3d.viewer.window.gl_widget; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"matplotlib", "pyvista.plotting", "pyvistaqt.plotting"} & set(loaded)
    assert issubclass(QVTKRenderWindowInteractor, QOpenGLWidget)
