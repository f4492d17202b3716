//VTK::System::Dec
// Boxes are lit on the CPU: a face is flat, so its light is one colour (viewer/scene/boxes.py).
uniform mat4 MCDCMatrix;
uniform float recede;  // how far what is filtered out goes to the plate behind
in vec4 vertexMC;
in vec4 scalarColor;
in vec4 face;      // xy: place on the face, its edge at -1 and 1; z: colour of the plate behind, packed; w: style, and 4
                   // more for each fifteenth of the bevel
in vec4 datum;     // x: value; y: light; z: share of the value's colour; w: share of the plate's, of what is not in focus

out vec4 color;
out vec2 place;
flat out vec3 behind;
flat out float style;
flat out float bevel;
flat out float hatched;
flat out float marked;      // 1 where a filter keeps this box

#ifdef VALUES  // where no box has one, the shader is half as long
//include value_color.glsl
#endif

void main()
{
  color = scalarColor;
  place = face.xy;
  float packed_ = face.z;
  float red = floor(packed_ / 65536.0);
  float green = floor((packed_ - red * 65536.0) / 256.0);
  behind = vec3(red, green, packed_ - red * 65536.0 - green * 256.0) / 255.0;
  float bevels = floor(face.w / 4.0);
  bevel = bevels / 15.0;
  style = face.w - 4.0 * bevels;
  hatched = 0.0;
  marked = 0.0;
#ifdef VALUES
  if (datum.z > 0.0)
  {
    // One value a box: its colour is worked out at the corners, not at each pixel.
    bool known = datum.x < NO_DATA;
    vec3 shown = known ? colorOf(datum.x) : noData;
    float fade = isFilteredOut(datum.x) ? max(datum.w, recede) : datum.w;
    marked = isFiltering() && !isFilteredOut(datum.x) && datum.z > 0.9 ? 1.0 - datum.w : 0.0;
    hatched = known ? 0.0 : 1.0 - fade;
    shown = mix(shown, behind, fade) * datum.y;
    color.rgb = mix(color.rgb, min(shown, vec3(1.0)), datum.z);
  }
#endif
  gl_Position = MCDCMatrix * vertexMC;
}
