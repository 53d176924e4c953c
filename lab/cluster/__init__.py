"""A real Kubernetes on this machine, for the lab: built once, started in seconds, stopped by process id.

Root on Linux; nothing of it leaves loopback and a bridge of its own. See docs/lab-cluster.md.
"""
