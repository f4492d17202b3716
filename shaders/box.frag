//VTK::System::Dec
//VTK::Output::Dec
uniform float edgeLight;
uniform vec3 markColor;
uniform float markWidth;   // pixels
uniform float hatchPitch;  // pixels from line to line where there is no data

in vec4 color;
in vec2 place;
in vec3 behind;
in float style;    // 0: plain side; 1: front of a box; 2: front of a small tile, which smooths its own outline
in float marked;   // how strongly its rim is lit, for what a filter keeps
in float hatched;  // how strongly the lines of no data are drawn

//include no_data.glsl

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
      c = mix(c, markColor, 0.9 * marked * clamp(markWidth + 0.5 - min(px.x, px.y), 0.0, 1.0));
      c = mix(behind, c, covered.x * covered.y);
    }
    else
    {
      if (hatched > 0.0) c = mix(c, behind, 0.35 * hatched * hatch(hatchPitch));
      float edge = clamp(1.5 - min(px.x, px.y), 0.0, 1.0);
      float lit = place.y > 0.0 && px.y < px.x ? 1.6 : 1.0;          // light comes from above
      c += (edgeLight > 0.0 ? vec3(1.0) - c : c) * edgeLight * edge * lit;
      c = mix(c, markColor, marked * clamp(markWidth + 0.5 - min(px.x, px.y), 0.0, 1.0));
    }
  }
  gl_FragData[0] = vec4(c, color.a);
}
