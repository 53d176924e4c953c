"""A gap in the samples, and what stands before and after it. Its arithmetic is in ``kernels``."""
