"""What probes cost the process that they look into."""
