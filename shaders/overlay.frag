//VTK::System::Dec
//VTK::Output::Dec
uniform sampler2D atlas;
uniform float softness;   // pixels over which a shape's outline fades

in vec4 color;
in vec2 glyph;
in vec4 rounded;

void main()
{
  float cover;
  if (glyph.x >= 0.0)
  {
    cover = texelFetch(atlas, ivec2(glyph), 0).r;
  }
  else
  {
    float radius = min(4.0 * softness, min(rounded.z, rounded.w));
    vec2 beyond = abs(rounded.xy) - rounded.zw + radius;
    float outside = length(max(beyond, 0.0)) + min(max(beyond.x, beyond.y), 0.0) - radius;
    cover = clamp(0.5 - outside / softness, 0.0, 1.0);
  }
  gl_FragData[0] = vec4(color.rgb, color.a * cover);
}
