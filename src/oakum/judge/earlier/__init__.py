"""Earlier lifetimes that climbed. Its arithmetic is in ``kernels``."""
