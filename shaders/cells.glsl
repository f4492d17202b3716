// Floats come four to a texel (viewer/scene/texture.py).
float cellAt(sampler2D cells, ivec2 at) { return texelFetch(cells, ivec2(at.x >> 2, at.y), 0)[at.x & 3]; }
