"""ONNX: the graph in the file, read by an own walker of the wire format that skips weights."""
