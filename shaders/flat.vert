//VTK::System::Dec
// Plain colour on what is already lit.
uniform mat4 MCDCMatrix;
in vec4 vertexMC;
in vec4 scalarColor;

out vec4 color;

void main()
{
  color = scalarColor;
  gl_Position = MCDCMatrix * vertexMC;
}
