// Slanting lines for what has no data: on the screen, not on the face, so that they are even at any distance.
float hatch(float pitch)
{
  float phase = fract((gl_FragCoord.x + gl_FragCoord.y) / pitch);
  return clamp((0.5 - abs(phase - 0.5)) * pitch - 0.30 * pitch + 0.5, 0.0, 1.0);
}
