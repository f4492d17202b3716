//VTK::System::Dec
// Rings around parts: already placed in the viewport, in front of everything but writing.
in vec4 vertexMC;
in vec4 scalarColor;
in vec2 beside;    // x: pixels from the silhouette, negative inside; y: width of the line

out vec4 color;
out float away;
flat out float width_;

void main()
{
  color = scalarColor;
  away = beside.x;
  width_ = beside.y;
  gl_Position = vec4(vertexMC.xy, -0.9999, 1.0);
}
