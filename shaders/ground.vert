//VTK::System::Dec
// The background: a quad over the whole viewport, behind everything.
in vec4 vertexMC;
in vec4 scalarColor;

out vec4 color;

void main()
{
  color = scalarColor;
  gl_Position = vec4(vertexMC.xy, 0.999999, 1.0);
}
