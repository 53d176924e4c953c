"""Finds the weights of the judge: rows of the engine's own kernels in, ``weights.py`` out."""
