"""The shape of a lifetime. Its arithmetic is in ``kernels``."""
