"""The floor: what collections leave. Its arithmetic is in ``kernels``."""
