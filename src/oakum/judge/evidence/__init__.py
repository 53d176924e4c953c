"""The evidence of one window. Its arithmetic is in ``kernels``."""
