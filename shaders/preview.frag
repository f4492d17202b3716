//VTK::System::Dec
//VTK::Output::Dec
uniform sampler2D atlas;   // colours of children, one map after the other, folded into rows
uniform float lightAbove;  // on the upper edge of a front, and on the lower one
uniform float lightBelow;
uniform vec3 markColor;
uniform float markWidth;   // pixels
uniform float hatchPitch;  // pixels

in vec3 color;
in vec2 place;
in vec2 cell;
flat in vec4 map_;
flat in vec2 gap;
flat in vec3 plate;
flat in vec3 behind;
flat in vec3 look;

//include no_data.glsl
//include edge.glsl

const int ATLAS_BITS = 10;  // of a row

// Colour times alpha, and alpha: 0 where the plate shows.
vec4 texelAt(ivec2 at)
{
  int index = int(map_.x) + at.y * int(map_.y) + at.x;
  vec4 texel = texelFetch(atlas, ivec2(index & ((1 << ATLAS_BITS) - 1), index >> ATLAS_BITS), 0);
  return vec4(texel.rgb * texel.a, texel.a);
}

// The mean of what a pixel covers: texels are crisp, and their edges are one pixel wide at any size.
vec4 pictureAt(vec2 at, vec2 pixel)
{
  vec2 seam = floor(at + 0.5);
  vec2 smooth_ = seam + clamp((at - seam) / min(pixel, vec2(1.0)), -0.5, 0.5) - 0.5;
  vec2 low = floor(smooth_);
  vec2 share = smooth_ - low;
  ivec2 last = ivec2(map_.yz) - 1;
  ivec2 a = clamp(ivec2(low), ivec2(0), last);
  ivec2 b = clamp(ivec2(low) + 1, ivec2(0), last);
  vec4 below = mix(texelAt(a), texelAt(ivec2(b.x, a.y)), share.x);
  vec4 above = mix(texelAt(ivec2(a.x, b.y)), texelAt(b), share.x);
  return mix(below, above, share.y);
}

// How much of a row of cells lies before a place, in cells: in each, the gap is half at its start and half at its end.
vec2 filled(vec2 at)
{
  at = clamp(at, vec2(0.0), map_.yz);
  vec2 whole = floor(at);
  return whole * (1.0 - gap) + clamp(at - whole - 0.5 * gap, vec2(0.0), 1.0 - gap);
}

// As a box's front: light from above, and an edge where it is large.
vec3 fronted(vec3 c, vec2 pixel)
{
  c *= mix(lightBelow, lightAbove, 0.5 + 0.5 * place.y);
  return look.x > 1.5 ? c : edged(c, place, pixel, 1.0, look.x);
}

void main()
{
  vec2 pixel = max(fwidth(cell), vec2(1e-6));
  vec4 picture = pictureAt(cell, pixel);
  vec2 covered = clamp((filled(cell + 0.5 * pixel) - filled(cell - 0.5 * pixel)) / pixel, 0.0, 1.0);
  picture *= covered.x * covered.y;
  vec2 of_place = max(fwidth(place), vec2(1e-6));
  vec2 px = (1.0 - abs(place)) / of_place;  // pixels to the nearest edges
  // Children stand on the plate: its edge is lit where none of them is.
  vec3 c = mix(fronted(color, of_place), picture.rgb + (1.0 - picture.a) * fronted(plate, of_place), map_.w);
  float rim = look.y * (1.0 - map_.w) * clamp(markWidth + 0.5 - min(px.x, px.y), 0.0, 1.0);
  if (look.x > 1.5)
  {
    vec2 inside = clamp(px + 0.5, 0.0, 1.0);
    c = mix(c, markColor, 0.9 * rim);
    c = mix(behind, c, inside.x * inside.y);
  }
  else
  {
    if (look.z > 0.0) c = mix(c, behind, 0.35 * look.z * hatch(hatchPitch));
    c = mix(c, markColor, rim);
  }
  gl_FragData[0] = vec4(min(c, vec3(1.0)), 1.0);
}
