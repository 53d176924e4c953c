"""Series of containers from a server of the Prometheus family, asked through the port of ``model/metrics.py``."""
