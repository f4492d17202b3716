//VTK::System::Dec
//VTK::Output::Dec
uniform float shadow;      // brightness of a plate where a box stands on it
uniform vec3 markColor;
uniform float markWidth;   // pixels
uniform float hatchPitch;  // pixels from line to line where there is no data

in vec4 color;
in vec2 place;           // on the face; of a shadow, x is the way outwards, 0 to 1
flat in vec3 behind;
flat in float style;     // 0: plain side; 1 to 1.4: front of a box, 1.4 where it is flat; 2: front of a small tile, which
                         // smooths its own outline; 3: shadow on a plate
flat in float bevel;     // 0 to 1
flat in float marked;    // how strongly its rim is lit, for what a filter keeps
flat in float hatched;   // how strongly the lines of no data are drawn

//include no_data.glsl
//include edge.glsl

void main()
{
  vec3 c = color.rgb;
  vec2 pixel = max(fwidth(place), vec2(1e-6));
  vec2 px = (1.0 - abs(place)) / pixel;  // pixels to the nearest edges
  if (style > 2.5)
  {
    // Light comes back slowly where the shadow ends: it has no outline.
    float dark = 1.0 - place.x;
    c *= 1.0 - (1.0 - shadow) * dark * dark;
  }
  else if (style > 1.5)
  {
    // Exact share of this pixel that the tile covers: an even grid at any pitch, without multisampling.
    vec2 covered = clamp(px + 0.5, 0.0, 1.0);
    c = mix(c, markColor, 0.9 * marked * clamp(markWidth + 0.5 - min(px.x, px.y), 0.0, 1.0));
    c = mix(behind, c, covered.x * covered.y);
  }
  else if (style > 0.5)
  {
    if (hatched > 0.0) c = mix(c, behind, 0.35 * hatched * hatch(hatchPitch));
    c = edged(c, place, pixel, bevel, 1.0 - clamp((style - 1.0) / 0.4, 0.0, 1.0));
    c = mix(c, markColor, marked * clamp(markWidth + 0.5 - min(px.x, px.y), 0.0, 1.0));
  }
  gl_FragData[0] = vec4(c, color.a);
}
