// The edges of a front face: a thin line around it and, where it is a box and no plate, a bevel in the light that comes
// from above and a little from the left.
uniform float edgeLight;   // of the line: towards white, or, if negative, towards black
uniform float bevelWidth;  // pixels

// place: on the face, its edges at -1 and 1; pixel: what a pixel takes of that; stand: 0 where it is flat and has none
vec3 edged(vec3 c, vec2 place, vec2 pixel, float bevel, float stand)
{
  vec2 px = (1.0 - abs(place)) / pixel;  // pixels to the nearest edges
  float near_ = min(px.x, px.y);
  float width_ = min(bevelWidth, 0.12 / max(pixel.x, pixel.y));
  float band = stand * bevel * clamp(1.0 - near_ / width_, 0.0, 1.0);
  float lean = px.y < px.x ? sign(place.y) : -0.4 * sign(place.x);
  c = lean > 0.0 ? mix(c, vec3(1.0), 0.30 * lean * band) : c * (1.0 + 0.34 * lean * band);
  float line_ = stand * clamp(1.5 - near_, 0.0, 1.0);
  return c + (edgeLight > 0.0 ? vec3(1.0) - c : c) * edgeLight * line_;
}
