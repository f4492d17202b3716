//VTK::System::Dec
//VTK::Output::Dec
uniform float reach;     // pixels from the silhouette to where the halo ends
uniform float halo;      // its opacity at the line
uniform float rim;       // opacity of the contrasting line within the bright one
uniform float rimWidth;  // pixels

in vec4 color;
in float away;
flat in float width_;

// Share of this pixel that lies between two distances from the silhouette.
float between(float low, float high)
{
  return clamp(away + 0.5 - low, 0.0, 1.0) * clamp(high + 0.5 - away, 0.0, 1.0);
}

void main()
{
  // The line stands on the silhouette, half inside; dark ink gets a light rim, and bright ink a dark one.
  float line_ = between(-0.5 * width_, 0.5 * width_);
  float inner = rim * between(-0.5 * width_ - rimWidth, -0.5 * width_);
  float fall = clamp(1.0 - away / reach, 0.0, 1.0);
  float soft = away > 0.0 ? halo * fall * fall : 0.0;
  vec3 contrast = vec3(dot(color.rgb, vec3(0.2126, 0.7152, 0.0722)) > 0.5 ? 0.0 : 1.0);
  float ink = max(line_, soft);
  float opacity = ink + inner * (1.0 - ink);
  gl_FragData[0] = vec4(mix(contrast, color.rgb, ink / max(opacity, 1e-4)), opacity);
}
