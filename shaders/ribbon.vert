//VTK::System::Dec
uniform mat4 MCDCMatrix;
in vec4 vertexMC;
in vec4 scalarColor;
in vec4 course;    // x: way along the ribbon in widths, or from -1 to 0 in its head; y: place across it, -1 to 1;
                   // z: how far its gaps go to their tone

out vec4 color;
out vec4 way;

void main()
{
  color = scalarColor;
  way = course;
  gl_Position = MCDCMatrix * vertexMC;
}
