"""Oakum finds, explains and stops memory leaks in services on Kubernetes and on plain Linux."""
