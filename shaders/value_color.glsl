// From a value to its colour, on the graphics card: changing the range, the scale or the colour map uploads nothing
// but these few numbers and 256 colours. overlays/ranges.py `shares` is the same in numpy.
//include cells.glsl

uniform sampler2D colorTable;     // 256 colours, from the low to the high end
uniform sampler2D quantileTable;  // 256 values at equal steps of rank, ascending; cells
uniform float valueLow;
uniform float valueHigh;
uniform float valueScale;         // 0: linear, 1: logarithmic, 2: by rank
uniform float filtering;          // 1 where what is not between the next two recedes
uniform float keepLow;
uniform float keepHigh;
uniform vec3 noData;              // the colour of what has no value

const float NO_DATA = 1e38;       // values from here on stand for NaN, which GLSL may not keep

float quantileAt(int k) { return cellAt(quantileTable, ivec2(k, 0)); }

// How many of the quantiles are less than a value (or not greater than it).
int ranksBelow(float value, bool included)
{
  int low = 0;
  int high = 256;
  for (int step_ = 0; step_ < 9 && low < high; step_++)
  {
    int middle = (low + high) / 2;
    float q = quantileAt(middle);
    if (q < value || (included && q == value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

float placeOf(float value)
{
  float place;
  if (valueScale > 1.5)
    place = float(ranksBelow(value, false) + ranksBelow(value, true) - 1) / 2.0 / 255.0;
  else if (valueScale > 0.5)
  {
    // Not the logarithm of a ratio: over wide ranges the ratio has no place in single precision.
    float floor_ = max(valueLow, 1e-37);
    place = (log(max(value, floor_)) - log(floor_)) / max(log(valueHigh) - log(floor_), 1e-6);
  }
  else
    place = (value - valueLow) / (valueHigh - valueLow);
  return clamp(place, 0.0, 1.0);
}

bool isFiltering() { return filtering > 0.5; }

bool isFilteredOut(float value)
{
  return isFiltering() && (value >= NO_DATA || value < keepLow || value > keepHigh);
}

vec3 colorOf(float value)
{
  return texelFetch(colorTable, ivec2(min(int(placeOf(value) * 256.0), 255), 0), 0).rgb;
}
