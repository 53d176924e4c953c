"""The law of a climb. Its arithmetic is in ``kernels``."""
