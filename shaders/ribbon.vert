//VTK::System::Dec
uniform mat4 MCDCMatrix;
in vec4 vertexMC;
in vec4 scalarColor;
in vec4 course;    // x: way along the ribbon, y: place across it (-1 to 1), both in widths; z: how far its gaps go to their tone

out vec4 color;
out vec4 way;

void main()
{
  color = scalarColor;
  way = course;
  gl_Position = MCDCMatrix * vertexMC;
}
