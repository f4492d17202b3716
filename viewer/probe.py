"""Run as a module: tries to draw without a screen and names what drew. A crash only takes this process."""

from vtkmodules.vtkCommonCore import vtkVersion
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLRenderWindow

__all__ = ["describe"]


def describe() -> str:
    """Draw one empty frame off screen and return VTK's version, the window class and the renderer's name."""
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(64, 64)
    window.AddRenderer(vtkRenderer())
    window.Render()
    facts = dict(line.split(":", 1) for line in window.ReportCapabilities().splitlines() if ":" in line)
    renderer = facts.get("OpenGL renderer string", "unknown").strip()
    if not isinstance(window, vtkOpenGLRenderWindow) or not window.SupportsOpenGL():
        raise RuntimeError("no OpenGL 3.2 context")
    return f"VTK {vtkVersion.GetVTKVersion()}, {window.GetClassName()}, {renderer}"


if __name__ == "__main__":
    print(describe())
