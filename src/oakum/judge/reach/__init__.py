"""When a climb reaches the limit. Its arithmetic is in ``kernels``."""
