//VTK::System::Dec
//VTK::Output::Dec
in vec4 color;

void main() { gl_FragData[0] = color; }
