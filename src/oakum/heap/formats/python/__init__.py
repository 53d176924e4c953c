"""CPython's heap, decoded from a copy of a process's memory."""
