"""This machine: procfs, cgroups, memory of processes, the kernel log."""
