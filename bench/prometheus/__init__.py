"""What a scan of a Prometheus costs: us, and the server."""
