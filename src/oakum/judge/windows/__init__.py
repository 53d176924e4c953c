"""Windows that end now, beside all that came before them. Its arithmetic is in ``kernels``."""
