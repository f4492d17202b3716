//VTK::System::Dec
// Text, swatches and the soft plates behind labels: already placed in the viewport, in front of everything.
in vec4 vertexMC;
in vec4 scalarColor;
in vec2 texel;     // place in the text atlas; negative: a plain shape
in vec4 shape;     // xy: pixels from the shape's centre, zw: its half sizes

out vec4 color;
out vec2 glyph;
out vec4 rounded;

void main()
{
  color = scalarColor;
  glyph = texel;
  rounded = shape;
  gl_Position = vec4(vertexMC.xy, -1.0, 1.0);
}
