//VTK::System::Dec
// Boxes are lit on the CPU: a face is flat, so its light is one colour (viewer/scene/boxes.py).
uniform mat4 MCDCMatrix;
in vec4 vertexMC;
in vec4 scalarColor;
in vec4 face;      // xy: place on the face, its edge at -1 and 1; z: colour of the plate behind, packed; w: style

out vec4 color;
out vec2 place;
out vec3 behind;
out float style;

void main()
{
  color = scalarColor;
  place = face.xy;
  float packed_ = face.z;
  float red = floor(packed_ / 65536.0);
  float green = floor((packed_ - red * 65536.0) / 256.0);
  behind = vec3(red, green, packed_ - red * 65536.0 - green * 256.0) / 255.0;
  style = face.w;
  gl_Position = MCDCMatrix * vertexMC;
}
