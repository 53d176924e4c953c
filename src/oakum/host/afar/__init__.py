"""A machine that is reached through a program of ours there: the same ports, over one stream of bytes."""
