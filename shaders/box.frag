//VTK::System::Dec
//VTK::Output::Dec
uniform float edgeLight;

in vec4 color;
in vec2 place;
in vec3 behind;
in float style;    // 0: plain side; 1: front of a box; 2: front of a small tile, which smooths its own outline

void main()
{
  vec3 c = color.rgb;
  if (style > 0.5)
  {
    vec2 px = (1.0 - abs(place)) / max(fwidth(place), vec2(1e-6));  // pixels to the nearest edges
    if (style > 1.5)
    {
      // Exact share of this pixel that the tile covers: an even grid at any pitch, without multisampling.
      vec2 covered = clamp(px + 0.5, 0.0, 1.0);
      c = mix(behind, c, covered.x * covered.y);
    }
    else
    {
      float edge = clamp(1.5 - min(px.x, px.y), 0.0, 1.0);
      float lit = place.y > 0.0 && px.y < px.x ? 1.6 : 1.0;          // light comes from above
      c += (edgeLight > 0.0 ? vec3(1.0) - c : c) * edgeLight * edge * lit;
    }
  }
  gl_FragData[0] = vec4(c, color.a);
}
