//VTK::System::Dec
//VTK::Output::Dec
uniform float gapTone;  // what gaps tend to, black or white
uniform float gapFrom;  // width in pixels from which gaps are drawn, and a ribbon reads as a tube rather than a line

in vec4 color;
in vec4 way;

const vec3 LIGHT = vec3(-0.23, 0.52, 0.82);  // from above and the front, as on the boxes; towards it, on the screen

// How much light falls on a tube at a place across it, -1 to 1; on its middle, 1.
float tubeLight(float across, vec2 outward)
{
  vec3 normal = vec3(outward * across, sqrt(max(1.0 - across * across, 0.0)));
  float lit = max(dot(normal, LIGHT), 0.0) / LIGHT.z;
  return 0.55 + 0.45 * min(lit, 1.4);
}

void main()
{
  vec3 c = color.rgb;
  vec2 slope = vec2(dFdx(way.y), dFdy(way.y));
  float step_ = length(slope);
  float widthPx = step_ > 1e-6 ? 2.0 / step_ : 0.0;  // tabs of ports have no place across and stay flat
  float soft = fwidth(way.x) / 3.0;
  if (way.z > 0.0 && way.x >= 0.0 && widthPx > gapFrom)
  {
    // Inferred flow: gaps in the ribbon, 1 in 3, their ends pointing the way the data goes.
    float phase = fract((way.x + 0.5 * abs(way.y)) / 3.0);
    float gap = smoothstep(0.70 - soft, 0.70 + soft, phase) * (1.0 - smoothstep(1.0 - 2.0 * soft, 1.0, phase));
    c = mix(c, vec3(gapTone), way.z * gap);
  }
  float round_ = smoothstep(0.6 * gapFrom, 1.6 * gapFrom, widthPx);
  if (round_ > 0.0)
  {
    // In an arrow head, x goes from -1 at its base to 0 at its tip, and its place across shrinks with it: a cone.
    float across = way.x < 0.0 ? way.y / max(-way.x, 1e-4) : way.y;
    c *= mix(1.0, tubeLight(clamp(across, -1.0, 1.0), slope / step_), round_);
  }
  gl_FragData[0] = vec4(min(c, vec3(1.0)), color.a);
}
