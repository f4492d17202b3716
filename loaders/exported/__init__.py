"""Programs that torch.export wrote (``.pt2``): operators, what flows between them, and the modules they ran in."""
