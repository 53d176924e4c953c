"""Swings: what goes up and comes back. Its arithmetic is in ``kernels``."""
