//VTK::System::Dec
// Fronts of closed containers that show what is in them (viewer/scene/previews.py).
uniform mat4 MCDCMatrix;
in vec4 vertexMC;
in vec4 scalarColor;   // the front without a preview
in vec4 face;          // xy: place on the front, its edge at -1 and 1; zw: in texels of its map
in vec4 texels;        // the map's first texel in the atlas, columns, rows; how clearly it is seen
in vec4 ground;        // xy: free share of a cell; zw: colours of the container's plate and of the one behind, packed
in vec4 finish;        // x: 2 for a small tile, else how far it stands out; y, z: rim and lines as in box.frag; w: level

out vec3 color;
out vec2 place;
out vec2 cell;
flat out vec4 map_;
flat out vec2 gap;
flat out vec3 plate;
flat out vec3 behind;
flat out vec3 look;

vec3 unpacked(float colors)
{
  float red = floor(colors / 65536.0);
  float green = floor((colors - red * 65536.0) / 256.0);
  return vec3(red, green, colors - red * 65536.0 - green * 256.0) / 255.0;
}

void main()
{
  color = scalarColor.rgb;
  place = face.xy;
  cell = face.zw;
  map_ = texels;
  gap = ground.xy;
  plate = unpacked(ground.z);
  behind = unpacked(ground.w);
  look = finish.xyz;
  gl_Position = MCDCMatrix * vertexMC;
  // A little before the front that it is drawn on, in steps of the depth buffer: nothing else is so near to that.
  gl_Position.z -= 2e-6 * (1.0 + finish.w) * gl_Position.w;
}
