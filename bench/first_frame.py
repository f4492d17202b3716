"""The first frame of a model in the window, against a bare PySide6 + VTK window with one cube (DESIGN 10: +2.5 s).

Needs a display: `xvfb-run -a -s "-screen 0 1920x1200x24" python bench/first_frame.py`
"""

import sys

from measure import ROOT, median, model_folder, run

BARE = """
from pyvistaqt.rwi import QVTKRenderWindowInteractor
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
from vtkmodules.vtkFiltersSources import vtkCubeSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer
import vtkmodules.vtkRenderingOpenGL2, vtkmodules.vtkInteractionStyle

application = QApplication([])
window = QMainWindow()
view = QVTKRenderWindowInteractor(window)
window.setCentralWidget(view)
window.resize(1600, 1000)
renderer = vtkRenderer()
view.GetRenderWindow().AddRenderer(renderer)
source, mapper, actor = vtkCubeSource(), vtkPolyDataMapper(), vtkActor()
mapper.SetInputConnection(source.GetOutputPort())
actor.SetMapper(mapper)
renderer.AddActor(actor)
view.Initialize()
window.show()
view.frameSwapped.connect(lambda: QTimer.singleShot(0, window.close))
application.exec()
view.Finalize()
"""

OURS = """
import sys
from archviz3d.viewer.window.application import run

def close_after_first_frame():
    from PySide6.QtCore import QTimer
    from archviz3d.viewer.window.main_window import MainWindow
    opens = MainWindow.open

    def open_and_close(window, *arguments):
        opens(window, *arguments)
        view = window.view
        view.frameSwapped.connect(lambda: view.scene.frame is not None and QTimer.singleShot(0, window.close))

    MainWindow.open = open_and_close

import archviz3d.viewer.window.application as application
window = application._window  # patched where the program itself imports Qt: after the worker has started
application._window = lambda theme: (close_after_first_frame(), window(theme))[1]
sys.exit(run(sys.argv[1]))
"""


def main() -> None:
    models = {"the sample": str(ROOT / "resources" / "sample.pt"), "DeepSeek-V3": str(model_folder("deepseek-v3"))}
    bare = median([run([sys.executable, "-P", "-c", BARE]) for _ in range(3)])
    print("from process start to the first frame on the screen and a clean exit, 1600x1000, median of 3")
    print(f"  bare window with one cube  {bare.cpu:5.2f} CPU s  {bare.wall:5.2f} s  {bare.peak:4.0f} MB")
    over = False
    for name, path in models.items():
        cost = median([run([sys.executable, "-P", "-c", OURS, path]) for _ in range(3)])
        more = cost.wall - bare.wall
        over |= more > 2.5
        row = f"{cost.cpu:5.2f} CPU s  {cost.wall:5.2f} s  {cost.peak:4.0f} MB"
        print(f"  archviz3d, {name:15} {row}   {more:+.2f} s (+2.50)")
    sys.exit(over)


if __name__ == "__main__":
    main()
