//VTK::System::Dec
// Pictures on the faces of tensors: cells of values, fetched from one texture (viewer/scene/surfaces.py).
uniform mat4 MCDCMatrix;
in vec4 vertexMC;
in vec4 scalarColor;   // the plate behind
in vec2 texel;         // place in the atlas, in cells
in vec4 limits;        // the tile's first and last cell in the atlas
in vec2 shade;         // x: light; y: share of the plate's colour, of what is not in focus

out vec4 behind;
out vec2 cell;
flat out vec4 tile;   // flat: what is interpolated is not exact
flat out vec2 tone;

void main()
{
  behind = scalarColor;
  cell = texel;
  tile = limits;
  tone = shade;
  gl_Position = MCDCMatrix * vertexMC;
}
