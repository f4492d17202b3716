"""PyTorch files: containers, an unpickler that executes nothing, and what it finds in them."""
