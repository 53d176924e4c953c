"""Bins: samples that are kept the more coarsely the older they are. Its arithmetic is in ``kernels``."""
