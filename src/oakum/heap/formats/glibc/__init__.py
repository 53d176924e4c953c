"""Memory that glibc's malloc holds, read from a copy of a process's memory."""
