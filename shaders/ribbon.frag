//VTK::System::Dec
//VTK::Output::Dec
uniform float gapTone;  // what gaps tend to, black or white
uniform float gapFrom;  // width in pixels from which gaps are drawn

in vec4 color;
in vec4 way;

void main()
{
  vec3 c = color.rgb;
  float widthPx = 2.0 / max(fwidth(way.y), 1e-6);
  if (way.z > 0.0 && widthPx > gapFrom)
  {
    // Inferred flow: gaps in the ribbon, 1 in 3, their ends pointing the way the data goes.
    float phase = fract((way.x + 0.5 * abs(way.y)) / 3.0);
    float soft = fwidth(way.x) / 3.0;
    float gap = smoothstep(0.70 - soft, 0.70 + soft, phase) * (1.0 - smoothstep(1.0 - 2.0 * soft, 1.0, phase));
    c = mix(c, vec3(gapTone), way.z * gap);
  }
  gl_FragData[0] = vec4(c, color.a);
}
