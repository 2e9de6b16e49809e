"""The network families as torch modules, found by name."""
