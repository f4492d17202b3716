//VTK::System::Dec
//VTK::Output::Dec
in vec4 color;

void main()
{
#ifdef MOVING
  gl_FragData[0] = color;
#else
  // A dark gradient in 8 bits shows bands; half a step of ordered noise (Jimenez 2014) hides them.
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
  gl_FragData[0] = vec4(color.rgb + (noise - 0.5) / 255.0, color.a);
#endif
}
