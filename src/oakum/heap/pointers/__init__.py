"""Pointers of memory that is read as words: where each leads, and how many there are of each."""
