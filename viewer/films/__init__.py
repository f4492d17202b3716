"""Films: a camera on its way through a model, frame by frame into a file."""
