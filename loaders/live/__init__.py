"""Models in memory: the module tree of a live ``torch.nn.Module``."""
