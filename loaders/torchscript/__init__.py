"""TorchScript archives (``.pt .jit .ptl``): modules, weights, and the data flow that their code describes."""
