//VTK::System::Dec
//VTK::Output::Dec
uniform sampler2D cellValues;
uniform float hatchPitch;
uniform float gridFrom;    // pixels of a cell from which lines are drawn between cells
uniform float recede;

in vec4 behind;
in vec2 cell;
flat in vec4 tile;
flat in vec2 tone;

//include value_color.glsl
//include no_data.glsl

void main()
{
  ivec2 at = ivec2(clamp(floor(cell), tile.xy, tile.zw));
  float value = cellAt(cellValues, at);
  vec3 c = value < NO_DATA ? colorOf(value) : mix(noData, behind.rgb, 0.35 * hatch(hatchPitch));
  float fade = isFilteredOut(value) ? max(tone.y, recede) : tone.y;
  // Lines between cells, as soon as there is room for them: one reads single values then.
  vec2 px = 1.0 / max(fwidth(cell), vec2(1e-6));
  vec2 within = fract(cell);
  vec2 toEdge = min(within, 1.0 - within) * px;
  float size = min(px.x, px.y);
  float line_ = size > gridFrom ? clamp(1.0 - min(toEdge.x, toEdge.y), 0.0, 1.0) * clamp(size / gridFrom - 1.0, 0.0, 1.0) : 0.0;
  c *= tone.x;
  c = mix(c, behind.rgb, max(fade, 0.45 * line_));
  gl_FragData[0] = vec4(min(c, vec3(1.0)), 1.0);
}
